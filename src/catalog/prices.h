// What a store asks for its requests and bytes, and what a read plan costs by it.
#pragma once

#include <string>

#include "engine/database.h"

namespace eider {

// S3 Standard in us-east-1 (aws.amazon.com/s3/pricing); transfer within a region is free.
struct Prices {
  double usd_per_1000_gets = 0.0004;
  double usd_per_gb = 0;  // of 10^9 bytes read
};

// The plan as members of a JSON object, without its braces: objects, row groups, requests, bytes, USD.
// A local lake costs nothing.
std::string CostMembers(const PlanSummary& plan, const Prices& prices, bool remote);

}  // namespace eider
