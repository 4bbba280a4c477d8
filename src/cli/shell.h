// The shell of `eider query`: statements typed on a terminal, answered one after another.
#pragma once

#include <chrono>
#include <string_view>

#include "cli/interrupt.h"
#include "cli/session.h"
#include "cli/verbs.h"

namespace eider {

// Until it is left; answers the exit code. Ctrl-C ends a statement that runs, or begins the line anew.
int RunShell(const Lake& lake, const QueryOptions& options, std::chrono::seconds time_limit, Interrupt& interrupt);

// Whether `text` ends a statement: with a semicolon that stands in no quotes and no comment.
bool EndsStatement(std::string_view text);

}  // namespace eider
