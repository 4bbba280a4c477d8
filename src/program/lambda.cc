#include "program/lambda.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/log.h"
#include "base/text.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "lambda/invocation_loop.h"
#include "lambda/runtime_api.h"
#include "program/function_memory.h"
#include "program/memory_cap.h"

namespace eider {
namespace {

// Readable once the process was told to end. Before any thread starts, so that all of them leave the signals to it.
Descriptor StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

int Concurrency() {
  constexpr std::uint64_t kMost = 1600;  // what Lambda allows for one machine
  const auto told = ParseUint(Variable("AWS_LAMBDA_MAX_CONCURRENCY"));
  return static_cast<int>(std::clamp<std::uint64_t>(told.value_or(1), 1, kMost));
}

}  // namespace

FunctionOptions OptionsOf(const LakeOptions& lake, const LambdaOptions& options) {
  FunctionOptions function;
  function.mode = options.mode;
  function.direct_needs_key = options.direct_needs_key;
  function.links = !lake.results.empty();
  return function;
}

Result<Session> OpenFunction(const LakeOptions& lake, const LambdaOptions& options) {
  // The functions that this replaces chose between two engines by it.
  if (const std::string told = ToLower(Variable("USE_DUCKDB")); !told.empty() && told != "true" && told != "1") {
    Log(LogLevel::kWarn, "use_duckdb_ignored", {{"reason", "DuckDB is the only engine here"}});
  }
  ServiceOptions service;
  service.mask_values = options.mask_values;
  service.sweep_results = false;  // a thread would sleep between invocations, and list at each start
  return OpenSession(lake, service, options.keys_file, /*keys_close=*/true);
}

int ServeInvocations(const LakeOptions& lake, const LambdaOptions& options) {
  const Descriptor stop = StopSignals();
  const std::string told = Variable("AWS_LAMBDA_RUNTIME_API");
  if (told.empty()) {
    return Complain(
        Invalid("eider lambda is what AWS Lambda starts, and AWS_LAMBDA_RUNTIME_API is not set; eider "
                "invoke --local EVENT.json answers an event without it"));
  }
  const auto address = ParseRuntimeAddress(told);
  if (!address) return Complain(address.error());
  auto session = OpenFunction(lake, options);
  if (!session) {
    // Lambda shows it to who asks; the log has it anyhow.
    FunctionError error = FunctionErrorOf(session.error());
    error.type = "StartFailed";
    if (const auto told_so = RuntimeApi(*address, stop.get()).InitError(error); !told_so) Complain(told_so.error());
    return Complain(session.error());
  }
  LoopOptions loop;
  loop.address = *address;
  loop.function = OptionsOf(lake, options);
  loop.function.stop_fd = stop.get();
  loop.concurrency = Concurrency();
  if (loop.concurrency == 1) {  // else there are others' queries to wait for
    loop.settle = [&](SteadyTime until) { session->productions->WaitUntilIdle(until); };
  }
  if (const auto bytes = FunctionMemory()) CapFunctionMemory(*bytes);
  const auto ended = RunInvocations(*session->service, loop);
  return ended ? 0 : Complain(ended.error());
}

}  // namespace eider
