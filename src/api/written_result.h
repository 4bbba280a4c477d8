// WrittenResult: an answer that goes into the lake, because that was asked for or because the transport has no room for
// it, and the JSON that tells where it is.
#pragma once

#include <memory>
#include <string>

#include "api/delivery.h"
#include "api/result_link.h"

namespace eider {

struct WrittenResult {
  ResultLink link;
  std::uint64_t rows = 0;  // these two are set before the production ends
  std::uint64_t bytes = 0;
};

// A production that writes the rows as one object, whole or not at all, and whose own bytes are the JSON object. Where
// no thread removes the results that have ended, it does that, too.
Produce WriteResult(const ServiceParts& parts, Statement statement, std::shared_ptr<WrittenResult> written,
                    bool metadata, SteadyTime asked);

// "url", "format", "rows", "bytes" and "expires", without braces.
std::string LinkMembers(const WrittenResult& written, std::string_view url, WallTime expires);

}  // namespace eider
