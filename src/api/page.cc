#include "api/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/negotiate.h"

namespace eider {
namespace {

std::string_view MediaType(std::string_view path) {
  if (path == "/") return "text/html; charset=utf-8";
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "application/octet-stream";
}

}  // namespace

std::optional<Response> AnswerPage(const Request& request) {
  const auto files = PageFiles();
  const auto file =
      std::find_if(files.begin(), files.end(), [&](const PageFile& one) { return one.path == request.path; });
  if (file == files.end()) return std::nullopt;
  std::array<Coding, 3> offered;
  std::transform(file->coded.begin(), file->coded.end(), offered.begin(), [](const auto& one) { return one.coding; });
  const Coding coding = ChooseCoding(request.Find("Accept-Encoding"), offered);
  const std::string etag = fmt::format("\"{}-{}\"", file->hash, CodingName(coding));
  Response response;
  response.Set("ETag", etag);
  response.Set("Vary", "Accept-Encoding");
  response.Set("Cache-Control", file->path == "/" ? "no-cache" : "public, max-age=31536000, immutable");
  // Nothing is loaded from elsewhere, and nothing inline runs.
  response.Set("Content-Security-Policy",
               "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
               "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.Set("Referrer-Policy", "no-referrer");
  if (MatchesAny(request.Find("If-None-Match"), etag)) {
    response.status = 304;
    return response;
  }
  response.Set("Content-Type", std::string(MediaType(file->path)));
  if (coding != Coding::kIdentity) response.Set("Content-Encoding", CodingName(coding));
  response.text = std::find_if(file->coded.begin(), file->coded.end(), [&](const auto& one) {
                    return one.coding == coding;
                  })->content;
  return response;
}

}  // namespace eider
