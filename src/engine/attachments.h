// Attachments: the instance of DuckDB that has other people's catalogs in it. It is opened when a statement first names
// one, loads the extensions that this one needs, and attaches it; each by itself, so that one that is down, wrong or
// slow is the trouble of the statements that name it.
//
// A catalog that cannot be attached is not tried again for a while: until then the same error answers at once. One that
// has changed, or failed a statement, is attached anew for the next statement, while those under way keep theirs.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "duckdb.hpp"
#include "engine/attached_catalog.h"
#include "engine/database.h"

namespace eider {

class StoreFileSystem;

// One ATTACH. The last statement that reads it detaches it.
class Attachment {
 public:
  Attachment(std::shared_ptr<duckdb::DuckDB> instance, std::shared_ptr<const AttachedCatalog> catalog,
             std::string alias, std::string version, SteadyTime since);
  ~Attachment();
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

  const std::shared_ptr<duckdb::DuckDB>& instance() const { return instance_; }
  const AttachedCatalog& catalog() const { return *catalog_; }
  const std::string& alias() const { return alias_; }  // its name in DuckDB, where older ones may still have its own
  const std::string& version() const { return version_; }
  SteadyTime since() const { return since_; }

  std::atomic<bool> failed{false};  // a statement could not read it

 private:
  const std::shared_ptr<duckdb::DuckDB> instance_;
  const std::shared_ptr<const AttachedCatalog> catalog_;
  const std::string alias_;
  const std::string version_;
  const SteadyTime since_;
};

// Whether who asks is who runs the program, and may read what a server of theirs says.
bool ToldInFull(const Statement& statement);

// The catalogs of one statement, for as long as it runs.
struct Attached {
  std::shared_ptr<duckdb::DuckDB> instance;
  std::map<std::string, std::shared_ptr<Attachment>> catalogs;  // by name in lower case

  // An error of the statement: says which catalog it is about, and nothing of the way in. Where the catalog itself
  // failed, the log has the cause, and so has the answer when it is told `in_full`.
  Error Explain(Error error, bool in_full) const;
};

// Thread-safe; must outlive every Attached.
class Attachments {
 public:
  explicit Attachments(DatabaseOptions options);

  // kUnavailable, naming the catalog, when one of them cannot be attached.
  Result<Attached> Attach(const Statement& statement);

 private:
  struct Entry {
    std::mutex mutex;  // held while it is attached: who wants the same one waits
    std::shared_ptr<Attachment> current;
    std::optional<Error> error;
    SteadyTime tried{};
    int times = 0;
  };

  using InstancePointer = std::shared_ptr<duckdb::DuckDB>;

  Result<InstancePointer> Instance();
  Status Load(duckdb::DuckDB& instance, const AttachedCatalog& catalog);
  Result<std::shared_ptr<Attachment>> AttachOne(const InstancePointer& instance, const std::string& name,
                                                const std::shared_ptr<const AttachedCatalog>& catalog);
  Result<std::shared_ptr<Attachment>> AttachAnew(const InstancePointer& instance, Entry& entry,
                                                 const std::shared_ptr<const AttachedCatalog>& catalog,
                                                 std::string version);

  DatabaseOptions options_;
  std::mutex mutex_;                  // of what follows
  InstancePointer instance_;          // another one after an error that DuckDB calls fatal
  StoreFileSystem* files_ = nullptr;  // the instance's
  std::set<std::string> loaded_;
  std::map<std::string, Entry> entries_;
};

}  // namespace eider
