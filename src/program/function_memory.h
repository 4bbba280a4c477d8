// What a Lambda function has of memory and disk, given out to the parts of Eider where nobody said otherwise.
#pragma once

#include "cli/options.h"

namespace eider {

// By AWS_LAMBDA_FUNCTION_MEMORY_SIZE, in MB, and what the folder for temporary files has free. Changes nothing where
// the variable is not set.
void FitToFunction(LakeOptions& options);

}  // namespace eider
