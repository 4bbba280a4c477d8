// The expressions of templates: literals and calls, as Jinja writes them. Pure functions.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace eider {

struct TemplateValue;

// name=value of a call, or an argument without a name.
struct TemplateArgument {
  std::string name;
  std::size_t offset = 0;            // where it stands
  std::vector<TemplateValue> value;  // one; a vector because the type is not complete here
};

struct TemplateValue {
  enum class Kind { kText, kNumber, kName, kList, kMap, kCall };
  Kind kind = Kind::kText;
  std::size_t offset = 0;                   // where it stands
  std::string text;                         // of a text or a number; the name of a name (true, this) or of a call
  std::vector<TemplateArgument> arguments;  // of a call; the entries of a list or map
};

// What a call within an expression, such as env_var('X'), stands for.
using TemplateCall = std::function<Result<std::string>(const TemplateValue& call)>;

// Reads text[begin, end), all of it. Texts may be joined with '~'; calls are left as calls, except beside '~' and as
// arguments, where `call` says their text. kInvalid saying where.
Result<TemplateValue> ParseTemplateExpression(std::string_view text, std::size_t begin, std::size_t end,
                                              const TemplateCall& call);

}  // namespace eider
