// One GET of a dataset's rows: from the request to a response that can begin.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>

#include "api/admission.h"
#include "api/http.h"
#include "api/receipts.h"
#include "api/service.h"
#include "catalog/catalog.h"
#include "download/request.h"
#include "engine/production.h"

namespace eider {

// What every request's handling shares. Borrowed; outlives the tasks.
struct ServiceParts {
  Catalog& catalog;
  Database& database;
  Productions& productions;
  Receipts& receipts;
  boost::asio::thread_pool& planners;
  const ServiceOptions& options;
  Admission& admission;
};

// Who is limited: the holder of a key, else the address.
std::string ClientOf(const Request& request);

// Call on a planner's thread. Replies exactly once.
void StartDownload(const ServiceParts& parts, Request request, std::string dataset, Format format, Reply reply);

}  // namespace eider
