// The one place that makes SQL from a download request. Columns and relations are quoted, values are bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "download/request.h"
#include "engine/database.h"

namespace eider {

// The SELECT of the request over the dataset as it is pinned. Rows come in source order, or sorted with ties in source
// order, so that equal requests give equal bytes. kInvalid when `_after` is not a token of this very request.
Result<Statement> MakeDownload(const Dataset& dataset, const DownloadRequest& request);

// The SELECT for what the next page's token is made of: the keys of the page's last row, and whether a row comes after
// it. Nullopt when the request is no page: without _limit, or above kPageRows.
Result<std::optional<Statement>> MakePageEnd(const Dataset& dataset, const DownloadRequest& request);

// The token for `_after`, from the answer of MakePageEnd; "" when no row comes after the page.
std::string PageToken(const Dataset& dataset, const DownloadRequest& request, const Table& page_end);

// Pages above this are downloads: no Link is computed for them.
inline constexpr std::uint64_t kPageRows = 100'000;

}  // namespace eider
