#include "cli/problem.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace eider {
namespace {

namespace json = boost::json;

ErrorKind KindOf(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorKind::kDenied;
    case 404: return ErrorKind::kNotFound;
    case 409:
    case 412: return ErrorKind::kConflict;
    case 413:
    case 507: return ErrorKind::kExhausted;
    case 504: return ErrorKind::kTimeout;
    default: return status < 500 ? ErrorKind::kInvalid : ErrorKind::kUnavailable;
  }
}

std::string DetailOf(std::string_view text) {
  boost::system::error_code failed;
  const json::value problem = json::parse({text.data(), text.size()}, failed);
  if (failed || !problem.is_object()) return std::string(text);
  for (const char* member : {"detail", "title"}) {
    const json::value* said = problem.get_object().if_contains(member);
    if (said != nullptr && said->is_string() && !said->get_string().empty()) return std::string(said->get_string());
  }
  return std::string(text);
}

}  // namespace

Error ProblemError(int status, std::string_view text) {
  std::string detail = DetailOf(text);
  if (detail.empty()) detail = fmt::format("the server answered with status {}", status);
  // Another server's, or a proxy's: nothing to read on a terminal.
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && text[begin] == '<') {
    detail = fmt::format("the server answered with status {} and a web page; is this the address of Eider?", status);
  }
  return {KindOf(status), std::move(detail), {}};
}

}  // namespace eider
