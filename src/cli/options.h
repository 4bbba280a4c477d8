// What the command line and the environment say, shared by all verbs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "object/object_store.h"

namespace eider {

struct LakeOptions {
  std::string lake;                    // folder, s3://bucket/prefix, https://host/path
  std::string config_file;             // an eider.yaml outside of the lake; see ReadConfiguration
  std::vector<std::string> model_env;  // the variables of the environment that models may read
  std::string extensions;              // folder of DuckDB's extensions; empty: `extensions` beside the program
  StoreOptions store;

  std::string memory = "1GiB";
  int threads = 0;
  std::string spool_folder;
  std::string spool_bytes = "8GiB";
  std::string spill_bytes = "8GiB";
  std::string result_bytes;  // of one result; empty: no limit of its own
  std::string read_ahead = "40MiB";
  std::string cache_folder;  // empty: blocks are cached in memory alone
  std::string cache_bytes = "10GiB";
  std::string cache_memory = "64MiB";
  bool revalidate = false;   // what a remote lake holds is asked for each request
  int requests = 128;        // to the store, in flight
  int queries = 0;           // at once; 0: as many as threads
  std::size_t queue = 1000;  // queries that wait for their turn; more are refused
  int time_limit_seconds = 600;
  std::string results;     // how long answers that go to the lake are kept there, such as 7d; empty: none may
  std::string results_at;  // a store to write them to instead of the lake
};

// The lake where none is named: DATASET_BUCKET=b means s3://b/dataset/. kInvalid says how to name one.
Result<std::string> LakeRoot(const LakeOptions& options);

}  // namespace eider
