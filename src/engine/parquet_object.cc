#include "engine/parquet_object.h"

#include <algorithm>

#include "duckdb/common/string_util.hpp"
#include "duckdb/planner/filter/conjunction_filter.hpp"
#include "duckdb/planner/filter/constant_filter.hpp"
#include "duckdb/storage/statistics/numeric_stats.hpp"
#include "duckdb/storage/statistics/string_stats.hpp"
#include "engine/lake_file_system.h"
#include "parquet_file_metadata_cache.hpp"
#include "parquet_statistics.hpp"
#include "thrift_tools.hpp"

namespace eider {
namespace {

using duckdb::FilterPropagateResult;
using duckdb::LogicalTypeId;
using duckdb::ParquetColumnSchema;
using duckdb::ParquetColumnSchemaType;
using duckdb::TableFilter;
using duckdb::TableFilterType;

// Where a bloom filter's length is not stated it ends before whatever else begins; larger ones are read on.
constexpr std::uint64_t kLargestBloomFilter = 4 << 20;

// DuckDB's own statistics of texts hold 8 bytes; the file's hold more, and its scan compares these.
FilterPropagateResult CheckText(duckdb::BaseStatistics& stats, const duckdb_parquet::Statistics& written,
                                TableFilter& filter) {
  if (filter.filter_type == TableFilterType::CONJUNCTION_AND) {
    for (auto& child : filter.Cast<duckdb::ConjunctionAndFilter>().child_filters) {
      if (CheckText(stats, written, *child) == FilterPropagateResult::FILTER_ALWAYS_FALSE) {
        return FilterPropagateResult::FILTER_ALWAYS_FALSE;
      }
    }
    return FilterPropagateResult::NO_PRUNING_POSSIBLE;
  }
  if (filter.filter_type != TableFilterType::CONSTANT_COMPARISON) return filter.CheckStatistics(stats);
  const auto& constant = filter.Cast<duckdb::ConstantFilter>();
  const auto bytes = [](const std::string& text) { return duckdb::const_data_ptr_cast(text.data()); };
  return duckdb::StringStats::CheckZonemap(bytes(written.min_value), written.min_value.size(), bytes(written.max_value),
                                           written.max_value.size(), constant.comparison_type,
                                           duckdb::StringValue::Get(constant.constant));
}

// Whether the filter holds an equality, all that a bloom filter can answer.
bool HasEquality(const TableFilter& filter) {
  const auto any = [](const auto& children) {
    return std::any_of(children.begin(), children.end(), [](const auto& child) { return HasEquality(*child); });
  };
  switch (filter.filter_type) {
    case TableFilterType::CONSTANT_COMPARISON:
      return filter.Cast<duckdb::ConstantFilter>().comparison_type == duckdb::ExpressionType::COMPARE_EQUAL;
    case TableFilterType::CONJUNCTION_AND: return any(filter.Cast<duckdb::ConjunctionAndFilter>().child_filters);
    case TableFilterType::CONJUNCTION_OR: return any(filter.Cast<duckdb::ConjunctionOrFilter>().child_filters);
    default: return false;
  }
}

Extent ExtentOf(const duckdb_parquet::ColumnMetaData& chunk) {
  // A chunk's own file_offset is not where its first page is: the first of its pages is.
  std::int64_t first = chunk.data_page_offset;
  if (chunk.__isset.dictionary_page_offset) first = std::min(first, chunk.dictionary_page_offset);
  if (chunk.__isset.index_page_offset) first = std::min(first, chunk.index_page_offset);
  return {static_cast<std::uint64_t>(std::max<std::int64_t>(first, 0)),
          static_cast<std::uint64_t>(std::max<std::int64_t>(chunk.total_compressed_size, 0))};
}

// The leaves below `schema` that are read: all, or those of the fields that `index` names.
void CollectLeaves(const ParquetColumnSchema& schema, const duckdb::ColumnIndex* index,
                   std::vector<const ParquetColumnSchema*>& leaves) {
  if (schema.schema_type == ParquetColumnSchemaType::FILE_ROW_NUMBER) return;
  if (schema.children.empty()) {
    leaves.push_back(&schema);
    return;
  }
  const bool by_field = index != nullptr && index->HasChildren() && schema.type.id() == LogicalTypeId::STRUCT &&
                        schema.schema_type == ParquetColumnSchemaType::COLUMN;
  if (!by_field) {
    for (const auto& child : schema.children) CollectLeaves(child, nullptr, leaves);
    return;
  }
  for (const auto& child : index->GetChildIndexes()) {
    if (child.HasPrimaryIndex() && child.GetPrimaryIndex() < schema.children.size()) {
      CollectLeaves(schema.children[child.GetPrimaryIndex()], &child, leaves);
    }
  }
}

duckdb::OpenFileInfo FooterOf(const std::string& key) {
  duckdb::OpenFileInfo file(LakeFileSystem::kScheme + key);
  file.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
  file.extended_info->options[LakeFileSystem::kPlanning] = duckdb::Value::BOOLEAN(true);
  return file;
}

}  // namespace

ParquetObject::ParquetObject(duckdb::ClientContext& context, const std::string& key, const LakeScan& scan)
    : context_(context),
      reader_(duckdb::make_shared_ptr<duckdb::ParquetReader>(context, FooterOf(key), duckdb::ParquetOptions(context))),
      metadata_(*reader_->GetFileMetadata()) {
  for (const ScannedColumn& scanned : scan.columns) {
    const auto& known = reader_->columns;
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& column) {
      return duckdb::StringUtil::CIEquals(column.name, scanned.name);
    });
    if (found == known.end()) continue;  // a folder's key=value, or only in other objects
    columns_.push_back({&scanned, &reader_->root_schema->children[static_cast<std::size_t>(found - known.begin())]});
  }
  for (std::size_t group = 0; group < metadata_.row_groups.size(); ++group) {
    const bool kept =
        std::all_of(columns_.begin(), columns_.end(), [&](const Column& column) { return MayMatch(column, group); });
    if (kept) groups_.push_back(group);
  }
}

