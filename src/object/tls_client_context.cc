#include "object/tls_client_context.h"

#include <aws/io/tls_channel_handler.h>
#include <fmt/format.h>
#include <s2n.h>
#include <s2n/unstable/events.h>

#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "object/tls_sessions.h"

namespace eider {
namespace {

// The sessions of the configuration that this thread is making.
thread_local TlsSessions* t_sessions = nullptr;

// One connection and what it may add to; s2n's own memory has no room for it. The pool that opens connections ends
// before its TlsClientContext, the connections after it.
struct Open {
  std::shared_ptr<TlsSessions> sessions;
  TlsSessions::Handshake handshake;
};

// By address. Each is used by its event loop's thread alone.
class OpenConnections {
 public:
  Open& Add(const s2n_connection* connection, std::shared_ptr<TlsSessions> sessions) {
    const std::lock_guard lock(mutex_);
    return open_.insert_or_assign(connection, Open{std::move(sessions), {}}).first->second;
  }
  Open* Find(const s2n_connection* connection) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(connection);
    return found == open_.end() ? nullptr : &found->second;
  }
  std::optional<Open> Remove(const s2n_connection* connection) {
    const std::lock_guard lock(mutex_);
    auto node = open_.extract(connection);
    return node ? std::optional(std::move(node.mapped())) : std::nullopt;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const s2n_connection*, Open> open_;  // its elements stay where they are
};

// Never destroyed: an event loop may outlive the end of main.
OpenConnections& Connections() {
  static auto& connections = *new OpenConnections;
  return connections;
}

WallTime Now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

bool IsResumed(s2n_connection* connection) { return s2n_connection_is_session_resumed(connection) == 1; }

// Since the server's hello.
bool IsFull(s2n_connection* connection) {
  const char* name = s2n_connection_get_handshake_type_name(connection);
  return name != nullptr && std::string_view(name).find("FULL_HANDSHAKE") != std::string_view::npos;
}

// A ticket that cannot be read is none; the connection does not need it.
int OnTicket(s2n_connection* connection, void*, s2n_session_ticket* given) {
  Open* open = Connections().Find(connection);
  std::size_t size = 0;
  std::uint32_t lifetime = 0;
  if (open == nullptr || s2n_session_ticket_get_data_len(given, &size) != S2N_SUCCESS ||
      s2n_session_ticket_get_lifetime(given, &lifetime) != S2N_SUCCESS) {
    return S2N_SUCCESS;
  }
  TlsSessions::Ticket ticket;
  ticket.session.resize(size);
  if (s2n_session_ticket_get_data(given, size, ticket.session.data()) != S2N_SUCCESS) return S2N_SUCCESS;
  ticket.lifetime = std::chrono::seconds(lifetime);
  ticket.reusable = s2n_connection_get_actual_protocol_version(connection) < S2N_TLS13;
  ticket.resumed = IsResumed(connection);
  open->sessions->Keep(open->handshake, std::move(ticket), Now());
  return S2N_SUCCESS;
}

void OnHandshake(s2n_connection* connection, void*, s2n_event_handshake* event) {
  Open* open = Connections().Find(connection);
  if (open == nullptr) return;
  if (event->error_code == 0) return open->sessions->Succeeded(open->handshake, IsResumed(connection));
  // Where the server had declined the session and said nothing against the rest, something else failed: its
  // certificate, most likely.
  const bool refused = s2n_error_get_type(event->error_code) == S2N_ERR_T_ALERT;
  if (IsFull(connection) && !refused) open->sessions->Declined(open->handshake);
  open->sessions->Failed(open->handshake, Now());
}

// A configuration for which it fails resumes nothing.
void KeepSessions(s2n_config* config, TlsSessions* sessions) {
  if (s2n_config_set_session_tickets_onoff(config, 1) == S2N_SUCCESS &&
      s2n_config_set_session_ticket_cb(config, OnTicket, nullptr) == S2N_SUCCESS &&
      s2n_config_set_subscriber(config, sessions) == S2N_SUCCESS &&  // no event comes without one
      s2n_config_set_handshake_event(config, OnHandshake) == S2N_SUCCESS) {
    s2n_config_set_ctx(config, sessions);
  }
}

}  // namespace
}  // namespace eider

