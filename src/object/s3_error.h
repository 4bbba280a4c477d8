// What an S3 server's refusal means for the one who asked: which bucket or key, and what to do about it.
#pragma once

#include <string>

#include "object/http_message.h"
#include "object/retry.h"

namespace eider {

// What was asked, for messages. Holds no secret.
struct S3Asked {
  std::string store;  // "s3://bucket/prefix"
  std::string bucket;
  std::string key;  // relative to the store; empty for operations on the bucket
  std::string region;
  std::string endpoint;  // "host:port"
  bool anonymous = false;
};

// `reply` has a status of 300 or more, or an <Error> in its body.
Failure S3Failure(const HttpReply& reply, const S3Asked& asked);

// For replies of any HTTP server that carry no explanation.
Failure StatusFailure(const HttpHead& head, const std::string& what);

// Retry-After in seconds; dates are not used by any store.
std::optional<std::chrono::milliseconds> RetryAfter(const HttpHead& head);

}  // namespace eider
