// The verbs that need no server. Each answers its exit code: 0 ok, 1 the request is wrong, 2 usage, 3 the store failed,
// 4 a limit or time-out, 130 interrupted.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "api/service.h"
#include "base/result.h"
#include "cli/options.h"

namespace eider {

struct GetOptions {
  std::string target;  // "flights.csv?origin=JFK"
  std::string output;  // file; empty or "-": standard output
  bool quiet = false;
};

struct QueryOptions {
  std::string sql;  // empty: from `file`, else from standard input; on a terminal, a shell
  std::string file;
  std::string format;  // empty: a table on a terminal, CSV elsewhere
  std::string output;  // file or s3://BUCKET/KEY; empty or "-": standard output
  std::string into;    // key of the lake, or "NAME/" for a dataset of it
  std::vector<std::string> partition_by;
  bool replace = false;             // what --into names; else it must not be there
  bool append = false;              // to the dataset
  std::vector<std::string> params;  // NAME=VALUE or VALUE
  std::int64_t limit = -1;
  bool explain = false;  // print DuckDB's plan instead
  bool dry_run = false;  // say what it would read, and read footers alone
  bool stats = false;    // one line of JSON on standard error
  std::string remote;    // URL of a server that is asked instead of the lake; its key is in EIDER_API_KEY
};

struct CacheOptions {
  std::string folder;
  std::string quota = "10GiB";
  bool verify = false;  // read every block, to find the damaged ones
  bool clear = false;
  bool json = false;
};

struct BuildVerb {
  std::vector<std::string> select;
  bool full_refresh = false;
  bool dry_run = false;
  bool lineage = false;
};

struct CheckOptions {
  bool fix = false;      // remove leftovers
  bool uploads = false;  // with them, unfinished uploads that may be another program's
  std::chrono::milliseconds older_than = std::chrono::hours(24);
};

struct AddKeyOptions {
  std::string name;
  std::string expires;                // a duration, a date or a time; empty: never
  std::vector<std::string> datasets;  // empty: all
  ClientLimitChanges limits;          // with these three, as they were written
  std::string bytes;
  std::string memory;
  std::string time;
};

// On the file of keys; none needs a lake. A new key goes to standard output, alone.
int AddKey(const std::string& file, const AddKeyOptions& options);
int ListKeys(const std::string& file, bool json);
int RevokeKeys(const std::string& file, const std::vector<std::string>& names);

// What the folder of a cache holds, or emptying it; needs no lake.
int Cache(const CacheOptions& options);

int Query(const LakeOptions& lake, const QueryOptions& options);
int Get(const LakeOptions& lake, const GetOptions& options);
int ListDatasets(const LakeOptions& lake, bool json);
int DescribeOne(const LakeOptions& lake, const std::string& name, bool json);
int Check(const LakeOptions& lake, const CheckOptions& options);
int BuildModels(const LakeOptions& lake, const BuildVerb& options);

// The service for whoever runs the program on the lake itself: no keys are asked for.
ServiceOptions Operator();

// The exit code for an error of this kind.
int ExitCode(ErrorKind kind);

// Prints "eider: MESSAGE" and answers the exit code for its kind.
int Complain(const Error& error);

}  // namespace eider
