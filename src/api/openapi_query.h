// The part of the OpenAPI description that is about SQL.
#pragma once

#include <boost/json.hpp>

namespace eider {

void AddQueryPaths(boost::json::object& paths);

}  // namespace eider
