#include "object/http_origin.h"

#include <aws/http/connection_manager.h>
#include <aws/io/socket.h>
#include <aws/io/tls_channel_handler.h>
#include <fmt/format.h>

namespace eider {
namespace {

// S3 closes a connection that was idle for about 20 s; closing it first saves a failed request.
constexpr std::chrono::milliseconds kIdle = std::chrono::seconds(15);

std::string HostHeader(const OriginOptions& options) {
  return options.port == (options.tls ? 443 : 80) ? options.host : fmt::format("{}:{}", options.host, options.port);
}

// IPv6 literals are bracketed in URIs and bare in sockets.
std::string_view ConnectHost(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

Result<std::unique_ptr<HttpOrigin>> HttpOrigin::Make(const OriginOptions& options) {
  auto runtime = AwsRuntime::Get();
  std::shared_ptr<TlsClientContext> tls;
  if (options.tls) {
    auto made = TlsClientContext::Make(runtime, options.ca_bundle, static_cast<std::size_t>(options.max_connections));
    if (!made.ok()) return made.error();
    tls = *std::move(made);
  }
  std::unique_ptr<HttpOrigin> origin(new HttpOrigin(options, std::move(runtime), std::move(tls)));
  if (origin->connections_ == nullptr) {
    return Internal(fmt::format("Cannot make connections to '{}': {}.", options.host, aws_error_str(aws_last_error())));
  }
  return origin;
}

HttpOrigin::HttpOrigin(const OriginOptions& options, std::shared_ptr<AwsRuntime> runtime,
                       std::shared_ptr<TlsClientContext> tls)
    : options_(options), host_header_(HostHeader(options)), runtime_(std::move(runtime)), tls_(std::move(tls)) {
  aws_socket_options socket{};
  socket.type = AWS_SOCKET_STREAM;
  socket.connect_timeout_ms = static_cast<std::uint32_t>(options_.connect_timeout.count());
  socket.tcp_nodelay = AWS_SOCKET_TCP_NODELAY_ON;
  socket.keepalive = true;
  socket.keep_alive_interval_sec = 10;
  socket.keep_alive_timeout_sec = 30;
  socket.keep_alive_max_failed_probes = 3;

  aws_http_connection_manager_options pool{};
  pool.bootstrap = runtime_->bootstrap();
  pool.initial_window_size = kWindowBytes;
  pool.enable_read_back_pressure = true;
  pool.socket_options = &socket;
  pool.host = Cursor(ConnectHost(options_.host));
  pool.port = options_.port;
  pool.max_connections = static_cast<std::size_t>(options_.max_connections);
  pool.response_first_byte_timeout_ms = static_cast<std::uint64_t>(options_.first_byte_timeout.count());
  pool.max_connection_idle_in_milliseconds = static_cast<std::uint64_t>(kIdle.count());
  pool.shutdown_complete_user_data = this;
  pool.shutdown_complete_callback = [](void* self) {
    auto* origin = static_cast<HttpOrigin*>(self);
    const std::lock_guard lock(origin->mutex_);
    origin->pool_gone_ = true;
    origin->changed_.notify_all();
  };

  aws_tls_connection_options tls_options{};
  if (tls_) {
    aws_tls_connection_options_init_from_ctx(&tls_options, tls_->get());
    aws_byte_cursor name = Cursor(ConnectHost(options_.host));
    aws_tls_connection_options_set_server_name(&tls_options, runtime_->allocator(), &name);
    pool.tls_connection_options = &tls_options;
  }
  connections_ = aws_http_connection_manager_new(runtime_->allocator(), &pool);
  aws_tls_connection_options_clean_up(&tls_options);
}

HttpOrigin::~HttpOrigin() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return under_way_ == 0; });
  if (connections_ == nullptr) return;
  lock.unlock();
  aws_http_connection_manager_release(connections_);
  lock.lock();
  changed_.wait(lock, [&] { return pool_gone_; });
}

void HttpOrigin::Began() {
  const std::lock_guard lock(mutex_);
  ++under_way_;
}

void HttpOrigin::Ended() {
  const std::lock_guard lock(mutex_);
  --under_way_;
  changed_.notify_all();
}

}  // namespace eider
