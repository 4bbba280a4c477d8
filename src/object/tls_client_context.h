// Whom a TLS connection trusts.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "object/aws_runtime.h"

struct aws_tls_ctx;

namespace eider {

// A TLS client context, trusting the PEM file `ca_bundle` instead of the system's certificates when it is given.
class TlsClientContext {
 public:
  static Result<std::shared_ptr<TlsClientContext>> Make(std::shared_ptr<AwsRuntime> runtime,
                                                        const std::string& ca_bundle);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  aws_tls_ctx* get() const { return context_; }

 private:
  TlsClientContext(std::shared_ptr<AwsRuntime> runtime, aws_tls_ctx* context)
      : runtime_(std::move(runtime)), context_(context) {}

  std::shared_ptr<AwsRuntime> runtime_;
  aws_tls_ctx* context_;
};

}  // namespace eider
