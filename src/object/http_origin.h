// One scheme, host and port, with its pool of connections.
//
// What the CRT's pool does (aws-c-http and aws-c-io of awscrt 0.38.1): an idle connection is used again, the one used
// last first. A new one goes to the address used least recently among those that the resolver knows; while the host is
// in use it asks the DNS again each second and keeps an address for 30 s, so that connections spread over all that S3
// answers with. One that was closed, as idle ones are, is followed by one that resumes its TLS session
// (tls_client_context.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "object/aws_runtime.h"
#include "object/tls_client_context.h"

struct aws_http_connection_manager;

namespace eider {

struct OriginOptions {
  bool tls = true;
  std::string host;
  std::uint16_t port = 443;
  std::string ca_bundle;
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds first_byte_timeout{15000};
  int max_connections = 160;
};

// Thread-safe. Its destructor waits until every exchange has ended, so it must not run on an event loop's thread.
class HttpOrigin {
 public:
  static Result<std::unique_ptr<HttpOrigin>> Make(const OriginOptions& options);
  ~HttpOrigin();
  HttpOrigin(const HttpOrigin&) = delete;
  HttpOrigin& operator=(const HttpOrigin&) = delete;

  const std::string& host_header() const { return host_header_; }  // with its port unless that is the scheme's own
  const OriginOptions& options() const { return options_; }
  const std::shared_ptr<AwsRuntime>& runtime() const { return runtime_; }
  aws_allocator* allocator() const { return runtime_->allocator(); }
  aws_http_connection_manager* connections() const { return connections_; }
  std::uint64_t failed_resumptions() const { return tls_ ? tls_->failed_resumptions() : 0; }  // as TlsClientContext's

  // Bytes of a body that may arrive before they are consumed.
  static constexpr std::size_t kWindowBytes = 2 << 20;

 private:
  friend class HttpExchange;
  HttpOrigin(const OriginOptions& options, std::shared_ptr<AwsRuntime> runtime, std::shared_ptr<TlsClientContext> tls);
  void Began();
  void Ended();

  const OriginOptions options_;
  const std::string host_header_;
  const std::shared_ptr<AwsRuntime> runtime_;
  const std::shared_ptr<TlsClientContext> tls_;
  aws_http_connection_manager* connections_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
  bool pool_gone_ = false;
};

}  // namespace eider
