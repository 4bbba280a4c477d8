// One HTTP request and the head of its reply, as plain data.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eider {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string target;                       // path and query, percent-encoded
  HttpHeaders headers;                      // without Host, Content-Length and what signing adds
  std::shared_ptr<const std::string> body;  // shared: a cancelled request may still be reading it
};

struct HttpHead {
  int status = 0;
  HttpHeaders headers;

  // The first header of that name, letters' case ignored; "" when there is none.
  std::string_view Find(std::string_view name) const;
};

struct HttpReply {
  HttpHead head;
  std::string body;
};

}  // namespace eider
