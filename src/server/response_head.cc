#include "server/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.h"

namespace eider {
namespace {

constexpr std::array<std::string_view, 6> kOwnedByTransport = {
    "content-length", "transfer-encoding", "connection", "date", "server", "eider-request-id"};

bool IsOwnedByTransport(std::string_view name) {
  const std::string lower = ToLower(name);
  return std::find(kOwnedByTransport.begin(), kOwnedByTransport.end(), lower) != kOwnedByTransport.end();
}

// A value that came from a request must not begin a header, or a response, of its own (response splitting).
void AppendClean(std::string& out, std::string_view text) {
  for (const char c : text) out += (c == '\r' || c == '\n' || c == '\0') ? ' ' : c;
}

void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  AppendClean(out, name);
  out += ": ";
  AppendClean(out, value);
  out += "\r\n";
}

// RFC 9110 section 6.4.1, RFC 9112 section 6.3.
bool HasNoBody(int status) { return status / 100 == 1 || status == 204 || status == 304; }

}  // namespace

ResponsePlan PlanResponse(const Response& response, const Client& client) {
  ResponsePlan plan;
  plan.http_1_0 = client.http_1_0;
  plan.keep_alive = client.keep_alive;
  if (HasNoBody(response.status)) return plan;
  plan.length = response.body ? response.body->size() : std::optional<std::uint64_t>(response.text.size());
  if (client.is_head) return plan;
  plan.trailers = response.body && response.want_trailers && !client.http_1_0;
  if (plan.length && !plan.trailers) {
    plan.framing = Framing::kLength;
  } else if (client.http_1_0) {
    plan.framing = Framing::kClose;
    plan.keep_alive = false;
  } else {
    plan.framing = Framing::kChunked;
    plan.length.reset();
  }
  return plan;
}

std::string ResponseHead(const Response& response, const ResponsePlan& plan, std::string_view date,
                         std::string_view request_id) {
  std::string out;
  out.reserve(512);
  // RFC 9112 section 2.3: the version is the server's own, also for a client of HTTP/1.0.
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status, StatusTitle(response.status));
  for (const Header& header : response.headers) {
    if (!IsOwnedByTransport(header.name)) AppendHeader(out, header.name, header.value);
  }
  AppendHeader(out, "Date", date);
  AppendHeader(out, "Server", "eider");
  AppendHeader(out, "Eider-Request-Id", request_id);
  if (plan.length) AppendHeader(out, "Content-Length", std::to_string(*plan.length));
  if (plan.framing == Framing::kChunked) AppendHeader(out, "Transfer-Encoding", "chunked");
  if (plan.trailers && response.Find("Trailer").empty()) {
    if (const std::string names = Join(response.body->trailer_names(), ", "); !names.empty()) {
      AppendHeader(out, "Trailer", names);
    }
  }
  if (!plan.keep_alive) {
    AppendHeader(out, "Connection", "close");
  } else if (plan.http_1_0) {
    AppendHeader(out, "Connection", "keep-alive");
  }
  out += "\r\n";
  return out;
}

std::string ChunkedEnd(const std::vector<Header>& trailers) {
  std::string out = "0\r\n";
  for (const Header& trailer : trailers) AppendHeader(out, trailer.name, trailer.value);
  out += "\r\n";
  return out;
}

}  // namespace eider
