// Writing into a local folder: each object is written to a temporary in the lake's private folder, flushed, and
// renamed over its key, so that a reader sees the old bytes or the new ones and a crash leaves the old.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "object/local_files.h"
#include "object/object_store.h"

namespace eider {

// `folder` must outlive the upload.
Result<std::unique_ptr<Upload>> StartLocalUpload(const LocalFolder& folder, const std::string& key,
                                                 const PutCondition& condition, const Call& call);

// Removes the file behind `key`; of nothing is a success.
Status DeleteLocal(const LocalFolder& folder, const std::string& key);

// The temporaries of processes that died. A temporary in use is locked by its writer and is none.
std::vector<UnfinishedUpload> ListLocalUploads(const LocalFolder& folder);

// Removes the temporary, unless a writer has it.
void AbortLocalUpload(const LocalFolder& folder, const std::string& id);

// Aborts all that ListLocalUploads lists.
void SweepLocalUploads(const LocalFolder& folder);

}  // namespace eider
