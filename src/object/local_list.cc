#include "object/local_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "object/ranges.h"

namespace eider {
namespace {

struct Entry {
  std::string key;  // of a folder: with its '/', which is also what puts "a-b" before "a/c" as keys are ordered
  struct stat status {};
  bool folder() const { return S_ISDIR(status.st_mode); }
};

// The identity of a folder, to notice a link that leads back to one of its parents.
using FolderId = std::pair<dev_t, ino_t>;

// Walks folders in the byte order of keys until the page is full. Each page walks anew from where the last ended: only
// folders that can still hold keys are opened.
class Walk {
 public:
  Walk(const LocalFolder& root, const ListRequest& request, const Call& call)
      : root_(root), request_(request), call_(call) {}

  Result<ListPage> Run() {
    const auto slash = request_.prefix.rfind('/');
    const std::string start = slash == std::string::npos ? "" : request_.prefix.substr(0, slash + 1);
    if (!start.empty() && !HoldsKeys(start)) return page_;
    auto walked = Visit(start);
    if (!walked.ok()) return walked.error();
    return std::move(page_);
  }

 private:
  // Lists what is in `folder` ("" or ending in '/'). False: the page is full.
  Result<bool> Visit(const std::string& folder) {
    if (auto bounds = CheckCall(call_, "list '" + root_.name() + "'"); !bounds.ok()) return bounds.error();
    auto found = root_.Find(folder);
    if (!found.ok()) {
      // Gone, or not ours to follow: there are no objects of the lake in it.
      if (found.error().kind == ErrorKind::kNotFound) return true;
      return found.error();
    }
    const FolderId id{found->status.st_dev, found->status.st_ino};
    if (!found->folder() || std::find(open_.begin(), open_.end(), id) != open_.end()) return true;
    const auto entries = Entries(*found, folder);
    if (!entries.ok()) return entries.error();
    open_.push_back(id);
    for (const Entry& entry : *entries) {
      auto more = entry.folder() ? AddFolder(entry) : Add(entry);
      if (!more.ok() || !*more) return more;
    }
    open_.pop_back();
    return true;
  }

  Result<bool> AddFolder(const Entry& entry) {
    const bool below_prefix = entry.key.starts_with(request_.prefix);
    if (request_.recursive || !below_prefix) return Visit(entry.key);
    // A store has no empty folders.
    ListRequest inside;
    inside.prefix = entry.key;
    inside.max_keys = 1;
    auto first = Walk(root_, inside, call_).Run();
    if (!first.ok()) return first.error();
    return first->objects.empty() ? Result<bool>(true) : Add(entry);
  }

  Result<bool> Add(const Entry& entry) {
    if (static_cast<int>(page_.objects.size() + page_.prefixes.size()) == request_.max_keys) {
      page_.next = last_;
      return false;
    }
    last_ = entry.key;
    if (entry.folder()) {
      page_.prefixes.push_back(entry.key);
    } else {
      page_.objects.push_back(LocalInfo(entry.key, entry.status));
    }
    return true;
  }

  // What is in the folder and can still be on this page, sorted.
  Result<std::vector<Entry>> Entries(const FoundFile& found, const std::string& folder) {
    auto readable = root_.OpenToRead(found, folder);
    if (!readable.ok()) return readable.error();
    DIR* stream = fdopendir(fcntl(readable->get(), F_DUPFD_CLOEXEC, 0));
    if (stream == nullptr) return LocalError(errno, "list", folder);
    std::vector<Entry> entries;
    while (const dirent* entry = readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || (folder.empty() && name == kPrivateFolder)) continue;
      Entry next;
      next.key = folder + std::string(name);
      if (!MayHold(next.key)) continue;
      if (!Inspect(readable->get(), entry, next)) continue;
      if (next.folder()) next.key += '/';
      if (Wanted(next)) entries.push_back(std::move(next));
    }
    closedir(stream);
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
    return entries;
  }

  // Whether a key can begin with `folder`: "../", "a//" and the private folder hold none.
  static bool HoldsKeys(const std::string& folder) {
    return CheckKey(folder).ok() && folder.find("//") == std::string::npos &&
           !folder.starts_with(std::string(kPrivateFolder) + "/");
  }

  // Whether `key` is below the prefix or on the way to it; cheap, before any system call.
  bool MayHold(const std::string& key) const {
    const std::size_t shared = std::min(key.size(), request_.prefix.size());
    return key.compare(0, shared, request_.prefix, 0, shared) == 0;
  }

  bool Wanted(const Entry& entry) const {
    const std::string& after = request_.continuation;
    if (!entry.folder()) return entry.key.starts_with(request_.prefix) && entry.key > after;
    if (!MayHold(entry.key)) return false;
    const bool rolled_up = !request_.recursive && entry.key.starts_with(request_.prefix);
    return entry.key > after || (!rolled_up && after.starts_with(entry.key));
  }

  // Fills in the status; false for what is neither file nor folder, and for links that lead nowhere or outside.
  bool Inspect(int folder, const dirent* entry, Entry& next) const {
    if (fstatat(folder, entry->d_name, &next.status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (S_ISLNK(next.status.st_mode)) {
      const auto target = root_.Find(next.key);
      if (!target.ok()) return false;
      next.status = target->status;
    }
    return S_ISREG(next.status.st_mode) || S_ISDIR(next.status.st_mode);
  }

  const LocalFolder& root_;
  const ListRequest& request_;
  const Call& call_;
  std::vector<FolderId> open_;
  ListPage page_;
  std::string last_;
};

}  // namespace

Result<ListPage> ListLocal(const LocalFolder& folder, const ListRequest& request, const Call& call) {
  return Walk(folder, request, call).Run();
}

}  // namespace eider
