#include "catalog/object_schemas.h"

#include <fmt/format.h>

namespace eider {
namespace {

// About 200 bytes each: some 40 MB when full, and twice the objects that one dataset may have.
constexpr std::size_t kKeptObjects = 200'000;

std::string VersionKey(const ObjectInfo& object, const std::string& how) {
  return object.key + '\0' + object.etag + '\0' + how;
}

std::string TextOf(const ObjectSchema& schema) {
  std::string text = fmt::format("{}{}{}\n{}\n{}\n", schema.csv.delimiter, schema.csv.header, schema.csv.whole,
                                 schema.csv.date_format, schema.csv.timestamp_format);
  for (const CsvFacts::Values& values : schema.csv.values) {
    text += static_cast<char>('0' + values.only_nulls + 2 * values.empty_text + 4 * values.wide);
  }
  for (const Column& column : schema.columns) text += column.name + '\0' + column.type + '\0';
  return text;
}

}  // namespace

ObjectSchemas::ObjectSchemas() : kept_(kKeptObjects) {}

ObjectSchemas::Pointer ObjectSchemas::Find(const ObjectInfo& object, const std::string& how) {
  return kept_.Get(VersionKey(object, how)).value_or(nullptr);
}

ObjectSchemas::Pointer ObjectSchemas::Keep(const ObjectInfo& object, ObjectSchema schema, const std::string& how) {
  Pointer pointer;
  {
    const std::lock_guard lock(mutex_);
    auto& interned = interned_[TextOf(schema)];
    pointer = interned.lock();
    if (!pointer) interned = pointer = std::make_shared<const ObjectSchema>(std::move(schema));
    if (interned_.size() > 1000) std::erase_if(interned_, [](const auto& entry) { return entry.second.expired(); });
  }
  kept_.Put(VersionKey(object, how), pointer);
  return pointer;
}

}  // namespace eider
