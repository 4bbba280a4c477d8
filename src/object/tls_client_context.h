// Whom a TLS connection trusts, and what it may resume.
//
// The CRT's s2n channel (aws-c-io of awscrt 0.38.1) keeps no sessions and has no place to keep them in, s2n itself
// resumes what it is handed. So the CRT's calls to s2n that begin and end configurations and connections are linked
// through tls_client_context.cc (the --wrap of CMakeLists.txt). A CRT that makes other calls would resume nothing,
// which tests/integration/test_tls_sessions.py would show.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "object/aws_runtime.h"

struct aws_tls_ctx;

namespace eider {

class TlsSessions;

// A client's context. Thread-safe.
class TlsClientContext {
 public:
  // Trusts the PEM file `ca_bundle` instead of the system's certificates when it is given. With `most_sessions`
  // sessions are kept and resumed; such a context is for connections to one server and port alone.
  static Result<std::shared_ptr<TlsClientContext>> Make(std::shared_ptr<AwsRuntime> runtime,
                                                        const std::string& ca_bundle, std::size_t most_sessions = 0);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  aws_tls_ctx* get() const { return context_; }

  // Handshakes that failed and had offered a session. Whoever sees it rise may connect again, which does not.
  std::uint64_t failed_resumptions() const;

 private:
  TlsClientContext(std::shared_ptr<AwsRuntime> runtime, aws_tls_ctx* context, std::shared_ptr<TlsSessions> sessions)
      : runtime_(std::move(runtime)), context_(context), sessions_(std::move(sessions)) {}

  std::shared_ptr<AwsRuntime> runtime_;
  aws_tls_ctx* context_;
  std::shared_ptr<TlsSessions> sessions_;  // null where none are kept
};

}  // namespace eider
