#include "catalog/dataset_write.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/unique_id.h"
#include "catalog/keys.h"
#include "catalog/manifest.h"
#include "catalog/side_by_side.h"
#include "object/commits.h"

namespace eider {
namespace {

// As many as a listing of a dataset may hold.
constexpr std::size_t kMaxObjects = 100'000;

// An append that lost against another begins anew on top of it; who loses so often had better wait.
constexpr int kAppends = 5;

// What is left to do after a failure is done although the call was cancelled: bounded, for someone waits. 10,000
// objects at 30 ms, 32 side by side, take 10 s.
constexpr auto kCleanUpTime = std::chrono::seconds(30);
constexpr int kDeletes = 32;

// What an upload holds in memory at most: a part that travels and one that fills.
constexpr std::uint64_t kUploadBytes = 16ULL << 20;

Call ShortCall() { return {{}, SystemSteadyClock()() + kCleanUpTime}; }

Error Conflict(std::string message) { return {ErrorKind::kConflict, std::move(message), {}}; }

class PartSink final : public Sink {
 public:
  PartSink(std::unique_ptr<Upload> upload, Commits& commits) : upload_(std::move(upload)), commits_(commits) {}
  Status Write(std::span<const char> bytes) override {
    bytes_ += bytes.size();
    return upload_->Write(bytes);
  }
  Status Close() override { return commits_.Add(std::move(upload_), std::min(bytes_, kUploadBytes)); }

 private:
  std::unique_ptr<Upload> upload_;
  Commits& commits_;
  std::uint64_t bytes_ = 0;
};

// One write, from what is there to the commit.
class Writer final : public PartFiles {
 public:
  Writer(const DatasetWrite& write, const Statement& statement, ObjectStore& store, const Call& call)
      : write_(write), statement_(statement), store_(store), call_(call), id_(UniqueId()) {}

  // Finds the dataset as it is, and sees to it that there is a manifest: without one, the parts of this write would
  // count as they come.
  Status Prepare() {
    auto found = FindManifest();
    if (!found) return found.error();
    if (!*found) {
      if (auto empty = CheckHoldsNothing(); !empty) return empty;
      auto first = PutManifest(store_, write_.folder, {}, {true, {}}, call_);
      if (!first && first.error().kind == ErrorKind::kConflict) return Raced();
      if (!first) return first.error();
      base_ = *std::move(first);
      return {};
    }
    base_ = **std::move(found);
    if (auto same = CheckUnchanged(); !same) return same;
    if (write_.mode == WriteMode::kCreate && !base_.objects.empty()) {
      return Conflict(
          fmt::format("'{}' exists already: replace it (--replace) or add to it (--append)", write_.folder));
    }
    return {};
  }

  Status Begin(const std::vector<Column>& columns) override {
    columns_ = columns;
    return CheckFits();
  }

  Result<std::unique_ptr<Sink>> Open(const std::string& folder) override {
    if (keys_.size() == kMaxObjects) {
      return Error{ErrorKind::kExhausted,
                   fmt::format("a dataset has at most {} objects: partition by fewer or coarser columns", kMaxObjects),
                   {}};
    }
    const std::string key = write_.folder + folder + PartName(id_, keys_.size());
    auto upload = store_.StartUpload(key, {}, call_);
    if (!upload) return upload.error();
    keys_.push_back(key);
    return std::unique_ptr<Sink>(std::make_unique<PartSink>(*std::move(upload), commits_));
  }

