// Requests to one origin as its callers want them: repeated when that helps, resumed where they broke, and ended by
// the bounds of the call. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "object/http_origin.h"
#include "object/http_wait.h"
#include "object/object_store.h"
#include "object/request_signer.h"
#include "object/retry.h"

namespace eider {

// What a reply that is no success means. `key` is what the request was about, or "".
using ReplyJudge = std::function<Failure(const HttpReply& reply, const std::string& key)>;

struct RemoteClientOptions {
  std::string store;    // for messages
  HttpHeaders headers;  // added to every request
  RetryPolicy retry;
  ReplyJudge judge;
};

// What is known about a request besides its reply.
struct SendNotes {
  bool ambiguous = false;  // an attempt before the last may have taken effect
};

class RemoteClient {
 public:
  // `signer` may be null.
  RemoteClient(std::unique_ptr<HttpOrigin> origin, std::unique_ptr<RequestSigner> signer, RemoteClientOptions options);

  // A reply of status 2xx with its whole body, which must be small. With `error_in_body`, a 200 whose body is an
  // <Error> is a failure: S3 sends the status of slow operations before their result.
  Result<HttpReply> Send(const HttpRequest& request, const std::string& key, const Call& call,
                         bool error_in_body = false, SendNotes* notes = nullptr);

  Result<ObjectInfo> Read(const std::string& target, const GetRequest& request, const ByteConsumer& consume,
                          const Call& call);

  std::string origin_name() const;

 private:
  struct Attempts;
  // Waits before the next attempt; or the error to end with.
  Status Again(Attempts& attempts, Failure failure, const std::string& action, const Call& call);
  Result<Failure> FailureOf(const HttpOutcome& outcome, const HttpReply& reply, const std::string& key,
                            const std::string& action) const;
  HttpRequest Complete(HttpRequest request) const;

  const RemoteClientOptions options_;
  RetryBudget budget_;
  std::unique_ptr<RequestSigner> signer_;  // must outlive the exchanges, which end with the origin
  std::unique_ptr<HttpOrigin> origin_;
};

}  // namespace eider
