#include "engine/text_format.h"

#include "engine/arrow_format.h"
#include "engine/csv_encoder.h"
#include "engine/json_encoder.h"

namespace eider {

bool IsText(Format format) {
  switch (format) {
    case Format::kArrow:
    case Format::kCsv:
    case Format::kTsv:
    case Format::kJson:
    case Format::kNdjson:
    case Format::kGeoJson: return true;
    default: return false;
  }
}

std::unique_ptr<TextFormat> MakeTextFormat(Format format, duckdb::ClientContext& context,
                                           const duckdb::vector<std::string>& names,
                                           const duckdb::vector<duckdb::LogicalType>& types) {
  if (format == Format::kArrow) return MakeArrowFormat(context, names, types);
  if (format == Format::kCsv) return MakeCsvFormat(context, names, types, kCsvDialect);
  if (format == Format::kTsv) return MakeCsvFormat(context, names, types, kTsvDialect);
  auto json = MakeJsonFormat(context, names, types, /*array=*/format != Format::kNdjson);
  if (format == Format::kGeoJson) {
    json->begin.insert(0, R"({"type":"FeatureCollection","features":)");
    json->end.append("}\n");
  }
  return json;
}

}  // namespace eider
