#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "catalog/key_file.h"
#include "cli/verbs.h"

namespace eider {
namespace {

namespace json = boost::json;

Status CheckFile(const std::string& file) {
  if (!file.empty()) return {};
  return Invalid("no file of keys: name it with --keys FILE, or set EIDER_KEYS_FILE", "--keys");
}

Result<WallTime> ParseExpiry(const std::string& text, WallTime now) {
  if (const auto duration = ParseDuration(text)) return now + *duration;
  const auto time = ParseRfc3339(text);
  if (time && *time > now) return *time;
  return Invalid(fmt::format("--expires wants a time to come, such as 90d or 2027-01-31, not '{}'", text), "--expires");
}

// A name goes into the log and onto terminals.
bool IsKeyName(const std::string& name) {
  return !name.empty() && name.size() <= 100 && IsCleanUtf8(name) &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

Status ReadSize(const std::string& text, const char* option, std::optional<std::uint64_t>& limit) {
  if (text.empty()) return {};
  limit = ParseByteCount(text);
  if (limit.value_or(0) > 0) return {};
  return Invalid(fmt::format("{} wants a size such as 100MB, not '{}'", option, text), option);
}

Result<ApiKey> MakeKey(const AddKeyOptions& options, WallTime now) {
  if (!IsKeyName(options.name)) return Invalid("a key's name is 1 to 100 bytes of printable text", "NAME");
  ApiKey key;
  key.name = options.name;
  key.created = now;
  key.limits = options.limits;
  if (!options.expires.empty()) {
    const auto expires = ParseExpiry(options.expires, now);
    if (!expires) return expires.error();
    key.expires = *expires;
  }
  for (const std::string& dataset : options.datasets) {
    if (!IsDatasetName(dataset)) return Invalid(fmt::format("'{}' is no dataset's name", dataset), "--dataset");
  }
  if (!options.datasets.empty()) key.datasets = options.datasets;
  if (auto status = ReadSize(options.bytes, "--bytes", key.limits.bytes); !status) return status.error();
  if (auto status = ReadSize(options.memory, "--memory", key.limits.memory); !status) return status.error();
  if (!options.time.empty()) key.limits.time = ParseDuration(options.time);
  if (!options.time.empty() && key.limits.time.value_or(std::chrono::seconds(0)).count() == 0) {
    return Invalid(fmt::format("--time wants a time such as 30s, not '{}'", options.time), "--time");
  }
  return key;
}

std::string LimitsText(const ClientLimitChanges& limits) {
  std::vector<std::string> parts;
  if (limits.requests_per_second) parts.push_back(fmt::format("{:g}/s", *limits.requests_per_second));
  if (limits.burst) parts.push_back(fmt::format("burst {}", *limits.burst));
  if (limits.concurrency) parts.push_back(fmt::format("{} at once", *limits.concurrency));
  if (limits.rows) parts.push_back(fmt::format("{} rows", *limits.rows));
  if (limits.bytes) parts.push_back(HumanBytes(*limits.bytes));
  if (limits.memory) parts.push_back(HumanBytes(*limits.memory) + " of memory");
  if (limits.time) parts.push_back(fmt::format("{} s", limits.time->count()));
  return Join(parts, ", ");
}

void PrintKey(const ApiKey& key, WallTime now) {
  const auto date = [](const std::optional<WallTime>& time) { return time ? Rfc3339(*time).substr(0, 10) : "-"; };
  std::string line = fmt::format("{}  {:20}  made {}", KeyId(key), key.name, date(key.created));
  if (key.expires) line += fmt::format("  {} {}", *key.expires <= now ? "EXPIRED" : "expires", date(key.expires));
  if (key.datasets) line += "  only " + Join(*key.datasets, ",");
  if (const auto limits = LimitsText(key.limits); !limits.empty()) line += "  " + limits;
  fmt::print("{}\n", line);
}

void PrintJson(const ApiKey& key) {
  json::object object{{"id", KeyId(key)}, {"name", key.name}};
  object["created"] = key.created ? json::value(Rfc3339(*key.created)) : json::value();
  object["expires"] = key.expires ? json::value(Rfc3339(*key.expires)) : json::value();
  object["datasets"] = json::value();
  if (key.datasets) object["datasets"] = json::array(key.datasets->begin(), key.datasets->end());
  object["limits"] = LimitsText(key.limits);
  fmt::print("{}\n", json::serialize(object));
}

bool IsNamed(const ApiKey& key, const std::string& name) { return KeyId(key) == name || key.name == name; }

}  // namespace

int AddKey(const std::string& file, const AddKeyOptions& options) {
  if (auto status = CheckFile(file); !status) return Complain(status.error());
  auto key = MakeKey(options, SystemWallClock()());
  if (!key) return Complain(key.error());
  const auto secret = MakeApiKey();
  if (!secret) return Complain(secret.error());
  key->sha256 = Sha256Hex(*secret);
  const auto status = ChangeKeyFile(file, [&](std::vector<ApiKey>& keys) -> Status {
    keys.push_back(*key);
    return {};
  });
  if (!status) return Complain(status.error());
  fmt::print("{}\n", *secret);
  fmt::print(stderr, "eider: the key {} of '{}', shown this once; send it as Authorization: Bearer KEY\n", KeyId(*key),
             key->name);
  return 0;
}

int ListKeys(const std::string& file, bool json) {
  if (auto status = CheckFile(file); !status) return Complain(status.error());
  const auto keys = ReadKeyFile(file);
  if (!keys) return Complain(keys.error());
  for (const ApiKey& key : *keys) json ? PrintJson(key) : PrintKey(key, SystemWallClock()());
  return 0;
}

int RevokeKeys(const std::string& file, const std::vector<std::string>& names) {
  if (auto status = CheckFile(file); !status) return Complain(status.error());
  std::vector<ApiKey> revoked;
  const auto status = ChangeKeyFile(file, [&](std::vector<ApiKey>& keys) -> Status {
    for (const std::string& name : names) {
      const auto kept =
          std::stable_partition(keys.begin(), keys.end(), [&](const ApiKey& k) { return !IsNamed(k, name); });
      // By a name that several have, which one is meant cannot be known; all of them is the safe guess for nobody.
      if (std::distance(kept, keys.end()) > 1) {
        return Invalid(fmt::format("several keys are called '{}'; eider keys list shows their ids", name), "KEY");
      }
      if (kept == keys.end()) return NotFound(fmt::format("no key '{}' in '{}'; nothing was revoked", name, file));
      revoked.push_back(*kept);
      keys.erase(kept, keys.end());
    }
    return {};
  });
  if (!status) return Complain(status.error());
  for (const ApiKey& key : revoked) fmt::print("{} of '{}' is revoked\n", KeyId(key), key.name);
  return 0;
}

}  // namespace eider
