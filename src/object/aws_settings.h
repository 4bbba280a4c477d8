// Where the bucket, or another service, is and how to reach it, when the caller did not say: from the environment, then
// from AWS's shared configuration files, as AWS's own tools decide.
#pragma once

#include <functional>
#include <string>

#include "object/object_store.h"

namespace eider {

// Looks one name up; "" when it is not set.
using Lookup = std::function<std::string(const std::string& name)>;

// `options` with region, endpoint and ca_bundle filled in from `environment` and then `profile` (the properties of the
// chosen profile). Without any the region is us-east-1.
// `service` as AWS_ENDPOINT_URL_… names it.
StoreOptions FillIn(StoreOptions options, const Lookup& environment, const Lookup& profile,
                    const std::string& service = "S3");

// From this process's environment and the files under ~/.aws.
StoreOptions FillInFromSystem(StoreOptions options, const std::string& service = "S3");

}  // namespace eider
