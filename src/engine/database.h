// Database: the door to DuckDB. One instance for each level of trust; a connection for each statement.
// The only folder that sees DuckDB is engine/; its exceptions end here and become Errors.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/attached_catalog.h"
#include "engine/part_files.h"
#include "engine/quote.h"
#include "engine/sink.h"
#include "lake/snapshot.h"

namespace eider {

struct DatabaseOptions {
  std::uint64_t memory_bytes = 1ULL << 30;  // for buffers of queries; above it they spill or fail
  int threads = 0;                          // workers; 0: as many as cores
  std::string spill_folder;                 // empty: a new folder under TMPDIR, removed at the end
  std::uint64_t spill_bytes = 8ULL << 30;   // above it a query fails with kExhausted
  std::string extension_folder;             // where DuckDB's extensions lie that attached catalogs need
  SteadyClock clock = SystemSteadyClock();
};

// What an operator or a format may do with a column.
enum class TypeClass : std::uint8_t { kText, kNumber, kBoolean, kTemporal, kBlob, kNested, kGeometry, kOther };

struct Column {
  std::string name;
  std::string type;  // as SQL writes it: "BIGINT", "DECIMAL(18,3)", "STRUCT(a INTEGER)"
  TypeClass type_class = TypeClass::kOther;
};

// A value that a statement names as $1, $2, …. It enters the syntax tree as a constant, never the text of the SQL.
struct BoundValue {
  std::string text;
  std::string type = "VARCHAR";  // SQL type that `text` is cast to, strictly: "1.5" is no BIGINT
  std::string name = {};         // of $name; empty: named by its place in the list, $1
  bool is_null = false;          // NULL of that type; `text` says nothing
};

struct Limits {
  std::chrono::milliseconds time{0};  // 0: none
  std::uint64_t bytes = 0;            // of output; 0: none
  std::uint64_t rows = 0;             // of output, more is kExhausted; 0: none
  std::uint64_t memory = 0;           // bytes of buffers; above it spills, or is kExhausted; 0: what the instance has
};

enum class Format : std::uint8_t { kCsv, kTsv, kJson, kNdjson, kParquet, kArrow, kXlsx, kGeoJson };

// A table as NAME.schema.table, or NAME.table.
struct QualifiedName {
  std::string catalog;  // the first of its parts
  std::string schema;   // empty where there are two
  std::string table;
  std::size_t place = 0;  // the byte of the SQL where it stands
};

// What of a SELECT a catalog must know.
struct TableNames {
  std::map<std::string, std::size_t> names;  // of tables without a schema -> the byte of the SQL where it stands
  std::set<std::string> defined;             // of the SELECT's own WITH, in lower case; these may stand in `names` too
  std::map<std::string, std::size_t> lake;   // of lake.NAME, which no WITH hides: NAME -> where it stands
  std::vector<QualifiedName> qualified;      // of all others with a schema: of attached catalogs, or DuckDB's own
  std::vector<std::string> globs;            // of lake('…')
  std::vector<std::string> files;            // globs of read_csv('…') and all else that reads objects
  bool changing = false;                     // random(), now(): its answer may be another one each time
};

// Of an answer, the rows behind those of the pages before. What orders them is the SELECT's ORDER BY and then the key.
struct Page {
  std::vector<std::string> key;  // columns of the answer that, with those of ORDER BY, tell any two rows apart
  std::uint64_t rows = 0;        // at most; above 0
  std::string after;             // the token of the page before; empty: the first page
  std::string series;            // names the answer that all the pages are of; it stands in their tokens
};

// One SELECT, run as COPY into a sink.
struct Statement {
  std::string sql;                            // one SELECT, lake paths as 'lake://KEY'
  std::map<std::string, std::string> tables;  // name, or lake.NAME -> the SELECT that it stands for
  std::map<std::string, std::string> globs;   // of lake() calls -> the table function that reads its objects
  std::map<std::string, std::vector<std::string>> files;  // globs of read_csv() and its kind -> paths lake://KEY
  AttachedCatalogs catalogs;  // those that it names; it then runs in the instance that has these
  std::vector<BoundValue> values;
  Format format = Format::kCsv;
  bool keep_order = true;              // false: rows in any order, on all threads
  bool confined = false;               // the SQL is from outside: see sandbox.h
  bool quotable = false;               // whoever is told of an error wrote the SQL, and may be shown where it is wrong
  std::optional<std::uint64_t> limit;  // the first so many rows, whatever the SQL says
  std::optional<Page> page;            // of Run and Estimate; instead of a limit
  Limits limits;
  std::shared_ptr<const Snapshot> snapshot;  // the objects that the SELECT may read; null: none
  // Called ten times a second while it runs, on a thread of its own: the share that is done, 0 to 1, or less where that
  // is unknown.
  std::function<void(double)> on_progress;
};

// What a statement is going to read, from the footers of its objects.
struct PlanSummary {
  std::uint64_t objects = 0;
  std::uint64_t row_groups = 0;
  std::uint64_t row_groups_kept = 0;  // those that statistics and bloom filters do not exclude
  std::uint64_t rows_at_most = 0;     // of the kept row groups
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  // Of Estimate alone: about as much text as the read columns of these rows come to, and what their names add to it in
  // each row of JSON. Filters within a row group are not counted, so an answer of them is rarely longer.
  std::uint64_t text_bytes = 0;
  std::uint64_t name_bytes = 0;
};

struct RunSummary {
  std::uint64_t rows = 0;
  std::uint64_t reads = 0;       // requests to the lake
  std::uint64_t read_bytes = 0;  // received for them
  std::uint64_t cache_hits = 0;  // ranges that the block cache had
  PlanSummary plan;              // zeros on a local lake
  std::string next;              // of a page: the token of the page behind it, or empty
};

// A small answer in memory; cells are text as CAST(x AS VARCHAR) writes it, nullopt is NULL.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  RunSummary run;  // what it took
};

