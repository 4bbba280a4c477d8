#include "catalog/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/digest.h"
#include "catalog/read_limits.h"
#include "catalog/yaml_reader.h"

namespace eider {
namespace {

namespace json = boost::json;

// 20,000 keys with limits of their own; more is no file of keys.
constexpr std::size_t kMaxBytes = 8 << 20;

class File {
 public:
  File(const std::string& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }

 private:
  const int descriptor_;
};

Error Failed(const char* what, const std::string& path, int error) {
  const std::string message = fmt::format("cannot {} the file of keys '{}': {}", what, path, std::strerror(error));
  if (error == ENOENT) return NotFound(message + "; eider keys add makes it");
  return {ErrorKind::kUnavailable, message, "--keys"};
}

// Who may write it may let anyone in, and the names in it are of people.
Status CheckMode(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return Invalid(fmt::format("'{}' is no file of keys", path), "--keys");
  if ((status.st_mode & (S_IWGRP | S_IWOTH | S_IROTH)) == 0) return {};
  return Invalid(
      fmt::format("the file of keys '{}' has mode {:04o}, so that others may read or change it; chmod 600 '{}'", path,
                  status.st_mode & 07777, path),
      "--keys");
}

Result<std::string> ReadAll(const File& file, const std::string& path) {
  std::string text;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Failed("read", path, errno);
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > kMaxBytes) return Invalid(fmt::format("'{}' is too large to be a file of keys", path), "--keys");
  }
}

Status ReadName(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ApiKey& key) {
  auto name = yaml.Text(node, what);
  if (!name) return name.error();
  key.name = *std::move(name);
  return key.name.empty() ? Status(yaml.At(node, what + " is empty")) : Status();
}

Status ReadHash(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ApiKey& key) {
  auto digest = yaml.Text(node, what);
  if (!digest) return digest.error();
  key.sha256 = *std::move(digest);
  if (key.sha256.size() == 64 && key.sha256.find_first_not_of("0123456789abcdef") == std::string::npos) return {};
  return yaml.At(node, what + " wants the 64 hexadecimal digits of a SHA-256");
}

template <auto member>
Status ReadTime(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ApiKey& key) {
  const auto text = yaml.Text(node, what);
  if (!text) return text.error();
  key.*member = ParseRfc3339(*text);
  if (key.*member) return {};
  return yaml.At(node, what + " wants a time in UTC, such as 2027-01-31T00:00:00Z");
}

Status ReadDatasets(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ApiKey& key) {
  auto datasets = yaml.TextList(node, what);
  if (!datasets) return datasets.error();
  key.datasets = *std::move(datasets);
  return {};
}

Status ReadLimits(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ApiKey& key) {
  return ReadClientLimits(yaml, node, what, key.limits);
}

constexpr YamlKey<ApiKey> kKeyKeys[] = {
    {"id", [](const YamlReader&, const YAML::Node&, const std::string&, ApiKey&) { return Status(); }},  // for people
    {"name", ReadName},
    {"sha256", ReadHash},
    {"created", ReadTime<&ApiKey::created>},
    {"expires", ReadTime<&ApiKey::expires>},
    {"datasets", ReadDatasets},
    {"limits", ReadLimits},
};

Status ReadList(const YamlReader& yaml, const YAML::Node& node, const std::string& what, std::vector<ApiKey>& keys) {
  if (!node.IsSequence()) return yaml.At(node, what + " wants a list of keys");
  std::set<std::string> seen;
  for (const YAML::Node& item : node) {
    ApiKey key;
    if (auto status = ReadKeys(yaml, item, "a key", kKeyKeys, key); !status) return status;
    if (key.name.empty() || key.sha256.empty()) return yaml.At(item, "a key wants 'name' and 'sha256'");
    if (!seen.insert(key.sha256).second) return yaml.At(item, fmt::format("the key of '{}' is there twice", key.name));
    keys.push_back(std::move(key));
  }
  return {};
}

constexpr YamlKey<std::vector<ApiKey>> kTopKeys[] = {{"keys", ReadList}};

