// Templates: SQL with the part of dbt's Jinja that says what a model reads and how it is built, and no more:
// {{ ref('x') }}, {{ source('s', 'x') }}, {{ config(…) }}, {{ this }}, {{ env_var('X', 'default') }},
// {% if [not] is_incremental() %} … {% else %} … {% endif %} and {# comments #}. As in dbt, they count in SQL's
// comments too. Pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/template_expression.h"

namespace eider {

struct TemplateOptions {
  std::string name;                                // of the model: what {{ this }} is
  std::map<std::string, std::string> environment;  // the variables that env_var() may name
  bool incremental = false;                        // what is_incremental() says
};

struct Rendered {
  // What the templates stand for in their place, a dataset or model x as lake."x"; each line where it was.
  std::string sql;
  std::vector<std::pair<std::string, std::size_t>> refs;  // with the byte where each stands
  std::vector<TemplateArgument> config;                   // of all config()s
  bool reads_itself = false;                              // {{ this }}
};

// kInvalid saying where, for what is none of the above.
Result<Rendered> RenderTemplate(std::string_view text, const TemplateOptions& options);

}  // namespace eider
