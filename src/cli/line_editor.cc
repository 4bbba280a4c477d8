#include "cli/line_editor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <histedit.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>

namespace eider {
namespace {

constexpr int kKeptEntries = 1000;
constexpr std::size_t kShownWords = 100;  // of a completion

// What all of them begin with, as the first one spells it.
std::string CommonStart(const std::vector<std::string>& words) {
  std::string start = words.front();
  for (const std::string& word : words) {
    std::size_t same = 0;
    while (same < std::min(start.size(), word.size()) && std::tolower(static_cast<unsigned char>(start[same])) ==
                                                             std::tolower(static_cast<unsigned char>(word[same]))) {
      ++same;
    }
    start.resize(same);
  }
  return start;
}

}  // namespace

std::size_t LastWord(std::string_view text) {
  std::size_t at = text.size();
  const auto in_name = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c > 127;
  };
  while (at > 0 && in_name(static_cast<unsigned char>(text[at - 1]))) --at;
  return at;
}

struct LineEditor::State {
  std::string history_file;
  Complete complete;
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string prompt;
  bool interrupted = false;

  static State& Of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<State*>(self);
  }
  static char* Prompt(EditLine* editor) { return Of(editor).prompt.data(); }

  static unsigned char OnInterrupt(EditLine* editor, int) {
    Of(editor).interrupted = true;
    std::fputs("^C\n", stdout);
    return CC_NEWLINE;
  }

  static unsigned char OnComplete(EditLine* editor, int) {
    const LineInfo* line = el_line(editor);
    const std::string_view text(line->buffer, static_cast<std::size_t>(line->cursor - line->buffer));
    const std::size_t word = LastWord(text);
    const auto words = Of(editor).complete(text);
    if (words.empty()) return CC_REFRESH_BEEP;
    const std::string start = CommonStart(words);
    const std::size_t typed = text.size() - word;
    const std::string rest = start.size() > typed ? start.substr(typed) : std::string();
    const bool ended = words.size() == 1 && !words.front().ends_with('.');
    const std::string insert = ended ? rest + " " : rest;
    if (!insert.empty()) {
      el_insertstr(editor, insert.c_str());
      return CC_REFRESH;
    }
    std::fputc('\n', stdout);
    for (std::size_t i = 0; i < std::min(words.size(), kShownWords); ++i) fmt::print("{}  ", words[i]);
    fmt::print("{}\n", words.size() > kShownWords ? "..." : "");
    return CC_REDISPLAY;
  }
};

LineEditor::LineEditor(std::string history_file, Complete complete) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.history_file = std::move(history_file);
  state.complete = std::move(complete);
  state.editor = el_init("eider", stdin, stdout, stderr);
  state.history = history_init();
  HistEvent event;
  history(state.history, &event, H_SETSIZE, kKeptEntries);
  history(state.history, &event, H_SETUNIQUE, 1);
  if (!state.history_file.empty()) history(state.history, &event, H_LOAD, state.history_file.c_str());
  el_set(state.editor, EL_CLIENTDATA, &state);
  el_set(state.editor, EL_PROMPT, &State::Prompt);
  el_set(state.editor, EL_EDITOR, "emacs");
  el_set(state.editor, EL_HIST, ::history, state.history);
  el_set(state.editor, EL_ADDFN, "eider-interrupt", "Begin the line anew", &State::OnInterrupt);
  el_set(state.editor, EL_ADDFN, "eider-complete", "Complete a name", &State::OnComplete);
  el_set(state.editor, EL_BIND, "^C", "eider-interrupt", nullptr);
  el_set(state.editor, EL_BIND, "^I", "eider-complete", nullptr);
  el_set(state.editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  // Ctrl-C is a key of the line's and no signal, as long as one is read.
  el_set(state.editor, EL_SETTY, "-d", "-isig", nullptr);
}

LineEditor::~LineEditor() {
  history_end(state_->history);
  el_end(state_->editor);
}

LineEditor::Line LineEditor::Read(const std::string& prompt) {
  state_->prompt = prompt;
  state_->interrupted = false;
  // Before the prompt: who sees that may type, and Ctrl-C would still be a signal, Ctrl-D lost.
  el_set(state_->editor, EL_PREP_TERM, 1);
  int length = 0;
  const char* line = el_gets(state_->editor, &length);
  if (state_->interrupted) return {Line::Kind::kInterrupted, {}};
  if (line == nullptr || length <= 0) return {Line::Kind::kEnd, {}};
  std::string text(line, static_cast<std::size_t>(length));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return {Line::Kind::kText, std::move(text)};
}

void LineEditor::Remember(const std::string& entry) {
  HistEvent event;
  history(state_->history, &event, H_ENTER, entry.c_str());
  if (state_->history_file.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(state_->history_file).parent_path(), ignored);
  // Queries may name what is nobody else's business.
  const int file = ::open(state_->history_file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  ::close(file);
  history(state_->history, &event, H_SAVE, state_->history_file.c_str());
}

}  // namespace eider