bool ParquetObject::Cached(duckdb::ClientContext& context, const std::string& key) {
  const duckdb::OpenFileInfo file = FooterOf(key);
  const auto cached = duckdb::ParquetReader::GetMetadataCacheEntry(context, file);
  if (!cached) return false;
  const auto handle =
      duckdb::CachingFileSystem::Get(context).OpenFile(context, file, duckdb::FileFlags::FILE_FLAGS_READ);
  return cached->IsValid(*handle);
}

std::uint64_t ParquetObject::row_groups() const { return metadata_.row_groups.size(); }

std::uint64_t ParquetObject::rows() const {
  std::uint64_t rows = 0;
  for (const std::size_t group : groups_) rows += static_cast<std::uint64_t>(metadata_.row_groups[group].num_rows);
  return rows;
}

const duckdb_parquet::ColumnMetaData& ParquetObject::Chunk(std::size_t group, const ParquetColumnSchema& leaf) const {
  return metadata_.row_groups[group].columns.at(leaf.column_index).meta_data;
}

bool ParquetObject::MayMatch(const Column& column, std::size_t group) const {
  if (!column.scanned->filter || column.schema->type != column.scanned->type) return true;
  if (column.schema->schema_type != ParquetColumnSchemaType::COLUMN) return true;
  const auto& columns = metadata_.row_groups[group].columns;
  const auto stats = column.schema->Stats(metadata_, reader_->parquet_options, group, columns);
  if (!stats) return true;
  TableFilter& filter = *column.scanned->filter;
  if (column.schema->type.id() == LogicalTypeId::VARCHAR && column.schema->column_index < columns.size()) {
    const auto& written = Chunk(group, *column.schema).statistics;
    if (written.__isset.min_value && written.__isset.max_value) {
      return CheckText(*stats, written, filter) != FilterPropagateResult::FILTER_ALWAYS_FALSE;
    }
  }
  return filter.CheckStatistics(*stats) != FilterPropagateResult::FILTER_ALWAYS_FALSE;
}

