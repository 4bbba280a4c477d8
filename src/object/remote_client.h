// Requests to one origin as its callers want them: repeated when that helps, resumed where they broke, and ended by
// the bounds of the call. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "object/http_origin.h"
#include "object/object_read.h"
#include "object/object_store.h"
#include "object/remote_operation.h"
#include "object/request_signer.h"
#include "object/retry.h"

namespace eider {

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

  // The same for a reply of any size, whose body is handed over as it comes, on the caller's thread, as Read does it.
  // The request is sent again only while nothing was handed over.
  Result<HttpHead> Stream(const HttpRequest& request, const ByteConsumer& consume, const Call& call);

  // ObjectStore::Get of the object at `target`: the bytes are handed over on the caller's thread, so that a slow
  // consumer holds up nobody else, and never more than HttpOrigin::kWindowBytes of them are in memory.
  Result<ObjectInfo> Read(const std::string& target, const GetRequest& request, const ByteConsumer& consume,
                          const Call& call);

  // ObjectStore::StartGet of the object at `target`.
  std::unique_ptr<PendingGet> StartRead(const std::string& target, const GetRequest& request, ByteConsumer consume,
                                        GetDone done, const Call& call);

  std::string origin_name() const;

  // `target` with a signature in its query, by which anybody may GET it; nullopt without a signer.
  Result<std::optional<std::string>> SignedTarget(const std::string& target, std::chrono::seconds valid);

 private:
  ReplyReading Reading(const std::string& action) const;
  RemoteContext context();

  const RemoteClientOptions options_;
  RetryBudget budget_;
  std::unique_ptr<RequestSigner> signer_;  // must outlive the exchanges, which end with the origin
  std::unique_ptr<HttpOrigin> origin_;
  LoopTimers timers_;
};

}  // namespace eider
