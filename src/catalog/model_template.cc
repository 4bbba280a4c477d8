#include "catalog/model_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/text_place.h"
#include "engine/database.h"

namespace eider {
namespace {

constexpr std::string_view kKnown =
    "Eider reads ref(), source(), config(), this, env_var(), {% if is_incremental() %}, {% else %}, {% endif %} and {# "
    "comments #} of dbt's templates, and no other Jinja";

class Renderer {
 public:
  Renderer(std::string_view text, const TemplateOptions& options) : text_(text), options_(options) {}

  Result<Rendered> Run() {
    while (at_ < text_.size()) {
      const std::size_t open = NextOpening();
      Emit(text_.substr(at_, open - at_));
      at_ = open;
      if (open == text_.size()) break;
      const char kind = text_[open + 1];
      const auto close = Closing(kind);
      if (!close) return close.error();
      // "{{- x -}}" trims the space around it, which SQL does not care for.
      const std::size_t begin = open + 2 + (text_[open + 2] == '-' ? 1 : 0);
      const std::size_t end = *close - (text_[*close - 1] == '-' && *close - 1 >= begin ? 1 : 0);
      if (auto status = Put(kind, begin, end); !status) return status.error();
      // What was left out keeps its lines, so that errors name those of the file.
      Emit(std::string(static_cast<std::size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(open),
                                                           text_.begin() + static_cast<std::ptrdiff_t>(*close), '\n')),
                       '\n'),
           /*always=*/true);
      at_ = *close + 2;
    }
    if (branch_ != Branch::kNone) return Wrong(if_offset_, "this {% if %} has no {% endif %}");
    return std::move(rendered_);
  }

 private:
  enum class Branch { kNone, kTaken, kLeftOut };

  std::size_t NextOpening() const {
    for (std::size_t at = text_.find('{', at_); at != std::string_view::npos; at = text_.find('{', at + 1)) {
      if (at + 1 < text_.size() && std::string_view("{%#").find(text_[at + 1]) != std::string_view::npos) return at;
    }
    return text_.size();
  }

  // Where "}}", "%}" or "#}" stands, which closes what opens here; within quotes it does not.
  Result<std::size_t> Closing(char kind) const {
    const std::string close = kind == '{' ? "}}" : std::string{kind, '}'};
    char quote = '\0';
    for (std::size_t at = at_ + 2; at + 1 < text_.size(); ++at) {
      if (quote != '\0') {
        if (text_[at] == quote) quote = '\0';
        continue;
      }
      if (text_.substr(at, 2) == close) return at;
      if (kind != '#' && (text_[at] == '\'' || text_[at] == '"')) quote = text_[at];
    }
    return Wrong(at_, fmt::format("'{}' is not closed by '{}'", text_.substr(at_, 2), close));
  }

  Status Put(char kind, std::size_t begin, std::size_t end) {
    if (kind == '#') return {};
    if (kind == '%') return Block(begin, end);
    auto value = ParseTemplateExpression(text_, begin, end, [this](const TemplateValue& call) { return Nested(call); });
    if (!value) return value.error();
    return Expression(*value);
  }

  Status Block(std::size_t begin, std::size_t end) {
    std::vector<std::string> words;
    for (const std::string& word : Split(std::string(text_.substr(begin, end - begin)), ' ')) {
      if (const auto trimmed = Trim(word); !trimmed.empty()) words.emplace_back(trimmed);
    }
    const std::string block = Join(words, " ");
    const bool plain = block == "if is_incremental()";
    if (plain || block == "if not is_incremental()") {
      if (branch_ != Branch::kNone) return Wrong(at_, "an {% if %} within another is not read here");
      branch_ = plain == options_.incremental ? Branch::kTaken : Branch::kLeftOut;
      if_offset_ = at_;
      return {};
    }
    if (branch_ != Branch::kNone && block == "else") {
      branch_ = branch_ == Branch::kTaken ? Branch::kLeftOut : Branch::kTaken;
      return {};
    }
    if (branch_ != Branch::kNone && block == "endif") {
      branch_ = Branch::kNone;
      return {};
    }
    return Wrong(at_, fmt::format("'{}' is not understood. {}", block, kKnown));
  }

