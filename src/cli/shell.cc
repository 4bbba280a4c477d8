#include "cli/shell.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>

#include "base/text.h"
#include "cli/line_editor.h"
#include "cli/query_run.h"

namespace eider {
namespace {

constexpr std::string_view kHelp = R"(A statement ends with a semicolon and may have several lines.
  .datasets          list the lake's datasets
  .describe NAME     columns of a dataset
  .cost SQL          what a statement would read, from footers alone
  .help              this text
  .quit              leave; so does Ctrl-D
Tab completes names of datasets, of tables in attached catalogs, and of columns; Ctrl-R searches what was typed, Ctrl-C stops a statement.
)";

// What people begin statements and clauses with; not all that SQL has.
constexpr const char* kWords[] = {"AND",       "AS",       "ASC",      "BETWEEN", "BY",    "CASE",    "COUNT",
                                  "DESC",      "DESCRIBE", "DISTINCT", "FROM",    "GROUP", "HAVING",  "IN",
                                  "JOIN",      "LEFT",     "LIKE",     "LIMIT",   "ORDER", "QUALIFY", "SELECT",
                                  "SUMMARIZE", "UNION",    "USING",    "WHERE",   "WITH"};

std::string HistoryFile() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/eider/history";
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? std::string() : std::string(home) + "/.local/state/eider/history";
}

bool BeginsWith(std::string_view word, std::string_view start) {
  return word.size() >= start.size() && ::strncasecmp(word.data(), start.data(), start.size()) == 0;
}

class Shell {
 public:
  Shell(const Lake& lake, const QueryOptions& options, std::chrono::seconds time_limit, Interrupt& interrupt)
      : lake_(lake),
        options_(options),
        time_limit_(time_limit),
        interrupt_(interrupt),
        editor_(HistoryFile(), [this](std::string_view text) { return Complete(text); }) {}

  int Run() {
    fmt::print("Eider on {}. SQL ends with a semicolon; .help says more.\n", lake_.store->name());
    std::string statement;
    for (;;) {
      interrupt_.Idle();
      const auto line = editor_.Read(statement.empty() ? "eider> " : "  ...> ");
      if (line.kind == LineEditor::Line::Kind::kEnd) break;
      if (line.kind == LineEditor::Line::Kind::kInterrupted) {
        statement.clear();
        typed_.clear();
        continue;
      }
      const std::string_view text = Trim(line.text);
      if (statement.empty() && (text.empty() || text.starts_with('.') || text == "quit" || text == "exit")) {
        if (!text.empty()) editor_.Remember(line.text);
        interrupt_.Busy();
        if (!Command(text)) break;
        continue;
      }
      statement += (statement.empty() ? "" : "\n") + line.text;
      typed_ = statement;
      if (!EndsStatement(statement)) continue;
      editor_.Remember(statement);
      interrupt_.Busy();
      Answer(statement, /*cost_only=*/false);
      statement.clear();
      typed_.clear();
    }
    fmt::print("\n");
    return 0;
  }

 private:
  // False: leave.
  bool Command(std::string_view text) {
    if (text.empty()) return true;
    const auto space = text.find(' ');
    const std::string_view name = text.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? std::string_view() : Trim(text.substr(space));
    if (name == ".quit" || name == ".exit" || name == "quit" || name == "exit") return false;
    if (name == ".help") {
      fmt::print("{}", kHelp);
    } else if (name == ".datasets") {
      for (const std::string& dataset : Datasets({interrupt_.token()})) fmt::print("{}\n", dataset);
    } else if (name == ".describe") {
      Describe(std::string(rest));
    } else if (name == ".cost") {
      Answer(std::string(rest), /*cost_only=*/true);
    } else {
      (void)Complain(Invalid(fmt::format("there is no '{}'.{} .help lists what there is", name,
                                         DidYouMean(name, {".datasets", ".describe", ".cost", ".help", ".quit"}))));
    }
    return true;
  }

  void Describe(const std::string& name) {
    const auto dataset = lake_.catalog->Find(name, {interrupt_.token()});
    if (!dataset) return (void)Complain(dataset.error());
    for (const Column& column : (*dataset)->columns) fmt::print("  {}  {}\n", column.name, column.type);
  }

