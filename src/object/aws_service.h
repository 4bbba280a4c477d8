// A client of one of AWS's services other than S3, signed and reached as AWS's own tools do it.
#pragma once

#include <memory>
#include <string>

#include "object/object_store.h"
#include "object/remote_client.h"

namespace eider {

struct AwsService {
  std::unique_ptr<RemoteClient> client;
  std::string base;  // stands before each target
  std::string host;  // for messages
};

// `service` as it is signed and as hosts begin: "lambda". `options` says region, profile, whom to trust, timeouts, and
// whether requests go unsigned; its endpoint is S3's, and not looked at. What it does not say comes from the
// environment and AWS's configuration files, AWS_ENDPOINT_URL_LAMBDA among it. `client.store` is filled in.
Result<AwsService> OpenAwsService(const std::string& service, StoreOptions options, RemoteClientOptions client);

}  // namespace eider
