#include "catalog/template_expression.h"

#include <fmt/format.h>

#include <cctype>

#include "base/text_place.h"

namespace eider {
namespace {

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Nested lists and calls; nobody writes more, and each is a call of this program's stack.
constexpr int kDeepest = 20;

class ExpressionReader {
 public:
  ExpressionReader(std::string_view text, std::size_t begin, std::size_t end, const TemplateCall& call)
      : text_(text), at_(begin), end_(end), call_(call) {}

  Result<TemplateValue> Whole() {
    auto value = Joined();
    if (!value) return value;
    if (Peek() != '\0') return Wrong(fmt::format("'{}' is not understood here", Peek()));
    return value;
  }

 private:
  // VALUE, or TEXT ~ TEXT.
  Result<TemplateValue> Joined() {
    if (++depth_ > kDeepest) return Wrong("this is nested too deeply");
    auto value = One();
    while (value && Peek() == '~') {
      ++at_;
      auto next = One();
      if (!next) return next;
      const auto left = TextOf(*value);
      const auto right = TextOf(*next);
      if (!left) return left.error();
      if (!right) return right.error();
      value->kind = TemplateValue::Kind::kText;
      value->text = *left + *right;
      value->arguments.clear();
    }
    --depth_;
    return value;
  }

  Result<TemplateValue> One() {
    TemplateValue value;
    const char next = Peek();
    value.offset = at_;
    if (next == '\'' || next == '"') return Text(std::move(value));
    if (next == '[') return Entries(std::move(value), TemplateValue::Kind::kList, ']');
    if (next == '{') return Entries(std::move(value), TemplateValue::Kind::kMap, '}');
    if (next == '-' || std::isdigit(static_cast<unsigned char>(next)) != 0) return Number(std::move(value));
    if (IsWordByte(next)) return Word(std::move(value));
    return Wrong("a name, a text in quotes, a number or a list is wanted here");
  }

  Result<TemplateValue> Text(TemplateValue value) {
    const char quote = text_[at_++];
    for (; at_ < end_ && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < end_) ++at_;
      value.text += text_[at_];
    }
    if (at_ >= end_) return At(value.offset, "this text has no closing quote");
    ++at_;
    return value;
  }

  Result<TemplateValue> Number(TemplateValue value) {
    value.kind = TemplateValue::Kind::kNumber;
    do {
      value.text += text_[at_++];
    } while (at_ < end_ && (IsWordByte(text_[at_]) || text_[at_] == '.'));
    return value;
  }

  Result<TemplateValue> Word(TemplateValue value) {
    while (at_ < end_ && (IsWordByte(text_[at_]) || text_[at_] == '.')) value.text += text_[at_++];
    value.kind = TemplateValue::Kind::kName;
    return Peek() == '(' ? Entries(std::move(value), TemplateValue::Kind::kCall, ')') : Result(std::move(value));
  }

  // From the bracket to the one that closes it.
  Result<TemplateValue> Entries(TemplateValue value, TemplateValue::Kind kind, char close) {
    value.kind = kind;
    ++at_;
    while (Peek() != close) {
      TemplateArgument entry;
      entry.offset = at_;
      auto read = Joined();
      if (!read) return read;
      const char sign = kind == TemplateValue::Kind::kMap ? ':' : kind == TemplateValue::Kind::kCall ? '=' : '\0';
      if (sign != '\0' && Peek() == sign) {
        ++at_;
        entry.name = read->text;
        read = Joined();
        if (!read) return read;
      }
      if (read->kind == TemplateValue::Kind::kCall) {
        auto text = call_(*read);
        if (!text) return text.error();
        *read = {TemplateValue::Kind::kText, read->offset, *std::move(text), {}};
      }
      entry.value.push_back(*std::move(read));
      value.arguments.push_back(std::move(entry));
      if (Peek() == ',') {
        ++at_;
      } else if (Peek() != close) {
        return Wrong(fmt::format("',' or '{}' is wanted here", close));
      }
    }
    ++at_;
    return value;
  }

  Result<std::string> TextOf(const TemplateValue& value) {
    if (value.kind == TemplateValue::Kind::kCall) return call_(value);
    if (value.kind == TemplateValue::Kind::kText || value.kind == TemplateValue::Kind::kNumber) return value.text;
    return At(value.offset, "'~' joins texts");
  }

  // The next byte that is no space; NUL at the end.
  char Peek() {
    while (at_ < end_ && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ < end_ ? text_[at_] : '\0';
  }

  Error At(std::size_t offset, std::string_view message) const { return Invalid(AtPlace(text_, offset, message)); }
  Error Wrong(std::string_view message) const { return At(at_, message); }

  const std::string_view text_;
  std::size_t at_;
  const std::size_t end_;
  const TemplateCall& call_;
  int depth_ = 0;
};

}  // namespace

Result<TemplateValue> ParseTemplateExpression(std::string_view text, std::size_t begin, std::size_t end,
                                              const TemplateCall& call) {
  return ExpressionReader(text, begin, end, call).Whole();
}

}  // namespace eider