bool ParquetObject::AsksBloomFilter(const Column& column, std::size_t group) const {
  if (!column.scanned->filter || column.schema->type != column.scanned->type || column.schema->type.IsNested() ||
      column.schema->schema_type != ParquetColumnSchemaType::COLUMN ||
      !duckdb::ParquetStatisticsUtils::BloomFilterSupported(column.schema->type.id()) ||
      !HasEquality(*column.scanned->filter)) {
    return false;
  }
  const auto& chunk = Chunk(group, *column.schema);
  return chunk.__isset.bloom_filter_offset && chunk.bloom_filter_offset > 0;
}

// Where chunks, bloom filters, page indexes and the footer begin, ascending.
std::vector<std::uint64_t> ParquetObject::Beginnings() const {
  std::vector<std::uint64_t> beginnings;
  const auto add = [&](bool set, std::int64_t offset) {
    if (set && offset > 0) beginnings.push_back(static_cast<std::uint64_t>(offset));
  };
  for (const auto& group : metadata_.row_groups) {
    for (const auto& column : group.columns) {
      beginnings.push_back(ExtentOf(column.meta_data).offset);
      add(column.meta_data.__isset.bloom_filter_offset, column.meta_data.bloom_filter_offset);
      add(column.__isset.column_index_offset, column.column_index_offset);
      add(column.__isset.offset_index_offset, column.offset_index_offset);
    }
  }
  const std::uint64_t footer_bytes = reader_->metadata->footer_size + 8;
  beginnings.push_back(reader_->GetFileSize() - std::min<std::uint64_t>(footer_bytes, reader_->GetFileSize()));
  std::sort(beginnings.begin(), beginnings.end());
  return beginnings;
}

std::vector<WantedRange> ParquetObject::BloomFilters() const {
  std::vector<WantedRange> wanted;
  std::vector<std::uint64_t> beginnings;  // found when first needed
  const auto length_of = [&](const duckdb_parquet::ColumnMetaData& chunk) {
    if (chunk.__isset.bloom_filter_length && chunk.bloom_filter_length > 0) {
      return static_cast<std::uint64_t>(chunk.bloom_filter_length);
    }
    if (beginnings.empty()) beginnings = Beginnings();
    const auto offset = static_cast<std::uint64_t>(chunk.bloom_filter_offset);
    const auto next = std::upper_bound(beginnings.begin(), beginnings.end(), offset);
    return next == beginnings.end() ? kLargestBloomFilter : std::min(*next - offset, kLargestBloomFilter);
  };
  for (std::size_t group = 0; group < metadata_.row_groups.size(); ++group) {
    for (const Column& column : columns_) {
      if (!AsksBloomFilter(column, group) || !MayMatch(column, group)) continue;
      const auto& chunk = Chunk(group, *column.schema);
      wanted.push_back({{static_cast<std::uint64_t>(chunk.bloom_filter_offset), length_of(chunk)}, kNoGroup, 1});
    }
  }
  return wanted;
}

void ParquetObject::ApplyBloomFilters() {
  using duckdb::ThriftFileTransport;
  auto transport = std::make_shared<ThriftFileTransport>(reader_->GetHandle(), false);
  duckdb_apache::thrift::protocol::TCompactProtocolT<ThriftFileTransport> protocol(transport);
  auto& allocator = duckdb::Allocator::DefaultAllocator();
  std::erase_if(groups_, [&](std::size_t group) {
    transport->ClearPrefetch();  // it would read all that it has read before again
    return std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) {
      return AsksBloomFilter(column, group) &&
             duckdb::ParquetStatisticsUtils::BloomFilterExcludes(*column.scanned->filter, Chunk(group, *column.schema),
                                                                 protocol, allocator);
    });
  });
}

