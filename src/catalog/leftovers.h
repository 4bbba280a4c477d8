// Leftovers: what writes that died or were replaced have left in a lake, and nothing reads.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "object/object_store.h"

namespace eider {

struct Leftover {
  std::string key;        // of an object or of an upload's object; empty for a local temporary
  std::string upload_id;  // empty: an object
  std::uint64_t size_bytes = 0;
  WallTime since{};  // since when nothing needs it, at the latest
  bool ours = true;  // surely Eider's: an object, or an upload with the name of a part
};

// Objects with the name of a part of Eider's, below the folder of a manifest that does not list them, and uploads that
// were never finished. An object is no leftover before its manifest's last commit, however old it is: until then it was
// data, which a query under way may still read. The store does not say whose an upload is: one of another key than a
// part's may be another program's.
Result<std::vector<Leftover>> FindLeftovers(ObjectStore& store, const Call& call = {});

Status RemoveLeftover(ObjectStore& store, const Leftover& leftover, const Call& call = {});

}  // namespace eider
