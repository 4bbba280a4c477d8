// The parameters of a dataset's download, as OpenAPI says them.
#pragma once

#include <boost/json.hpp>

#include "catalog/catalog.h"

namespace eider {

// Eider's own, and the filters of each column with each operator that fits its type.
boost::json::array DownloadParameters(const Dataset& dataset);

}  // namespace eider