// Of an attached catalog.
struct CatalogTable {
  std::string schema;  // empty: its name is CATALOG.NAME
  std::string name;
  std::vector<Column> columns;  // empty where only the table itself knows them
};

class Database {
 public:
  static Result<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  virtual ~Database() = default;

  // Runs the statement to its end on the calling thread (and DuckDB's workers). A requested stop interrupts it and
  // answers kCancelled; the time limit kTimeout; an error of the sink or of a read is answered as it was.
  // `on_answer` hears, once and on any thread, when the sink has all of the answer and is closed before this returns:
  // DuckDB takes a while to let go of a plan, for which nobody need wait, unless it holds memory that a next one needs.
  virtual Result<RunSummary> Run(const Statement& statement, Sink& sink, std::stop_token stop,
                                 const std::function<void(const RunSummary&)>& on_answer = {}) = 0;

  // Run into many Parquet files, those of each partition in a folder of its own; `partition_by` may be empty. The
  // statement's format and limit of bytes are not looked at.
  virtual Result<RunSummary> RunParts(const Statement& statement, const std::vector<std::string>& partition_by,
                                      PartFiles& files, std::stop_token stop) = 0;

  // Run for an answer that fits in memory: at most 100,000 rows, more is kExhausted.
  virtual Result<Table> Query(const Statement& statement, std::stop_token stop = {}) = 0;

  // The columns of the statement's answer, without running it.
  virtual Result<std::vector<Column>> Describe(const Statement& statement) = 0;

  // Looks through the SELECT. kInvalid for anything but one, and, when it is `confined`, for what a statement from
  // outside may not say.
  virtual Result<TableNames> FindTables(const std::string& sql, bool confined) = 0;

  // The statement's SELECT as one that stands for itself, with its tables, globs, paths and values put in.
  virtual Result<std::string> Expand(const Statement& statement) = 0;

  // What the statement would read, without running it: from the footers of its objects alone.
  virtual Result<PlanSummary> Estimate(const Statement& statement, std::stop_token stop = {}) = 0;

  // DuckDB's plan of it, drawn as text.
  virtual Result<std::string> Explain(const Statement& statement, std::stop_token stop = {}) = 0;

  // The tables of the one catalog that the statement names; its SQL is not looked at. kUnavailable when that cannot
  // say.
  virtual Result<std::vector<CatalogTable>> ListTables(const Statement& statement, std::stop_token stop = {}) = 0;

  // kInvalid, saying what the type wants, unless the text is a value of it.
  virtual Status CheckValue(const BoundValue& value) = 0;

  virtual int threads() const = 0;

  // Statements begun with Run since the start; tests and /metrics read it.
  virtual std::uint64_t runs() const = 0;
};

// The version of the encoders, part of every ETag: bytes for one request may differ between two versions.
std::string_view EncoderVersion();

}  // namespace eider