// Linked in the place of s2n's and OpenSSL's, for callers in other libraries: the CRT's are the only ones.
extern "C" {

// s2n fills each new configuration with the system's certificates, a hundred and forty of them, once when it is
// initialised and again for each context, and the CRT replaces them by those that it was told: three times 10 ms of a
// start for nothing.
int __wrap_X509_STORE_set_default_paths(void*) { return 1; }

s2n_config* __real_s2n_config_new();
int __real_s2n_connection_set_config(s2n_connection*, s2n_config*);
int __real_s2n_connection_free(s2n_connection*);

s2n_config* __wrap_s2n_config_new() {
  s2n_config* config = __real_s2n_config_new();
  if (config != nullptr && eider::t_sessions != nullptr) eider::KeepSessions(config, eider::t_sessions);
  return config;
}

// The last that the CRT does to a connection before its handshake.
int __wrap_s2n_connection_set_config(s2n_connection* connection, s2n_config* config) {
  const int set = __real_s2n_connection_set_config(connection, config);
  void* sessions = nullptr;
  if (set != S2N_SUCCESS || s2n_config_get_ctx(config, &sessions) != S2N_SUCCESS || sessions == nullptr) return set;
  auto& open = eider::Connections().Add(connection, static_cast<eider::TlsSessions*>(sessions)->shared_from_this());
  const auto session = open.sessions->Begin(open.handshake, eider::Now());
  if (!session.empty() && s2n_connection_set_session(connection, session.data(), session.size()) != S2N_SUCCESS) {
    open.sessions->Declined(open.handshake);
  }
  return set;
}

int __wrap_s2n_connection_free(s2n_connection* connection) {
  if (auto open = eider::Connections().Remove(connection)) open->sessions->Gone(open->handshake, eider::Now());
  return __real_s2n_connection_free(connection);
}

}  // extern "C"

namespace eider {

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::Make(std::shared_ptr<AwsRuntime> runtime,
                                                                 const std::string& ca_bundle,
                                                                 std::size_t most_sessions) {
  auto sessions = most_sessions > 0 ? std::make_shared<TlsSessions>(most_sessions) : nullptr;
  aws_tls_ctx_options options{};
  aws_tls_ctx_options_init_default_client(&options, runtime->allocator());
  int failed = AWS_OP_SUCCESS;
  if (!ca_bundle.empty()) {
    failed = aws_tls_ctx_options_override_default_trust_store_from_path(&options, nullptr, ca_bundle.c_str());
  }
  t_sessions = sessions.get();
  aws_tls_ctx* context = failed == AWS_OP_SUCCESS ? aws_tls_client_ctx_new(runtime->allocator(), &options) : nullptr;
  t_sessions = nullptr;
  aws_tls_ctx_options_clean_up(&options);
  if (context == nullptr) {
    const std::string why = aws_error_str(aws_last_error());
    if (!ca_bundle.empty()) {
      return Invalid(fmt::format("The certificates in '{}' cannot be used: {}. Give a PEM file.", ca_bundle, why),
                     "ca_bundle");
    }
    return Error{ErrorKind::kUnavailable,
                 fmt::format("TLS cannot start: {}. Install the package ca-certificates, or give a ca_bundle.", why),
                 {}};
  }
  return std::shared_ptr<TlsClientContext>(new TlsClientContext(std::move(runtime), context, std::move(sessions)));
}

TlsClientContext::~TlsClientContext() { aws_tls_ctx_release(context_); }

std::uint64_t TlsClientContext::failed_resumptions() const { return sessions_ ? sessions_->failures() : 0; }

}  // namespace eider
