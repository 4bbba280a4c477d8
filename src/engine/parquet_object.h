// One Parquet object as a scan will read it: which of its row groups survive, and which bytes they take.
// Decides by DuckDB's own rules and metadata, so that what is planned is what is read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "duckdb.hpp"
#include "engine/lake_scan.h"
#include "lake/object_reads.h"
#include "parquet_reader.hpp"

namespace eider {

class ParquetObject {
 public:
  // Reads the footer, unless DuckDB's metadata cache has it; throws what DuckDB throws.
  ParquetObject(duckdb::ClientContext& context, const std::string& key, const LakeScan& scan);

  // Whether the cache has this version's footer, so that opening the object reads nothing.
  static bool Cached(duckdb::ClientContext& context, const std::string& key);

  std::uint64_t row_groups() const;
  std::uint64_t kept() const { return groups_.size(); }
  std::uint64_t rows() const;  // of the kept row groups

  // The bloom filters that the scan reads: of all row groups that the same column's statistics do not exclude.
  std::vector<WantedRange> BloomFilters() const;
  // Reads them, too, and drops the row groups that they exclude.
  void ApplyBloomFilters();

  // Keeps the first row groups that hold `rows` rows.
  void KeepRows(std::uint64_t rows);

  // About as much as the kept rows come to as text, by the statistics of the first kept row group: those of all would
  // cost more than the plan. And what the names add to each row of JSON.
  std::uint64_t TextBytes() const;
  std::uint64_t NameBytes() const;

  // The column chunks of the kept row groups, ascending.
  std::vector<WantedRange> ColumnChunks() const;

 private:
  // A scanned column as this object has it.
  struct Column {
    const ScannedColumn* scanned;
    const duckdb::ParquetColumnSchema* schema;
  };
  std::vector<const duckdb::ParquetColumnSchema*> Leaves() const;
  double LongestText(const duckdb::ParquetColumnSchema& leaf, std::size_t group) const;
  const duckdb_parquet::ColumnMetaData& Chunk(std::size_t group, const duckdb::ParquetColumnSchema& leaf) const;
  bool MayMatch(const Column& column, std::size_t group) const;
  std::vector<std::uint64_t> Beginnings() const;
  bool AsksBloomFilter(const Column& column, std::size_t group) const;

  duckdb::ClientContext& context_;
  duckdb::shared_ptr<duckdb::ParquetReader> reader_;
  const duckdb_parquet::FileMetaData& metadata_;
  std::vector<Column> columns_;
  std::vector<std::size_t> groups_;
};

}  // namespace eider
