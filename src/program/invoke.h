// `eider invoke --local`: one event of Lambda, from a file, answered on the terminal by the code that answers in
// Lambda.
#pragma once

#include <string>

#include "program/lambda.h"

namespace eider {

// `event_file` "-" is standard input. The payload goes to standard output, as Lambda would hand it over; a function's
// error too, with exit code 1.
int InvokeLocal(const LakeOptions& lake, const LambdaOptions& options, const std::string& event_file);

}  // namespace eider
