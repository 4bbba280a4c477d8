#include "cli/configuration.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"

namespace eider {
namespace {

// Far more than ten thousand described columns.
constexpr std::uint64_t kMaxBytes = 16 << 20;

bool IsYaml(const std::string& told) { return told.find('\n') != std::string::npos || Trim(told).starts_with('{'); }

bool IsAddress(const std::string& told) {
  return told.starts_with("s3://") || told.starts_with("https://") || told.starts_with("http://");
}

Result<Configuration> ReadObject(const std::string& address, const StoreOptions& options) {
  const std::size_t slash = address.rfind('/');
  auto store = OpenStore(address.substr(0, slash + 1), options);
  if (!store) return store.error();
  auto text = GetAll(**store, address.substr(slash + 1), kMaxBytes);
  if (!text) {
    return Error{text.error().kind,
                 fmt::format("cannot read the configuration '{}': {}", address, text.error().message), "--config"};
  }
  return Configuration{*std::move(text), address, *std::move(store)};
}

Result<Configuration> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound(fmt::format("cannot read the configuration '{}': {}", path, std::strerror(errno)));
  std::ostringstream text;
  text << file.rdbuf();
  const auto folder = std::filesystem::path(path).parent_path();
  auto beside = OpenStore(folder.empty() ? "." : folder.string());
  if (!beside) return beside.error();
  return Configuration{text.str(), path, *std::move(beside)};
}

}  // namespace

Result<Configuration> ReadConfiguration(const std::string& told, const StoreOptions& store) {
  if (IsYaml(told)) return Configuration{told, "EIDER_CONFIG", nullptr};
  return IsAddress(told) ? ReadObject(told, store) : ReadFile(told);
}

}  // namespace eider
