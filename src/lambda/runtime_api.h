// RuntimeApi: Lambda's runtime API of 2018-06-01, as its client sees it: the next invocation, and errors of the start.
// One thread at a time; with several at once, each has its own.
#pragma once

#include <string>

#include "api/function_error.h"
#include "lambda/runtime_connection.h"

namespace eider {

struct LambdaInvocation {
  std::string id;
  std::string event;             // JSON, as it came
  bool event_too_large = false;  // then `event` is not there
  SteadyTime deadline = SteadyTime::max();
  SteadyTime work_until = SteadyTime::max();  // what has not ended by then is cancelled, so that it can still be told
};

// Of the time left: a tenth, at most half a second. To cancel a query and to post its error takes milliseconds of a
// core, and a function of 128 MB has a fourteenth of one.
SteadyTime WorkUntil(SteadyTime now, SteadyTime deadline);

class RuntimeApi {
 public:
  // `stop_fd` ends the wait for an invocation once it can be read.
  RuntimeApi(RuntimeAddress address, int stop_fd);

  // Blocks until there is one. kCancelled: stopped. Any other error: the API answers nothing useful any more, and the
  // process should end.
  Result<LambdaInvocation> Next();

  Status InitError(const FunctionError& error);

  RuntimeConnection& connection() { return connection_; }

 private:
  Result<LambdaInvocation> Read(RuntimeReply reply) const;

  RuntimeConnection connection_;
  const int stop_fd_;
};

}  // namespace eider
