#include "api/http.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace eider {
namespace {

bool SameName(std::string_view a, std::string_view b) { return a.size() == b.size() && ToLower(a) == ToLower(b); }

std::string_view FindHeader(const std::vector<Header>& headers, std::string_view name) {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const Header& h) { return SameName(h.name, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

int StatusOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid: return 400;
    case ErrorKind::kNotFound: return 404;
    case ErrorKind::kDenied:
      return 502;  // the store refused Eider; a client that may not is answered by access control
    case ErrorKind::kConflict: return 503;  // an object changed under the read: asking again reads the new one
    case ErrorKind::kUnavailable: return 503;
    case ErrorKind::kTimeout: return 504;
    case ErrorKind::kExhausted: return 413;
    case ErrorKind::kCorrupt: return 502;
    case ErrorKind::kUnsupported: return 406;
    case ErrorKind::kCancelled: return 503;
    case ErrorKind::kInternal: return 500;
  }
  return 500;
}

}  // namespace

std::string_view Request::Find(std::string_view name) const { return FindHeader(headers, name); }
std::string_view Response::Find(std::string_view name) const { return FindHeader(headers, name); }

void Response::Set(std::string name, std::string value) {
  for (Header& header : headers) {
    if (SameName(header.name, name)) {
      header.value = std::move(value);
      return;
    }
  }
  headers.push_back({std::move(name), std::move(value)});
}

std::string_view StatusTitle(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
  }
}

Response Problem(int status, std::string_view title, std::string_view detail, std::string_view parameter,
                 std::string_view request_id) {
  Response response;
  response.status = status;
  response.Set("Content-Type", "application/problem+json");
  response.Set("Cache-Control", "no-store");
  response.text = fmt::format(R"({{"type":"about:blank","title":{},"status":{},"detail":{})", JsonQuote(title), status,
                              JsonQuote(detail));
  if (!parameter.empty()) response.text += fmt::format(R"(,"parameter":{})", JsonQuote(parameter));
  response.text += fmt::format(R"(,"request_id":{}}})", JsonQuote(request_id));
  response.text += '\n';
  return response;
}

Response Problem(const Error& error, std::string_view request_id) {
  const int status = StatusOf(error.kind);
  Response response = Problem(status, StatusTitle(status), error.message, error.parameter, request_id);
  if (status == 503) response.Set("Retry-After", "5");
  return response;
}

}  // namespace eider
