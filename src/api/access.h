// Access: who asks, by API key, and which pages of other origins may read the answers (CORS).
// Any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/caller.h"
#include "api/http.h"
#include "api/key_ring.h"
#include "base/clock.h"
#include "catalog/catalog.h"

namespace eider {

struct AccessOptions {
  bool anonymous = true;    // requests without a key are answered
  ClientLimits limits;      // of each client, where the configuration says nothing else
  bool everything = false;  // whoever asks is the operator: no keys, no limits
};

class Access {
 public:
  Access(AccessConfig config, std::shared_ptr<KeyRing> keys, const AccessOptions& options);

  // Who asks by `Authorization: Bearer KEY` or `X-Api-Key: KEY` (RFC 6750 section 2.1); an Authorization of another
  // scheme is no key of ours, as a Lambda client's signature. Without a key: who has none, whatever that may. Or the
  // refusal: 401 for a key that is not known or has expired, even where none is needed; 400 for two keys. Who was let
  // in otherwise and has none is as who has a key without limits of its own.
  struct Verdict {
    std::shared_ptr<const Caller> caller;  // null: refused
    Response refusal;
  };
  Verdict Identify(const Request& request, WallTime now) const;

  // Who has no key.
  const Caller& nobody() const { return *nobody_; }

  // Whether they are answered at all.
  bool anonymous() const { return anonymous_; }

  // Adds what lets a page of an allowed origin read the answer and all headers that it has by now.
  void AddCors(const Request& request, Response& response) const;

  // The answer to a preflight of an allowed origin; nullopt when the request is none.
  std::optional<Response> Preflight(const Request& request) const;

 private:
  Response RefuseKey(const Request& request, std::string_view reason, std::string_view detail) const;
  bool Allows(std::string_view origin) const;

  const AccessConfig config_;
  const std::shared_ptr<KeyRing> keys_;
  const ClientLimits key_limits_;
  const bool everything_;
  const bool anonymous_;
  std::shared_ptr<const Caller> nobody_;      // who has no key
  std::shared_ptr<const Caller> authorised_;  // and was let in otherwise
};

// A refusal and its line in the log (event "denied"), so that both say the same. `reason` is one word for who searches
// the log, `detail` is for who is refused. A 401 says how to do better.
Response Deny(const Request& request, int status, std::string_view reason, std::string_view detail);

// Who asks may not read this dataset: 401 without a key, 403 with one.
Response DenyDataset(const Request& request, const std::string& dataset);

// The line alone, for a refusal that is not told as one of HTTP.
void LogDenied(const Request& request, int status, std::string_view reason);

}  // namespace eider
