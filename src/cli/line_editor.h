// Lines of text from a terminal: editing, history kept from one run to the next, completion. Wraps libedit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eider {

// Words that may stand where the last one of `text` begins, each beginning as that does, letters' case ignored.
using Complete = std::function<std::vector<std::string>(std::string_view text)>;

class LineEditor {
 public:
  struct Line {
    enum class Kind { kText, kInterrupted, kEnd };  // Ctrl-C; Ctrl-D on an empty line
    Kind kind = Kind::kText;
    std::string text;  // without its newline
  };

  // `history_file`: empty for none. It is made, for its owner alone, with the first entry.
  LineEditor(std::string history_file, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // The terminal's keys send no signal while this waits.
  Line Read(const std::string& prompt);

  void Remember(const std::string& entry);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// Where the last word of `text` begins: behind what cannot be part of a name.
std::size_t LastWord(std::string_view text);

}  // namespace eider
