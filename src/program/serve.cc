#include "program/serve.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "api/metrics.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "program/memory_cap.h"
#include "server/server.h"

namespace eider {
namespace {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

Result<ListenAddress> ParseListen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : ParseUint(text.substr(colon + 1));
  if (!port || *port > 65535) {
    return Invalid(fmt::format("--listen wants ADDRESS:PORT, e.g. 127.0.0.1:8080, not '{}'", text), "--listen");
  }
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return ListenAddress{host.empty() ? "127.0.0.1" : host, static_cast<std::uint16_t>(*port)};
}

// Another name than localhost may lead anywhere.
bool IsLoopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return host == "::1" || host == "localhost";
}

// Nobody opens a lake to a network by mistake.
Status MayListen(const ListenAddress& address, const ServeOptions& options, const Session& session) {
  const auto& told = session.catalog->access().anonymous;
  if (options.open && !told.value_or(true)) {
    return Invalid("--open lets everyone in, and 'auth' of eider.yaml says anonymous: false; take one of them away",
                   "--open");
  }
  if (IsLoopback(address.host) || options.open || told.value_or(false) || session.keys->MayHaveKeys()) return {};
  return Invalid(fmt::format("others can reach {}, and there is no API key: make one with eider keys add NAME --keys "
                             "FILE and name the file with --keys, or let everyone in with --open",
                             address.host),
                 "--listen");
}

std::string UrlHost(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

std::string TransportMetrics(const ServerStats& stats) {
  MetricsText text;
  const auto add = [&](const char* name, const char* help, std::uint64_t value) {
    text.Add(name, help, static_cast<double>(value));
  };
  add("eider_connections_open", "Connections open now", stats.connections_open);
  add("eider_connections_refused_total", "Connections beyond the cap", stats.connections_refused);
  add("eider_sent_bytes_total", "Bytes sent, heads and framing included", stats.bytes_sent);
  add("eider_responses_cut_total", "Responses cut: stalled readers, and the rest at a stop", stats.cut);
  add("eider_clients_left_total", "Clients that left before the end", stats.clients_left);
  add("eider_responses_broken_total", "Bodies that ended in an error after the first byte", stats.errors);
  add("eider_tls_failures_total", "TLS handshakes that did not come about", stats.tls_failures);
  for (int status = 1; status <= 5; ++status) {
    text.Add("eider_responses_total", "Responses by class of status",
             static_cast<double>(stats.responses[status].load()), fmt::format("class=\"{}xx\"", status));
  }
  return text.Take();
}

void Reload(Server& server) {
  if (const auto status = server.ReloadCertificate(); !status) {
    Log(LogLevel::kError, "certificate_kept", {{"message", std::string_view(status.error().message)}});
  } else {
    Log(LogLevel::kInfo, "certificate_read");
  }
}

bool IsIgnored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Waits for SIGTERM and SIGINT on a thread of its own: the first drains, the second cuts. So does SIGHUP, which with
// TLS means that the certificate is to be read again.
class SignalStop {
 public:
  static sigset_t Signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);  // ends the thread
    return set;
  }

  SignalStop(Server& server, std::chrono::seconds grace, bool tls)
      : thread_([&server, grace, tls, this] {
          const sigset_t set = Signals();
          bool asked = false;
          for (int signal = 0; sigwait(&set, &signal) == 0;) {
            if (signal == SIGUSR1 && done_) return;
            if (signal == SIGUSR1) continue;
            if (signal == SIGHUP && tls) {
              Reload(server);
              continue;
            }
            if (signal == SIGHUP && IsIgnored(SIGHUP)) continue;  // nohup
            Log(LogLevel::kInfo, "stopping", {{"signal", std::int64_t{signal}}, {"cut", asked}});
            server.Stop(asked ? std::chrono::milliseconds(0) : std::chrono::milliseconds(grace));
            asked = true;
          }
        }) {}
  ~SignalStop() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

Result<ServerOptions> MakeServerOptions(const LakeOptions& lake, const ServeOptions& options, const Session& session,
                                        const ListenAddress& address, std::shared_ptr<ServerStats> stats) {
  ServerOptions server;
  server.address = address.host;
  server.port = address.port;
  server.threads = static_cast<unsigned>(options.threads);
  server.max_connections = static_cast<std::size_t>(options.max_connections);
  server.stall_timeout = std::chrono::seconds(options.stall_seconds);
  server.stats = std::move(stats);
  const ServerFiles& files = session.catalog->server();
  server.tls_cert = options.tls_cert.empty() ? files.tls_cert : options.tls_cert;
  server.tls_key = options.tls_key.empty() ? files.tls_key : options.tls_key;
  if (auto status = MustBeOutside(lake, server.tls_key, "--tls-key"); !status) return status.error();
  if (server.tls_cert.empty() && !IsLoopback(address.host) && session.keys->MayHaveKeys()) {
    Log(LogLevel::kWarn, "keys_without_tls", {{"remedy", "--tls-cert and --tls-key, or a proxy that speaks TLS"}});
  }
  return server;
}

}  // namespace

int Serve(const LakeOptions& lake, const ServeOptions& options) {
  // Before any thread starts, so that all of them leave the signals to SignalStop.
  const sigset_t set = SignalStop::Signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);

  const auto address = ParseListen(options.listen);
  if (!address) return Complain(address.error());
  const auto stats = std::make_shared<ServerStats>();
  ServiceOptions service_options;
  service_options.transport_metrics = [stats] { return TransportMetrics(*stats); };
  service_options.client_limits = options.client_limits;
  service_options.mask_values = options.mask_values;
  service_options.anonymous = options.open || IsLoopback(address->host);
  auto session = OpenSession(lake, service_options, options.keys_file);
  if (!session) return Complain(session.error());
  if (auto status = MayListen(*address, options, *session); !status) return Complain(status.error());
  const auto datasets = session->catalog->List();
  if (!datasets) return Complain(datasets.error());

  const auto server_options = MakeServerOptions(lake, options, *session, *address, stats);
  if (!server_options) return Complain(server_options.error());
  const bool tls = !server_options->tls_cert.empty();
  auto server = Server::Listen(*server_options, *session->service);
  if (!server) return Complain(server.error());
  fmt::print(stderr, "eider: serving {} dataset{} of {} at {}://{}:{}/\n", datasets->size(),
             datasets->size() == 1 ? "" : "s", session->store->name(), tls ? "https" : "http", UrlHost(address->host),
             (*server)->port());
  if (datasets->empty()) {
    fmt::print(stderr, "eider: the lake is empty; put name.parquet, name.csv or a folder of them there\n");
  }
  CapMemory(ParseByteCount(lake.memory).value_or(0));
  {
    const SignalStop stop(**server, std::chrono::seconds(options.grace_seconds), tls);
    (*server)->Run();
  }
  return 0;
}

}  // namespace eider
