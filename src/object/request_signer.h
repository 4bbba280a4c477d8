// AWS Signature Version 4 for requests to S3 and AWS's other services, with credentials from AWS's chain. Credentials
// never leave this class.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "object/aws_runtime.h"
#include "object/tls_client_context.h"

struct aws_credentials_provider;
struct aws_http_message;

namespace eider {

struct RequestSigning;

struct SignerOptions {
  std::string region;
  std::string profile;  // empty: AWS_PROFILE or "default", after the environment's keys
  std::string ca_bundle;
  std::string service = "s3";
};

// Thread-safe. Its destructor waits for the provider, so it must not run on an event loop's thread.
class RequestSigner {
 public:
  static Result<std::unique_ptr<RequestSigner>> Make(std::shared_ptr<AwsRuntime> runtime, const SignerOptions& options);
  ~RequestSigner();
  RequestSigner(const RequestSigner&) = delete;
  RequestSigner& operator=(const RequestSigner&) = delete;

  // Adds the signature's headers to `message`, then calls `done` with 0 or an error of the CRT, on this thread or an
  // event loop's. `body`, or null, is covered by its SHA-256. Both must live until then.
  void Sign(aws_http_message* message, const std::string* body, std::function<void(int)> done);

  // `target` of a GET with the signature in its query (S3 alone takes such), good for so long. Blocks until there are
  // credentials, so it must not run on an event loop's thread.
  Result<std::string> SignGet(const std::string& host_header, const std::string& target, std::chrono::seconds valid);

  // Credentials are kept for some minutes. A server that refuses those of `version` as run out makes the next signature
  // look them up anew, once however many requests were refused. From any thread; does not block.
  void Renew(std::uint64_t version);
  std::uint64_t version() const;

 private:
  RequestSigner(std::shared_ptr<AwsRuntime> runtime, SignerOptions options, std::shared_ptr<TlsClientContext> tls);
  aws_credentials_provider* MakeProvider();
  void Start(std::unique_ptr<RequestSigning> signing, std::chrono::seconds in_query);

  const std::shared_ptr<AwsRuntime> runtime_;
  const SignerOptions options_;
  const std::shared_ptr<TlsClientContext> tls_;  // null when the environment's keys are used

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  aws_credentials_provider* provider_ = nullptr;
  std::uint64_t version_ = 0;
  int providers_ = 0;  // that are not shut down yet, this one included
};

}  // namespace eider
