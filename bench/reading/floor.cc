// The floor of `./dev bench lake`: fetches ranges that are known beforehand and drops their bytes, nothing else.
//
// `eider_floor s3://BUCKET PLAN`: a file with one step a line: "list PREFIX", "get KEY OFFSET LENGTH", or "then", which
// waits for all that stands before it. Prints seconds, from the first step to the last byte. Endpoint and credentials
// come from AWS's environment variables.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "object/object_store.h"

namespace eider {
namespace {

// As many as Eider's own scheduler and no more.
constexpr int kInFlight = 128;

struct Step {
  std::string verb;
  std::string key;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

std::vector<Step> ReadPlan(const std::string& path) {
  std::ifstream lines(path);
  std::vector<Step> plan;
  for (std::string line; std::getline(lines, line);) {
    Step& step = plan.emplace_back();
    std::istringstream(line) >> step.verb >> step.key >> step.offset >> step.length;
  }
  return plan;
}

class Fetcher {
 public:
  explicit Fetcher(ObjectStore& store) : store_(store) {}

  Status Run(std::span<const Step> plan) {
    while (!plan.empty()) {
      const auto end = std::ranges::find(plan, "then", &Step::verb);
      const auto steps = plan.first(static_cast<std::size_t>(end - plan.begin()));
      if (auto done = SideBySide(steps); !done) return done;
      plan = plan.subspan(std::min(steps.size() + 1, plan.size()));
    }
    return {};
  }

  std::uint64_t bytes() const { return bytes_; }

 private:
  Status SideBySide(std::span<const Step> steps) {
    std::atomic<std::size_t> next = 0;
    std::vector<Status> ended(std::min<std::size_t>(steps.size(), kInFlight));
    {
      std::vector<std::jthread> threads;
      for (Status& status : ended) {
        threads.emplace_back([&] {
          for (std::size_t i; status.ok() && (i = next++) < steps.size();) status = Take(steps[i]);
        });
      }
    }
    const auto failed = std::ranges::find(ended, false, &Status::ok);
    return failed == ended.end() ? Status() : *failed;
  }

  Status Take(const Step& step) {
    if (step.verb == "list") return ListAll(step.key);
    const auto got =
        store_.Get({step.key, ByteRange::Span(step.offset, step.length), {}, {}}, [this](std::span<const char> piece) {
          bytes_ += piece.size();
          return true;
        });
    return got ? Status() : Status(got.error());
  }

  Status ListAll(const std::string& prefix) {
    ListRequest request;
    request.prefix = prefix;
    do {
      auto page = store_.List(request);
      if (!page) return page.error();
      request.continuation = page->next;
    } while (!request.continuation.empty());
    return {};
  }

  ObjectStore& store_;
  std::atomic<std::uint64_t> bytes_ = 0;
};

int Main(const std::string& root, const std::string& path) {
  const auto plan = ReadPlan(path);
  if (plan.empty()) {
    fmt::print(stderr, "eider_floor: {} holds no plan\n", path);
    return 2;
  }
  StoreOptions options;
  options.max_connections = kInFlight;
  auto store = OpenStore(root, options);
  if (!store) {
    fmt::print(stderr, "eider_floor: {}\n", store.error().message);
    return 1;
  }
  Fetcher fetcher(**store);
  const SteadyTime begun = SystemSteadyClock()();
  const Status done = fetcher.Run(plan);
  const std::chrono::duration<double> took = SystemSteadyClock()() - begun;
  if (!done) {
    fmt::print(stderr, "eider_floor: {}\n", done.error().message);
    return 1;
  }
  fmt::print("{{\"seconds\": {:.6f}, \"bytes\": {}}}\n", took.count(), fetcher.bytes());
  return 0;
}

}  // namespace
}  // namespace eider

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: eider_floor s3://BUCKET PLAN\n");
    return 2;
  }
  return eider::Main(argv[1], argv[2]);
}
