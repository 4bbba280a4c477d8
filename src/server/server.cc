#include "server/server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <thread>
#include <vector>

#include "base/log.h"
#include "server/connection.h"
#include "server/core.h"
#include "server/serve.h"

namespace eider {
namespace {

using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Strand>;

// After an accept that failed for want of descriptors or memory. Short enough to be unnoticed, long enough not to spin.
constexpr std::chrono::milliseconds kAcceptBackoff{100};

// Connections beyond the cap that are being told so; beyond this many they are just closed.
constexpr std::size_t kMaxTurnedAway = 64;

bool IsShortage(const error_code& error) {
  return error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system ||
         error == asio::error::no_buffer_space || error == asio::error::no_memory;
}

// Descriptors beside those of connections: the lake's files and sockets, spools, libraries.
constexpr rlim_t kOtherDescriptors = 1024;

// The usual soft limit of 1,024 is for programs that call select(2). A refusal shows as a shortage at accept.
void RaiseOpenFileLimit(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(connections + kOtherDescriptors, limit.rlim_max);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Lets nothing escape into a thread's end: what an operation or a callback throws costs its connection, not the
// process.
void RunContained(asio::io_context& io) {
  while (true) {
    try {
      io.run();
      return;
    } catch (const std::exception& failure) {
      Log(LogLevel::kError, "server_exception", {{"what", failure.what()}});
    }
  }
}

}  // namespace

class Server::State {
 public:
  State(ServerOptions options, Handler& handler)
      : core_(std::make_shared<Core>(std::move(options), handler)),
        control_(asio::make_strand(core_->io)),
        acceptor_(control_),
        pause_(control_),
        grace_(control_) {}

  Status LoadCertificate();
  Status Bind();
  std::uint16_t port() const { return port_; }
  const ServerStats& stats() const { return *core_->stats; }
  void Run();
  void Stop(std::chrono::milliseconds grace);

 private:
  Awaitable<void> AcceptLoop();
  void Begin(Socket socket);
  void BeginStop(std::chrono::milliseconds grace);

  const std::shared_ptr<Core> core_;
  const Strand control_;
  Acceptor acceptor_;
  Timer pause_;
  Timer grace_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> turned_away_{0};
  bool full_was_logged_ = false;      // until a connection fits again
  bool shortage_was_logged_ = false;  // until an accept succeeds again
  bool stopping_ = false;
};

Status Server::State::LoadCertificate() {
  const ServerOptions& options = core_->options;
  if (core_->tls) return core_->tls->Load();
  if (options.tls_cert.empty() && options.tls_key.empty()) return {};
  auto tls = std::make_unique<TlsContext>(options.tls_cert, options.tls_key);
  if (auto status = tls->Load(); !status) return status;
  core_->tls = std::move(tls);
  return {};
}

Status Server::State::Bind() {
  const ServerOptions& options = core_->options;
  const auto fail = [&](const error_code& error) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("Cannot listen on {} port {}: {}. --listen names another.", options.address, options.port,
                             error.message()),
                 {}};
  };
  error_code error;
  tcp::resolver resolver(core_->io);
  const auto found = resolver.resolve(options.address, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || found.empty()) return fail(error);
  const tcp::endpoint endpoint = *found.begin();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(error);
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

void Server::State::Run() {
  asio::co_spawn(control_, AcceptLoop(), [](std::exception_ptr failure) {
    if (failure) Log(LogLevel::kError, "accept_loop_ended");
  });
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < core_->options.threads; ++i) threads.emplace_back([this] { RunContained(core_->io); });
  RunContained(core_->io);
}

Awaitable<void> Server::State::AcceptLoop() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::make_strand(core_->io), kTuple);
    if (!error) {
      shortage_was_logged_ = false;
      Begin(std::move(socket));
    } else if (IsShortage(error)) {
      if (!shortage_was_logged_)
        Log(LogLevel::kError, "accept_failed", {{"reason", std::string_view(error.message())}});
      shortage_was_logged_ = true;
      pause_.expires_after(kAcceptBackoff);
      co_await pause_.async_wait(kTuple);
    }  // anything else concerns one client (ECONNABORTED), or the acceptor was closed
  }
}

void Server::State::Begin(Socket socket) {
  ++core_->stats->connections_accepted;
  const bool full = core_->connections.size() - turned_away_ >= core_->options.max_connections;
  if (full) {
    ++core_->stats->connections_refused;
    if (!full_was_logged_) Log(LogLevel::kWarn, "connections_full");
    if (turned_away_ >= kMaxTurnedAway) return;
    ++turned_away_;
  }
  full_was_logged_ = full;
  auto connection = std::make_shared<Connection>(core_, std::move(socket));
  core_->connections.Add(connection);
  ++core_->stats->connections_open;
  const Strand strand = connection->strand();
  // The owner of the connection is the coroutine; this completion is the one place where a connection ends.
  asio::co_spawn(strand, full ? TurnAway(connection) : Serve(connection),
                 [this, connection, full](std::exception_ptr failure) {
                   if (failure) Log(LogLevel::kError, "connection_threw");
                   connection->Close();
                   if (full) --turned_away_;
                   --core_->stats->connections_open;
                   core_->connections.Remove(connection.get());
                 });
}

void Server::State::Stop(std::chrono::milliseconds grace) {
  asio::post(control_, [this, grace] { BeginStop(grace); });
}

void Server::State::BeginStop(std::chrono::milliseconds grace) {
  const auto deadline = std::chrono::steady_clock::now() + grace;
  if (stopping_ && deadline >= grace_.expiry()) return;
  grace_.expires_at(deadline);
  grace_.async_wait([this](error_code error) {
    if (!error) core_->connections.CutAll();
  });
  if (stopping_) return;
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  core_->connections.Drain([this] { asio::post(control_, [this] { grace_.cancel(); }); });
}

Result<std::unique_ptr<Server>> Server::Listen(ServerOptions options, Handler& handler) {
  if (options.threads == 0) options.threads = 1;
  RaiseOpenFileLimit(options.max_connections);
  try {
    auto state = std::make_unique<State>(std::move(options), handler);
    if (Status loaded = state->LoadCertificate(); !loaded) return loaded.error();
    if (Status bound = state->Bind(); !bound) return bound.error();
    return std::unique_ptr<Server>(new Server(std::move(state)));
  } catch (const std::exception& failure) {  // no descriptors for the event queue
    return Error{ErrorKind::kUnavailable, fmt::format("Cannot start the server: {}.", failure.what()), {}};
  }
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;
Status Server::ReloadCertificate() { return state_->LoadCertificate(); }
std::uint16_t Server::port() const { return state_->port(); }
const ServerStats& Server::stats() const { return state_->stats(); }
void Server::Run() { state_->Run(); }
void Server::Stop(std::chrono::milliseconds grace) { state_->Stop(grace); }

}  // namespace eider
