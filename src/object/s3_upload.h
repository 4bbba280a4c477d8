// An upload to S3 of unknown length. Up to one part's length it is a single PUT; beyond, a multipart upload whose parts
// travel while the next one is filled. At most two parts are in memory.
#pragma once

#include <memory>

#include "object/s3_bucket.h"

namespace eider {

std::unique_ptr<Upload> StartS3Upload(std::shared_ptr<S3Bucket> bucket, const std::string& key,
                                      const PutCondition& condition, const Call& call);

// The length of part `number` (from 1). 8 MiB is where a request's fixed cost stops to matter; S3 allows 10,000 parts,
// so it doubles every 1,000 and 5 TB, the largest object, still fit.
std::size_t PartBytes(std::size_t number);

}  // namespace eider
