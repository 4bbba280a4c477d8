#include "lake/snapshot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "object/local_files.h"

namespace eider {

Status CheckSpan(const ObjectInfo& object, std::uint64_t offset, std::size_t length) {
  if (offset <= object.size_bytes && length <= object.size_bytes - offset) return {};
  return Invalid(fmt::format("read of {} bytes at {} reaches past the end of object '{}' ({} bytes)", length, offset,
                             object.key, object.size_bytes));
}

Error ReplacedWhileRead(const std::string& key) {
  return {
      ErrorKind::kConflict,
      fmt::format("object '{}' was replaced or deleted while it was being read; ask again to read the new one", key),
      {}};
}

namespace {

std::string ETagOfOpenFile(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 ? LocalETag(status) : std::string();
}

void Count(ReadCounters* counters, std::uint64_t bytes) {
  if (counters == nullptr) return;
  ++counters->requests;
  counters->bytes += bytes;
}

// Through the store's ranged get, each read with If-Match.
class RangeReader final : public ObjectReader {
 public:
  RangeReader(const ObjectInfo& object, const RangeFetcher& fetch, ReadCounters* counters)
      : object_(object), fetch_(fetch), counters_(counters) {}

  Status Read(std::uint64_t offset, std::span<char> out, const Call& call) override {
    if (auto status = CheckSpan(object_, offset, out.size()); !status) return status;
    if (out.empty()) return {};
    std::size_t got = 0;
    const auto consume = [&](std::span<const char> bytes) {
      if (bytes.size() > out.size() - got) return false;
      std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(got));
      got += bytes.size();
      return true;
    };
    const auto answer = fetch_({object_.key, ByteRange::Span(offset, out.size()), object_.etag, {}}, consume, call);
    Count(counters_, got);
    if (!answer) {
      return answer.error().kind == ErrorKind::kConflict || answer.error().kind == ErrorKind::kNotFound
                 ? ReplacedWhileRead(object_.key)
                 : answer.error();
    }
    if (answer->etag != object_.etag) return ReplacedWhileRead(object_.key);
    if (got != out.size()) {
      return Corrupt(fmt::format("object '{}': {} of {} bytes arrived at {}", object_.key, got, out.size(), offset));
    }
    return {};
  }

 private:
  const ObjectInfo& object_;
  const RangeFetcher& fetch_;
  ReadCounters* counters_;
};

// Straight from an open file of a local lake. A file that is renamed away stays readable; one that is rewritten in
// place shows it in its ETag, which is looked at after each read.
class FileReader final : public ObjectReader {
 public:
  FileReader(const ObjectInfo& object, int file, ReadCounters* counters)
      : object_(object), file_(file), counters_(counters) {}
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;
  ~FileReader() override { ::close(file_); }

  Status Read(std::uint64_t offset, std::span<char> out, const Call&) override {
    if (auto status = CheckSpan(object_, offset, out.size()); !status) return status;
    Count(counters_, out.size());
    std::size_t got = 0;
    while (got < out.size()) {
      const ssize_t n = ::pread(file_, out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        return Error{ErrorKind::kUnavailable, fmt::format("read '{}': {}", object_.key, std::strerror(errno)), {}};
      if (n == 0) return ReplacedWhileRead(object_.key);
      got += static_cast<std::size_t>(n);
    }
    return ETagOfOpenFile(file_) == object_.etag ? Status() : ReplacedWhileRead(object_.key);
  }

 private:
  const ObjectInfo& object_;
  int file_;
  ReadCounters* counters_;
};

Result<std::unique_ptr<ObjectReader>> OpenLocal(const ObjectInfo& object, const std::string& path,
                                                ReadCounters* counters) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT) return ReplacedWhileRead(object.key);
    return Error{ErrorKind::kUnavailable, fmt::format("open '{}': {}", object.key, std::strerror(errno)), {}};
  }
  auto reader = std::make_unique<FileReader>(object, file, counters);
  if (ETagOfOpenFile(file) != object.etag) return ReplacedWhileRead(object.key);
  return std::unique_ptr<ObjectReader>(std::move(reader));
}

}  // namespace

Snapshot::Snapshot(std::vector<ObjectInfo> objects, ObjectStore* store, RemoteReads remote, ObjectTails tails)
    : store_(store), reads_(remote), tails_(std::move(tails)) {
  if (store != nullptr) {
    fetch_ = [store](const GetRequest& request, const ByteConsumer& consume, const Call& call) {
      return store->Get(request, consume, call);
    };
  }
  for (ObjectInfo& object : objects) {
    size_bytes_ += object.size_bytes;
    newest_ = std::max(newest_, object.last_modified);
    objects_.emplace(object.key, std::move(object));
  }
}

Snapshot::Snapshot(std::vector<ObjectInfo> objects, RangeFetcher fetch) : Snapshot(std::move(objects), nullptr) {
  fetch_ = std::move(fetch);
}

Snapshot::Snapshot(const std::vector<std::shared_ptr<const Snapshot>>& parts)
    : store_(parts.at(0)->store_), reads_(parts.at(0)->reads_), fetch_(parts.at(0)->fetch_) {
  for (const auto& part : parts) {
    newest_ = std::max(newest_, part->newest_);
    tails_.insert(part->tails_.begin(), part->tails_.end());
    for (const auto& [key, object] : part->objects_) {
      if (objects_.emplace(key, object).second) size_bytes_ += object.size_bytes;
    }
  }
}

const ObjectInfo* Snapshot::Find(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : &found->second;
}

std::shared_ptr<const std::string> Snapshot::tail(const std::string& key) const {
  const auto found = tails_.find(key);
  return found == tails_.end() ? nullptr : found->second;
}

Result<std::unique_ptr<ObjectReader>> Snapshot::Open(const std::string& key, ReadCounters* counters) const {
  const ObjectInfo* object = Find(key);
  if (object == nullptr) return NotFound(fmt::format("no object '{}' in this statement's datasets", key));
  if (const auto path = store_ ? store_->LocalPath(key) : std::nullopt) return OpenLocal(*object, *path, counters);
  return std::unique_ptr<ObjectReader>(std::make_unique<RangeReader>(*object, fetch_, counters));
}

}  // namespace eider