json::object LimitsObject(const ClientLimitChanges& limits) {
  json::object object;
  if (limits.requests_per_second) object["requests_per_second"] = *limits.requests_per_second;
  if (limits.burst) object["burst"] = *limits.burst;
  if (limits.concurrency) object["concurrency"] = *limits.concurrency;
  if (limits.rows) object["rows"] = *limits.rows;
  if (limits.bytes) object["bytes"] = *limits.bytes;
  if (limits.memory) object["memory"] = *limits.memory;
  if (limits.time) object["time"] = fmt::format("{}s", limits.time->count());
  return object;
}

// One key a line.
std::string Written(const std::vector<ApiKey>& keys) {
  std::string text = "{\"keys\": [";
  for (const ApiKey& key : keys) {
    json::object object{{"id", KeyId(key)}, {"name", key.name}, {"sha256", key.sha256}};
    if (key.created) object["created"] = Rfc3339(*key.created);
    if (key.expires) object["expires"] = Rfc3339(*key.expires);
    if (key.datasets) object["datasets"] = json::array(key.datasets->begin(), key.datasets->end());
    if (auto limits = LimitsObject(key.limits); !limits.empty()) object["limits"] = std::move(limits);
    text += (&key == &keys.front() ? "\n  " : ",\n  ") + json::serialize(object);
  }
  return text + "\n]}\n";
}

Status Replace(const std::string& path, const std::string& folder, const std::string& text) {
  std::string part = path + ".XXXXXX";
  const File file(::mkostemp(part.data(), O_CLOEXEC));  // mode 0600
  if (!file.valid()) return Failed("write", path, errno);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t size = ::write(file.get(), rest.data(), rest.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) break;
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
  if (rest.empty() && ::fsync(file.get()) == 0 && ::rename(part.c_str(), path.c_str()) == 0) {
    const File directory(folder, O_RDONLY | O_DIRECTORY);
    if (directory.valid()) ::fsync(directory.get());
    return {};
  }
  const int error = errno;
  ::unlink(part.c_str());
  return Failed("write", path, error);
}

}  // namespace

FileStamp StampOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  const auto nanoseconds = [](const timespec& at) { return at.tv_sec * 1'000'000'000LL + at.tv_nsec; };
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

Result<std::vector<ApiKey>> ReadKeyFile(const std::string& path) {
  const File file(path, O_RDONLY | O_NONBLOCK);  // a pipe must not make anyone wait
  if (!file.valid()) return Failed("read", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Failed("read", path, errno);
  if (auto mode = CheckMode(path, status); !mode) return mode.error();
  const auto text = ReadAll(file, path);
  if (!text) return text.error();
  const YamlReader yaml(path);
  const auto root = yaml.Parse(*text);
  if (!root) return root.error();
  std::vector<ApiKey> keys;
  if (auto read = ReadKeys(yaml, *root, "the file of keys", kTopKeys, keys); !read) return read.error();
  return keys;
}

Status ChangeKeyFile(const std::string& path, const std::function<Status(std::vector<ApiKey>&)>& change) {
  std::error_code ignored;
  // The file itself is replaced, where a link leads to it.
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, ignored);
  const std::string target = real.empty() ? path : real.string();
  const std::string folder = real.has_parent_path() ? real.parent_path().string() : ".";
  const File lock(folder, O_RDONLY | O_DIRECTORY);
  if (!lock.valid() || ::flock(lock.get(), LOCK_EX) != 0) {
    return Invalid(fmt::format("the folder of the file of keys '{}' cannot be used: {}", path, std::strerror(errno)),
                   "--keys");
  }
  auto keys = ReadKeyFile(target);
  if (!keys && keys.error().kind != ErrorKind::kNotFound) return keys.error();
  std::vector<ApiKey> changed = keys ? *std::move(keys) : std::vector<ApiKey>();
  if (auto status = change(changed); !status) return status;
  return Replace(target, folder, Written(changed));
}

Result<std::string> MakeApiKey() {
  std::array<char, 32> bits;
  if (::getentropy(bits.data(), bits.size()) != 0) return Internal("the system has no random numbers to give");
  return "eider_" + Base64Url({bits.data(), bits.size()});
}

std::string KeyId(const ApiKey& key) { return key.sha256.substr(0, 12); }

}  // namespace eider
