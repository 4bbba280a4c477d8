#include "object/tls_client_context.h"

#include <aws/io/tls_channel_handler.h>
#include <fmt/format.h>

// s2n fills each new configuration with the system's certificates, a hundred and forty of them, once when it is
// initialised and again for each context, and the CRT replaces them by those that it was told: three times 10 ms of a
// start for nothing. Linked in OpenSSL's place (CMakeLists.txt) this leaves them out; no other caller is linked with
// us.
extern "C" int __wrap_X509_STORE_set_default_paths(void*) { return 1; }

namespace eider {

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::Make(std::shared_ptr<AwsRuntime> runtime,
                                                                 const std::string& ca_bundle) {
  aws_tls_ctx_options options{};
  aws_tls_ctx_options_init_default_client(&options, runtime->allocator());
  int failed = AWS_OP_SUCCESS;
  if (!ca_bundle.empty()) {
    failed = aws_tls_ctx_options_override_default_trust_store_from_path(&options, nullptr, ca_bundle.c_str());
  }
  aws_tls_ctx* context = failed == AWS_OP_SUCCESS ? aws_tls_client_ctx_new(runtime->allocator(), &options) : nullptr;
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
  return std::shared_ptr<TlsClientContext>(new TlsClientContext(std::move(runtime), context));
}

TlsClientContext::~TlsClientContext() { aws_tls_ctx_release(context_); }

}  // namespace eider
