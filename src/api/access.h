// Access: who asks, by API key, and which pages of other origins may read the answers (CORS).
// Immutable; any thread.
#pragma once

#include <optional>
#include <string>

#include "api/http.h"
#include "catalog/catalog.h"

namespace eider {

class Access {
 public:
  explicit Access(AccessConfig config) : config_(std::move(config)) {}

  // The name of the key in `Authorization: Bearer KEY` or `X-Api-Key: KEY`; "" for a request without one; nullopt for a
  // key that is not known, which is refused even where none is needed.
  std::optional<std::string> Principal(const Request& request) const;

  // 401, and how to do better.
  static Response Refuse(const Request& request, std::string_view why);
  static Response RefuseKeyless(const Request& request, std::string_view dataset);

  // Adds what lets a page of an allowed origin read the answer.
  void AddCors(const Request& request, Response& response) const;

  // The answer to a preflight of an allowed origin; nullopt when the request is none.
  std::optional<Response> Preflight(const Request& request) const;

 private:
  bool Allows(std::string_view origin) const;

  const AccessConfig config_;
};

}  // namespace eider
