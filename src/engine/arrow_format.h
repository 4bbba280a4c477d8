// Arrow IPC streams: DuckDB converts chunks to Arrow arrays, nanoarrow writes the messages. Each record batch is a
// message of its own, so that threads write theirs side by side as they do text.
#pragma once

#include <memory>

#include "engine/text_format.h"

namespace eider {

// The types are such as CastForFormat leaves. Throws what DuckDB's binder throws.
std::unique_ptr<TextFormat> MakeArrowFormat(duckdb::ClientContext& context, const duckdb::vector<std::string>& names,
                                            const duckdb::vector<duckdb::LogicalType>& types);

}  // namespace eider
