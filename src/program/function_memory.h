// What a Lambda function has of memory and disk, given out to the parts of Eider where nobody said otherwise.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/options.h"

namespace eider {

// Bytes that the function has in all, as Lambda says.
std::optional<std::uint64_t> FunctionMemory();

// By AWS_LAMBDA_FUNCTION_MEMORY_SIZE, in MB, and what the folder for temporary files has free. Changes nothing where
// the variable is not set.
void FitToFunction(LakeOptions& options);

}  // namespace eider
