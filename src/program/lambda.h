// `eider lambda`: the lake's service as a function of AWS Lambda, until Lambda ends it.
#pragma once

#include <string>

#include "cli/options.h"
#include "cli/session.h"
#include "lambda/function.h"

namespace eider {

struct LambdaOptions {
  InvokeMode mode = InvokeMode::kAuto;
  std::string keys_file;  // of eider keys; empty: as eider.yaml says
  bool direct_needs_key = false;
  bool mask_values = false;
};

// What the options say of invocations.
FunctionOptions OptionsOf(const LakeOptions& lake, const LambdaOptions& options);

// The service for whoever Lambda lets invoke the function: requests without a key are answered, unless there are keys.
Result<Session> OpenFunction(const LakeOptions& lake, const LambdaOptions& options);

// Blocks until SIGTERM, SIGINT, or an end of the runtime API. Answers the exit code.
int ServeInvocations(const LakeOptions& lake, const LambdaOptions& options);

}  // namespace eider
