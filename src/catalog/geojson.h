// GeoJSON: the features of a FeatureCollection are the rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/learn.h"

namespace eider {

// The relation over FeatureCollections; nullopt when the objects are something else. Its columns: `id` where features
// have one, each property, `longitude` and `latitude` when all are points, and `geometry` as GeoJSON text. One whose
// name a property bears already gets "feature_" in front.
// `columns`: what the objects as a whole hold; `arguments`: further arguments of read_json.
Result<std::optional<std::string>> FeatureRelation(const LearnRequest& request, const std::vector<Column>& columns,
                                                   const std::string& arguments);

}  // namespace eider
