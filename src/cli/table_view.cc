#include "cli/table_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cwchar>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace eider {
namespace {

// Of a cell where no line is bounded, and of one whose line is too long before columns are left out.
constexpr std::size_t kWidestCell = 40;
constexpr std::size_t kNarrowestCell = 8;
constexpr std::size_t kGap = 2;  // between columns
constexpr std::string_view kCut = "…";

// A character as it is shown, and how many cells it takes. Control characters, and what is no character, are spelled
// out: a cell must not move the cursor or colour what follows.
struct Shown {
  std::string text;
  std::size_t cells = 1;
};

Shown ShowFirst(std::string_view& text, std::mbstate_t& state) {
  wchar_t wide = 0;
  const std::size_t length = std::mbrtowc(&wide, text.data(), text.size(), &state);
  if (length == 0 || length > text.size()) {  // NUL, or not UTF-8
    const auto byte = static_cast<unsigned char>(text.front());
    state = {};
    text.remove_prefix(1);
    return {fmt::format("\\x{:02x}", byte), 4};
  }
  const std::string_view bytes = text.substr(0, length);
  text.remove_prefix(length);
  if (wide == L'\n') return {"\\n", 2};
  if (wide == L'\t') return {"\\t", 2};
  if (wide == L'\r') return {"\\r", 2};
  const int cells = ::wcwidth(wide);
  if (cells >= 0) return {std::string(bytes), static_cast<std::size_t>(cells)};
  std::string spelled = fmt::format("\\u{:04x}", static_cast<std::uint32_t>(wide));
  const std::size_t taken = spelled.size();
  return {std::move(spelled), taken};
}

Shown Show(std::string_view text, std::size_t widest) {
  Shown shown{{}, 0};
  Shown cut;  // where an ellipsis would still fit
  std::mbstate_t state{};
  while (!text.empty()) {
    const Shown next = ShowFirst(text, state);
    if (shown.cells + 1 <= widest) cut = shown;
    if (shown.cells + next.cells > widest) return {cut.text + std::string(kCut), cut.cells + 1};
    shown.text += next.text;
    shown.cells += next.cells;
  }
  return shown;
}

class Drawing {
 public:
  Drawing(const Table& table, std::size_t rows, std::size_t width)
      : table_(table), rows_(std::min(rows, table.rows.size())), width_(width) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) columns_.push_back(i);
    for (const Column& column : table.columns) widths_.push_back(Show(column.name, SIZE_MAX).cells);
    for (std::size_t row = 0; row < rows_; ++row) {
      for (std::size_t i = 0; i < widths_.size(); ++i) {
        widths_[i] = std::max(widths_[i], Show(CellText(row, i), kWidestMeasured).cells);
      }
    }
    Fit();
  }

  std::string Draw() const {
    std::string text = Line([&](std::size_t i) { return std::string_view(table_.columns[i].name); });
    text += Rule();
    for (std::size_t row = 0; row < rows_; ++row) {
      text += Line([&](std::size_t i) { return CellText(row, i); });
    }
    return text + More();
  }

 private:
  // No terminal is wider, and no cell is measured beyond it.
  static constexpr std::size_t kWidestMeasured = 1000;

  std::string_view CellText(std::size_t row, std::size_t column) const {
    const auto& cell = table_.rows[row][column];
    return cell ? std::string_view(*cell) : std::string_view("NULL");
  }

  std::size_t Total() const {
    std::size_t total = columns_.empty() ? 0 : (columns_.size() - 1) * kGap;
    for (const std::size_t i : columns_) total += widths_[i];
    return total + (columns_.size() < widths_.size() ? kGap + 1 : 0);
  }

  void Fit() {
    const std::size_t widest = width_ == 0 ? kWidestCell : width_;
    for (std::size_t& width : widths_) width = std::min(width, widest);
    if (width_ == 0) return;
    while (Total() > width_) {
      // The widest gives way first, down to what the second widest has or to what is needed.
      const auto wide = std::max_element(columns_.begin(), columns_.end(),
                                         [&](std::size_t a, std::size_t b) { return widths_[a] < widths_[b]; });
      if (widths_[*wide] > kNarrowestCell) {
        --widths_[*wide];
      } else if (columns_.size() > 1) {
        columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(columns_.size() / 2));
      } else {
        return;
      }
    }
  }

  // Where the columns were left out, if any were.
  std::size_t gap_at() const { return columns_.size() < widths_.size() ? columns_.size() / 2 : SIZE_MAX; }

  template <class CellOf>
  std::string Line(const CellOf& cell) const {
    std::string line;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (at == gap_at()) line += fmt::format("{}{}", kCut, std::string(kGap, ' '));
      const std::size_t i = columns_[at];
      const Shown shown = Show(cell(i), widths_[i]);
      const std::string fill(widths_[i] - shown.cells, ' ');
      const bool number = table_.columns[i].type_class == TypeClass::kNumber;
      line += number ? fill + shown.text : shown.text + fill;
      line.append(kGap, ' ');
    }
    if (gap_at() == columns_.size()) line += kCut;
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  }

  std::string Rule() const {
    std::string line;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (at == gap_at()) line.append(kGap + 1, ' ');
      line += std::string(widths_[columns_[at]], '-') + std::string(kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  }

  std::string More() const {
    std::vector<std::string> more;
    if (table_.rows.size() > rows_) more.push_back(fmt::format("{} rows shown", rows_));
    if (columns_.size() < widths_.size()) {
      more.push_back(fmt::format("{} of {} columns shown", columns_.size(), widths_.size()));
    }
    if (more.empty()) return {};
    return fmt::format("({}; --format csv or -o FILE for all)\n", Join(more, ", "));
  }

  const Table& table_;
  const std::size_t rows_;
  const std::size_t width_;
  std::vector<std::size_t> columns_;  // shown, in order
  std::vector<std::size_t> widths_;   // of all
};

}  // namespace

std::string DrawTable(const Table& table, std::size_t rows, std::size_t width) {
  return Drawing(table, rows, width).Draw();
}

std::size_t TerminalWidth() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1) return 0;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  return columns == nullptr ? 0 : ParseUint(columns).value_or(0);
}

}  // namespace eider
