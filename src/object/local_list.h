// Listing a folder as an object store does: whole keys in byte order, in pages.
#pragma once

#include "object/local_files.h"
#include "object/object_store.h"

namespace eider {

Result<ListPage> ListLocal(const LocalFolder& folder, const ListRequest& request, const Call& call);

}  // namespace eider