  Status Expression(const TemplateValue& value) {
    if (value.kind == TemplateValue::Kind::kName && value.text == "this") {
      rendered_.reads_itself |= branch_ != Branch::kLeftOut;
      Emit("lake." + QuoteIdentifier(options_.name));
      return {};
    }
    if (value.kind == TemplateValue::Kind::kCall) {
      if (value.text == "config") return Config(value);
      if (value.text == "ref") return Table(value, 1, 2);
      if (value.text == "source") return Table(value, 2, 2);
      if (value.text == "env_var") {
        const auto text = EnvironmentVariable(value);
        if (!text) return text.error();
        Emit(*text);
        return {};
      }
    }
    return Wrong(value.offset, fmt::format("'{}' is not understood. {}", value.text, kKnown));
  }

  // ref('x') and ref('package', 'x'); source('s', 'x'). What stands before x says which to dbt alone: in a lake a name
  // is a name.
  Status Table(const TemplateValue& call, std::size_t fewest, std::size_t most) {
    const auto texts = TextArguments(call, fewest, most);
    if (!texts) return texts.error();
    if (branch_ == Branch::kLeftOut) return {};
    if (call.text == "ref") rendered_.refs.emplace_back(texts->back(), call.offset);
    Emit("lake." + QuoteIdentifier(texts->back()));
    return {};
  }

  Status Config(const TemplateValue& call) {
    for (const TemplateArgument& argument : call.arguments) {
      if (argument.name.empty())
        return Wrong(argument.offset, "config() wants NAME=VALUE, such as materialized='table'");
      rendered_.config.push_back(argument);
    }
    return {};
  }

  // A call that is an argument, or joined to a text.
  Result<std::string> Nested(const TemplateValue& call) const {
    if (call.text == "env_var") return EnvironmentVariable(call);
    return Wrong(call.offset, fmt::format("'{}()' is not understood here. {}", call.text, kKnown));
  }

  Result<std::string> EnvironmentVariable(const TemplateValue& call) const {
    const auto texts = TextArguments(call, 1, 2);
    if (!texts) return texts.error();
    const auto found = options_.environment.find(texts->front());
    if (found != options_.environment.end()) return found->second;
    if (texts->size() == 2) return texts->back();
    return Wrong(call.offset,
                 fmt::format("models may not read the environment variable '{}', or it is not set: name it with "
                             "--model-env {}, for what a model reads may be published",
                             texts->front(), texts->front()));
  }

  Result<std::vector<std::string>> TextArguments(const TemplateValue& call, std::size_t fewest,
                                                 std::size_t most) const {
    std::vector<std::string> texts;
    for (const TemplateArgument& argument : call.arguments) {
      if (!argument.name.empty() || argument.value[0].kind != TemplateValue::Kind::kText) {
        return Wrong(argument.offset, fmt::format("{}() wants texts in quotes", call.text));
      }
      texts.push_back(argument.value[0].text);
    }
    if (texts.size() >= fewest && texts.size() <= most) return texts;
    return Wrong(
        call.offset,
        fmt::format("{}() wants {} texts in quotes, not {}", call.text,
                    fewest == most ? fmt::format("{}", fewest) : fmt::format("{} or {}", fewest, most), texts.size()));
  }

  void Emit(std::string_view text, bool always = false) {
    if (branch_ != Branch::kLeftOut || always) {
      rendered_.sql += text;
    } else {
      rendered_.sql.append(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), '\n');
    }
  }

  Error Wrong(std::size_t offset, std::string_view message) const { return Invalid(AtPlace(text_, offset, message)); }

  const std::string_view text_;
  const TemplateOptions& options_;
  std::size_t at_ = 0;
  Branch branch_ = Branch::kNone;
  std::size_t if_offset_ = 0;
  Rendered rendered_;
};

}  // namespace

Result<Rendered> RenderTemplate(std::string_view text, const TemplateOptions& options) {
  return Renderer(text, options).Run();
}

}  // namespace eider