  Result<WriteSummary> Commit() {
    if (auto finished = commits_.Finish(); !finished) return finished.error();
    WriteSummary summary;
    for (const ObjectInfo& object : commits_.done()) summary.bytes += object.size_bytes;
    summary.objects = commits_.done().size();
    if (summary.objects == 0 && Keeps()) return summary;
    if (summary.objects == 0) return Invalid("the query has no rows, of which no dataset can be made");
    for (int attempt = 1;; ++attempt) {
      if (call_.stop.stop_requested()) return Error{ErrorKind::kCancelled, "cancelled", {}};
      Manifest next = Next();
      if (auto accepted = write_.accept ? write_.accept(next) : Status(); !accepted) return accepted.error();
      // From here to its answer nothing stops it: what became of it must be known.
      const auto put = PutManifest(store_, write_.folder, std::move(next), {false, base_.info.etag}, ShortCall());
      if (put) return summary;
      // Whether it arrived, the manifest itself says.
      auto now = ReadManifest(store_, write_.folder, ShortCall());
      if (now && Holds(*now)) return summary;
      uncertain_ = put.error().kind == ErrorKind::kUnavailable || put.error().kind == ErrorKind::kTimeout;
      if (put.error().kind != ErrorKind::kConflict) return put.error();
      if (write_.mode != WriteMode::kAppend || attempt == kAppends || !now) return Raced();
      base_ = *std::move(now);
      if (auto fits = CheckFits(); !fits) return fits.error();
    }
  }

  // Removes what this write has put. A part is left where it is not known whether the manifest lists it.
  Error CleanUp(Error error) {
    (void)commits_.Finish();
    if (uncertain_) {
      error.message += fmt::format(". Whether '{}' was committed is not known; `eider check` tells", write_.folder);
      return error;
    }
    const Call call = ShortCall();
    const auto removed =
        SideBySide(keys_.size(), kDeletes, call, [&](std::size_t i) { return store_.Delete(keys_[i], call); });
    if (!removed) error.message += ". Some of what it wrote is left; `eider check --fix` removes it";
    return error;
  }

 private:
  Error Raced() const {
    return Conflict(
        fmt::format("'{}' was written by someone else meanwhile; nothing of this write counts, and it may "
                    "be tried again",
                    write_.folder));
  }

  // By the listing that discovery makes as well; nullopt when there is none.
  Result<std::optional<Manifest>> FindManifest() {
    const std::string stem = write_.folder.substr(0, write_.folder.size() - 1);
    ListRequest beside{stem + ".", /*recursive=*/false, {}, 1000};
    bool found = false;
    do {
      auto page = store_.List(beside, call_);
      if (!page) return page.error();
      for (const ObjectInfo& object : page->objects) {
        found = found || object.key == ManifestKey(write_.folder);
        if (StemOfKey(object.key) != stem) continue;
        return Invalid(fmt::format("'{}' bears the name already: write under another one", object.key));
      }
      beside.continuation = page->next;
    } while (!beside.continuation.empty());
    if (!found) return std::optional<Manifest>();
    auto manifest = ReadManifest(store_, write_.folder, call_);
    if (!manifest) return manifest.error();
    return std::optional<Manifest>(*std::move(manifest));
  }

  Status CheckHoldsNothing() {
    ListRequest inside{write_.folder, /*recursive=*/true, {}, 1000};
    do {
      const auto page = store_.List(inside, call_);
      if (!page) return page.error();
      for (const ObjectInfo& object : page->objects) {
        const std::string_view name = std::string_view(object.key).substr(write_.folder.size());
        if (!FormatOfKey(name) || IsHiddenKey(name)) continue;
        return Invalid(fmt::format("'{}' holds data that Eider did not write ('{}'): write under another name",
                                   write_.folder, object.key));
      }
      inside.continuation = page->next;
    } while (!inside.continuation.empty());
    return {};
  }

  // Whether some of what is there stays.
  bool Keeps() const { return write_.mode == WriteMode::kAppend || write_.mode == WriteMode::kReplacePartitions; }

  // Whether what the statement reads of the dataset is all of it, as it is now.
  Status CheckUnchanged() const {
    if (!write_.reads_itself) return {};
    std::vector<std::string> read;
    if (statement_.snapshot) {
      for (const auto& [key, object] : statement_.snapshot->objects()) {
        if (key.starts_with(write_.folder)) read.push_back(key);
      }
    }
    const bool same = std::equal(read.begin(), read.end(), base_.objects.begin(), base_.objects.end(),
                                 [](const std::string& key, const ObjectInfo& object) { return key == object.key; });
    return same ? Status() : Status(Raced());
  }

