#include "object/aws_settings.h"

#include <aws/sdkutils/aws_profile.h>

#include <cstdlib>
#include <memory>

#include "object/aws_runtime.h"

namespace eider {
namespace {

std::string Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : value;
}

std::string FirstOf(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) return value;
  }
  return {};
}

struct CollectionDeleter {
  void operator()(aws_profile_collection* collection) const { aws_profile_collection_release(collection); }
};
using Collection = std::unique_ptr<aws_profile_collection, CollectionDeleter>;

Collection ReadConfig(aws_allocator* allocator) {
  aws_string* path = aws_get_config_file_path(allocator, nullptr);
  if (path == nullptr) return nullptr;
  Collection read(aws_profile_collection_new_from_file(allocator, path, AWS_PST_CONFIG));
  aws_string_destroy(path);
  return read;
}

}  // namespace

StoreOptions FillIn(StoreOptions options, const Lookup& environment, const Lookup& profile,
                    const std::string& service) {
  if (options.region.empty()) {
    options.region =
        FirstOf({environment("AWS_REGION"), environment("AWS_DEFAULT_REGION"), profile("region"), "us-east-1"});
  }
  if (options.endpoint.empty() && environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != "true") {
    options.endpoint =
        FirstOf({environment("AWS_ENDPOINT_URL_" + service), environment("AWS_ENDPOINT_URL"), profile("endpoint_url")});
  }
  if (options.ca_bundle.empty()) {
    options.ca_bundle = FirstOf({environment("AWS_CA_BUNDLE"), profile("ca_bundle")});
  }
  return options;
}

StoreOptions FillInFromSystem(StoreOptions options, const std::string& service) {
  const auto runtime = AwsRuntime::Get();
  const Collection config = ReadConfig(runtime->allocator());
  const std::string name = FirstOf({options.profile, Environment("AWS_PROFILE"), "default"});
  const aws_profile* profile = nullptr;
  if (config) {
    aws_string* name_string = aws_string_new_from_array(
        runtime->allocator(), reinterpret_cast<const std::uint8_t*>(name.data()), name.size());
    profile = aws_profile_collection_get_profile(config.get(), name_string);
    aws_string_destroy(name_string);
  }
  const auto of_profile = [&](const std::string& property) -> std::string {
    if (profile == nullptr) return {};
    aws_string* key = aws_string_new_from_array(
        runtime->allocator(), reinterpret_cast<const std::uint8_t*>(property.data()), property.size());
    const aws_profile_property* found = aws_profile_get_property(profile, key);
    aws_string_destroy(key);
    return found == nullptr ? std::string() : aws_string_c_str(aws_profile_property_get_value(found));
  };
  return FillIn(std::move(options), Environment, of_profile, service);
}

}  // namespace eider