  void Answer(const std::string& sql, bool cost_only) {
    QueryRequest request;
    request.sql = sql;
    if (options_.limit >= 0) request.limit = static_cast<std::uint64_t>(options_.limit);
    if (cost_only) {
      if (auto status = PrintCost(lake_, request, interrupt_.token()); !status) (void)Complain(status.error());
      return;
    }
    const SteadyTime begun = SystemSteadyClock()();
    const RangeSchedulerStats before = lake_.catalog->reads();
    const auto run = PrintRows(lake_, request, interrupt_.token(), time_limit_);
    if (!run) return (void)Complain(run.error());
    const double ms = std::chrono::duration<double, std::milli>(SystemSteadyClock()() - begun).count();
    const RangeSchedulerStats after = lake_.catalog->reads();
    const bool more = run->rows > kShownRows;
    std::string took = fmt::format("{}{} row{}, {:.0f} ms", more ? "more than " : "", more ? kShownRows : run->rows,
                                   run->rows == 1 ? "" : "s", ms);
    if (lake_.store->remote()) {
      took +=
          fmt::format(", {} requests, {}", after.requests - before.requests, HumanBytes(after.bytes - before.bytes));
    }
    fmt::print("{}\n", took);
  }

  std::vector<std::string> Datasets(const Call& call) {
    std::vector<std::string> names;
    const auto list = lake_.catalog->List(call);
    if (!list) {
      (void)Complain(list.error());
      return names;
    }
    for (const DatasetConfig& config : *list) names.push_back(config.name);
    return names;
  }

  // Columns of the datasets that the statement names: only those are opened, for on a remote lake it is a round trip.
  std::vector<std::string> Complete(std::string_view text) {
    const std::string_view start = text.substr(LastWord(text));
    if (names_.empty()) names_ = Datasets({});
    const bool small = std::any_of(start.begin(), start.end(), [](unsigned char c) { return std::islower(c) != 0; });
    std::vector<std::string> known;
    for (const char* word : kWords) known.push_back(small ? ToLower(word) : word);
    const std::string statement = typed_ + "\n" + std::string(text);
    for (const std::string& name : names_) {
      known.push_back(name);
      if (statement.find(name) == std::string::npos) continue;
      for (const std::string& column : ColumnsOf(name)) known.push_back(column);
    }
    for (const std::string& name : lake_.catalog->AttachedNames()) {
      if (statement.find(name + ".") == std::string::npos) {
        known.push_back(name + ".");
        continue;
      }
      for (const auto& [table, columns] : TablesOf(name)) {
        known.push_back(table);
        if (statement.find(table) != std::string::npos) known.insert(known.end(), columns.begin(), columns.end());
      }
    }
    std::vector<std::string> words;
    for (const std::string& word : known) {
      if (BeginsWith(word, start)) words.push_back(word);
    }
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    return words;
  }

  const std::vector<std::string>& ColumnsOf(const std::string& name) {
    const auto [place, is_new] = columns_.try_emplace(name);
    if (!is_new) return place->second;
    if (const auto dataset = lake_.catalog->Find(name)) {
      for (const Column& column : (*dataset)->columns) place->second.push_back(column.name);
    }
    return place->second;
  }

  // Of an attached catalog, by their names as SQL writes them, with their columns; none while it cannot be asked.
  using Tables = std::map<std::string, std::vector<std::string>>;
  const Tables& TablesOf(const std::string& name) {
    const auto [place, is_new] = tables_.try_emplace(name);
    if (!is_new) return place->second;
    const auto catalog = lake_.catalog->FindAttached(name);
    if (!catalog) return place->second;
    Statement statement;
    statement.catalogs.emplace(ToLower(name), *catalog);
    const auto tables = lake_.database->ListTables(statement);
    if (!tables) return place->second;
    for (const CatalogTable& table : *tables) {
      std::string path = name + "." + (table.schema.empty() ? "" : NameInSql(table.schema) + ".");
      auto& columns = place->second[path + NameInSql(table.name)];
      for (const Column& column : table.columns) columns.push_back(column.name);
    }
    return place->second;
  }

  const Lake& lake_;
  const QueryOptions& options_;
  const std::chrono::seconds time_limit_;
  Interrupt& interrupt_;
  std::string typed_;  // lines of the statement before the one that is edited
  std::vector<std::string> names_;
  std::map<std::string, std::vector<std::string>> columns_;
  std::map<std::string, Tables> tables_;
  LineEditor editor_;
};

}  // namespace

bool EndsStatement(std::string_view text) {
  bool ended = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool line_comment = text.substr(at).starts_with("--");
    if (line_comment || text.substr(at).starts_with("/*")) {
      const std::size_t end = text.find(line_comment ? "\n" : "*/", at + 2);
      if (end == std::string_view::npos) return line_comment && ended;
      at = end + (line_comment ? 0 : 1);
    } else if (c == '\'' || c == '"') {
      at = text.find(c, at + 1);  // a doubled one ends the text and begins another
      if (at == std::string_view::npos) return false;
      ended = false;
    } else if (c == ';') {
      ended = true;
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      ended = false;
    }
  }
  return ended;
}

int RunShell(const Lake& lake, const QueryOptions& options, std::chrono::seconds time_limit, Interrupt& interrupt) {
  return Shell(lake, options, time_limit, interrupt).Run();
}

}  // namespace eider