void ParquetObject::KeepRows(std::uint64_t rows) {
  std::uint64_t held = 0;
  std::size_t count = 0;
  while (count < groups_.size() && held < rows) {
    held += static_cast<std::uint64_t>(metadata_.row_groups[groups_[count++]].num_rows);
  }
  groups_.resize(count);
}

std::vector<const ParquetColumnSchema*> ParquetObject::Leaves() const {
  std::vector<const ParquetColumnSchema*> leaves;
  for (const Column& column : columns_) CollectLeaves(*column.schema, &column.scanned->index, leaves);
  std::sort(leaves.begin(), leaves.end(),
            [](const auto* a, const auto* b) { return a->column_index < b->column_index; });
  leaves.erase(std::unique(leaves.begin(), leaves.end(),
                           [](const auto* a, const auto* b) { return a->column_index == b->column_index; }),
               leaves.end());
  return leaves;
}

// Of one value.
double ParquetObject::LongestText(const ParquetColumnSchema& leaf, std::size_t group) const {
  constexpr double kLongestDouble = 24;  // -2.2250738585072014e-308
  const auto& chunk = Chunk(group, leaf);
  const double stored = static_cast<double>(std::max<std::int64_t>(chunk.total_uncompressed_size, 0)) /
                        static_cast<double>(std::max<std::int64_t>(chunk.num_values, 1));
  if (leaf.type.id() == LogicalTypeId::VARCHAR || leaf.type.id() == LogicalTypeId::BLOB) {
    // A dictionary stores each text once, and says nothing of their lengths but those of the least and the greatest.
    const auto& written = chunk.statistics;
    const auto known = std::max(written.min_value.size(), written.max_value.size());
    return chunk.__isset.dictionary_page_offset ? std::max(stored, static_cast<double>(known)) : stored;
  }
  if (leaf.type.IsNested()) return stored;
  if (leaf.type.id() == LogicalTypeId::DOUBLE || leaf.type.id() == LogicalTypeId::FLOAT) return kLongestDouble;
  const auto stats = leaf.Stats(metadata_, reader_->parquet_options, group, metadata_.row_groups[group].columns);
  if (!stats || stats->GetStatsType() != duckdb::StatisticsType::NUMERIC_STATS ||
      !duckdb::NumericStats::HasMinMax(*stats)) {
    return kLongestDouble;
  }
  return static_cast<double>(std::max(duckdb::NumericStats::Min(*stats).ToString().size(),
                                      duckdb::NumericStats::Max(*stats).ToString().size()));
}

std::uint64_t ParquetObject::TextBytes() const {
  if (groups_.empty()) return 0;
  const std::size_t group = groups_.front();
  double width = 0;  // of a row
  for (const ParquetColumnSchema* leaf : Leaves()) {
    const double values = static_cast<double>(Chunk(group, *leaf).num_values) /
                          static_cast<double>(std::max<std::int64_t>(metadata_.row_groups[group].num_rows, 1));
    width += values * (LongestText(*leaf, group) + 1);
  }
  return static_cast<std::uint64_t>(width * static_cast<double>(rows()));
}

std::uint64_t ParquetObject::NameBytes() const {
  constexpr std::size_t kAround = 5;  // "NAME": "…"
  std::uint64_t width = 3;            // {},
  for (const Column& column : columns_) width += column.scanned->name.size() + kAround;
  return width * rows();
}

std::vector<WantedRange> ParquetObject::ColumnChunks() const {
  const std::vector<const ParquetColumnSchema*> leaves = Leaves();
  std::vector<WantedRange> wanted;
  for (const std::size_t group : groups_) {
    for (const ParquetColumnSchema* leaf : leaves) {
      const Extent extent = ExtentOf(Chunk(group, *leaf));
      if (extent.length > 0) wanted.push_back({extent, static_cast<std::uint32_t>(group), 1});
    }
  }
  std::sort(wanted.begin(), wanted.end(),
            [](const WantedRange& a, const WantedRange& b) { return a.extent.offset < b.extent.offset; });
  return wanted;
}

}  // namespace eider
