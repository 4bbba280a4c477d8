// AWS Signature Version 4 for S3 requests, with credentials from AWS's chain. Credentials never leave this class.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "object/aws_runtime.h"

struct aws_credentials_provider;
struct aws_http_message;

namespace eider {

struct SignerOptions {
  std::string region;
  std::string profile;  // empty: AWS_PROFILE or "default", after the environment's keys
  std::string ca_bundle;
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

 private:
  RequestSigner(std::shared_ptr<AwsRuntime> runtime, std::string region)
      : runtime_(std::move(runtime)), region_(std::move(region)) {}

  const std::shared_ptr<AwsRuntime> runtime_;
  const std::string region_;
  aws_credentials_provider* provider_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool provider_gone_ = false;
};

}  // namespace eider
