#include "api/page.h"

#include "api/page_files.h"

namespace eider {

std::optional<PageFile> FindPageFile(std::string_view path) {
  if (path == "/") return PageFile{"text/html; charset=utf-8", kPageHtml};
  if (path == "/-/page.css") return PageFile{"text/css; charset=utf-8", kPageCss};
  if (path == "/-/page.js") return PageFile{"text/javascript; charset=utf-8", kPageJs};
  if (path == "/-/operators.js") return PageFile{"text/javascript; charset=utf-8", kOperatorsJs};
  if (path == "/-/server.js") return PageFile{"text/javascript; charset=utf-8", kServerJs};
  return std::nullopt;
}

}  // namespace eider
