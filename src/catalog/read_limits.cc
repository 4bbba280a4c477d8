#include "catalog/read_limits.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace eider {
namespace {

Status ReadRate(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ClientLimitChanges& limits) {
  double rate = 0;
  if (node.IsScalar()) {
    const std::string& text = node.Scalar();
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), rate);
    if (failed != std::errc() || end != text.data() + text.size()) rate = 0;
  }
  if (rate <= 0 || !std::isfinite(rate)) {
    return yaml.At(node, what + " wants a number above 0, such as 5 or 0.5", "requests_per_second");
  }
  limits.requests_per_second = rate;
  return {};
}

template <auto member>
Status ReadCount(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ClientLimitChanges& limits) {
  const auto number = yaml.PositiveNumber(node, what);
  if (!number) return number.error();
  limits.*member = *number;
  return {};
}

template <auto member>
Status ReadBytes(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ClientLimitChanges& limits) {
  limits.*member = node.IsScalar() ? ParseByteCount(node.Scalar()) : std::nullopt;
  if ((limits.*member).value_or(0) > 0) return {};
  return yaml.At(node, what + " wants a size, such as 100MB");
}

Status ReadTime(const YamlReader& yaml, const YAML::Node& node, const std::string& what, ClientLimitChanges& limits) {
  limits.time = node.IsScalar() ? ParseDuration(node.Scalar()) : std::nullopt;
  if (limits.time && limits.time->count() > 0) return {};
  return yaml.At(node, what + " wants a time, such as 30s or 5m", "time");
}

constexpr YamlKey<ClientLimitChanges> kKeys[] = {
    {"requests_per_second", ReadRate},
    {"burst", ReadCount<&ClientLimitChanges::burst>},
    {"concurrency", ReadCount<&ClientLimitChanges::concurrency>},
    {"rows", ReadCount<&ClientLimitChanges::rows>},
    {"bytes", ReadBytes<&ClientLimitChanges::bytes>},
    {"memory", ReadBytes<&ClientLimitChanges::memory>},
    {"time", ReadTime},
};

}  // namespace

Status ReadClientLimits(const YamlReader& yaml, const YAML::Node& node, const std::string& what,
                        ClientLimitChanges& limits) {
  return ReadKeys(yaml, node, what, kKeys, limits);
}

std::vector<std::string> ClientLimitKeys() { return KeyNames(kKeys); }

}  // namespace eider