  // Whether rows that are added have the columns of what is there.
  Status CheckFits() const {
    if (!Keeps() || base_.objects.empty()) return {};
    if (base_.partition_by != write_.partition_by) {
      return Invalid(fmt::format("'{}' is partitioned by '{}', not by '{}'", write_.folder,
                                 Join(base_.partition_by, ","), Join(write_.partition_by, ",")),
                     "partition_by");
    }
    const auto same = [](const Column& a, const Column& b) { return a.name == b.name && a.type == b.type; };
    if (std::equal(columns_.begin(), columns_.end(), base_.columns.begin(), base_.columns.end(), same)) return {};
    const auto list = [](const std::vector<Column>& columns) {
      std::vector<std::string> texts;
      for (const Column& column : columns) texts.push_back(column.name + ' ' + column.type);
      return Join(texts, ", ");
    };
    return Invalid(fmt::format("the query's columns are not those of '{}': {} instead of {}", write_.folder,
                               list(columns_), list(base_.columns)));
  }

  Manifest Next() {
    Manifest next;
    next.columns = columns_;
    next.partition_by = write_.partition_by;
    if (write_.mode == WriteMode::kAppend) next.objects = base_.objects;
    if (write_.mode == WriteMode::kReplacePartitions) {
      std::set<std::string> written;
      for (const std::string& key : keys_) written.insert(key.substr(0, key.rfind('/')));
      std::copy_if(base_.objects.begin(), base_.objects.end(), std::back_inserter(next.objects),
                   [&](const ObjectInfo& old) { return !written.contains(old.key.substr(0, old.key.rfind('/'))); });
    }
    next.objects.insert(next.objects.end(), commits_.done().begin(), commits_.done().end());
    std::sort(next.objects.begin(), next.objects.end(),
              [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
    return next;
  }

  bool Holds(const Manifest& manifest) const {
    return std::any_of(manifest.objects.begin(), manifest.objects.end(),
                       [&](const ObjectInfo& object) { return object.key == keys_.front(); });
  }

  const DatasetWrite& write_;
  const Statement& statement_;
  ObjectStore& store_;
  const Call& call_;
  const std::string id_;
  Manifest base_;  // what this write is put on top of
  std::vector<Column> columns_;
  std::vector<std::string> keys_;  // of every upload that was begun
  bool uncertain_ = false;         // whether the manifest lists them
  Commits commits_;
};

// A part that holds the columns alone.
Status WriteNoRows(const Statement& statement, PartFiles& files, Database& database, const Call& call) {
  const auto sink = files.Open("");
  if (!sink) return sink.error();
  Statement none = statement;
  none.format = Format::kParquet;
  none.limit = 0;
  const auto run = database.Run(none, **sink, call.stop);
  return run ? Status() : Status(run.error());
}

}  // namespace

Status CheckDatasetFolder(const std::string& folder) {
  auto segments = Split(folder, '/');
  const bool ends = segments.size() > 1 && segments.back().empty();
  if (ends) segments.pop_back();
  if (ends && std::all_of(segments.begin(), segments.end(), [](const auto& name) { return IsDatasetName(name); }) &&
      !IsHiddenKey(folder)) {
    return {};
  }
  return Invalid(fmt::format("'{}' cannot be a dataset's folder: it is NAME/, of letters, digits, '_' and '-'", folder),
                 "into");
}

Result<WriteSummary> WriteDataset(const DatasetWrite& write, const Statement& statement, ObjectStore& store,
                                  Database& database, const Call& call) {
  if (auto valid = CheckDatasetFolder(write.folder); !valid) return valid.error();
  Writer writer(write, statement, store, call);
  if (auto prepared = writer.Prepare(); !prepared) return prepared.error();
  const auto run = database.RunParts(statement, write.partition_by, writer, call.stop);
  if (!run) return writer.CleanUp(run.error());
  if (run->rows == 0 && write.allow_empty && write.mode == WriteMode::kReplace && write.partition_by.empty()) {
    if (auto empty = WriteNoRows(statement, writer, database, call); !empty) return writer.CleanUp(empty.error());
  }
  auto summary = writer.Commit();
  if (!summary) return writer.CleanUp(summary.error());
  summary->run = *run;
  return summary;
}

}  // namespace eider
