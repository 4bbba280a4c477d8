#include "object/loop_timers.h"

#include <aws/common/task_scheduler.h>
#include <aws/io/event_loop.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace eider {
namespace {

using Key = std::pair<SteadyTime, LoopTimers::Id>;

}  // namespace

// Shared with the wake-ups that are scheduled: the CRT lets a task be taken back on the loop's own thread only, so one
// that is no longer needed finds nothing to do when its time comes.
struct LoopTimers::State : std::enable_shared_from_this<State> {
  struct WakeUp {
    aws_task task{};
    SteadyTime when;
    std::shared_ptr<State> state;
  };

  void WakeAt(SteadyTime when);
  void RunDue(SteadyTime wake_up);

  aws_event_loop* loop = nullptr;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<Key, std::function<void()>> calls;
  std::unordered_map<Id, SteadyTime> times;
  Id last_id = 0;
  std::set<SteadyTime> wake_ups;  // scheduled; each was earlier than all others when it was added
  bool running = false;
  bool closed = false;
};

// With the mutex held.
void LoopTimers::State::WakeAt(SteadyTime when) {
  if (!wake_ups.empty() && *wake_ups.begin() <= when) return;
  wake_ups.insert(when);
  auto* wake_up = new WakeUp{{}, when, shared_from_this()};
  const auto run = [](aws_task*, void* data, aws_task_status status) {
    const std::unique_ptr<WakeUp> mine(static_cast<WakeUp*>(data));
    if (status == AWS_TASK_STATUS_RUN_READY) mine->state->RunDue(mine->when);
  };
  aws_task_init(&wake_up->task, run, wake_up, "eider_timers");
  // The loop has a clock of its own.
  const SteadyTime now = std::chrono::steady_clock::now();
  std::uint64_t loop_now_ns = 0;
  aws_event_loop_current_clock_time(loop, &loop_now_ns);
  const auto ahead = when > now ? std::chrono::nanoseconds(when - now).count() : 0;
  aws_event_loop_schedule_task_future(loop, &wake_up->task, loop_now_ns + static_cast<std::uint64_t>(ahead));
}

void LoopTimers::State::RunDue(SteadyTime wake_up) {
  std::unique_lock lock(mutex);
  wake_ups.erase(wake_up);
  while (!closed && !calls.empty() && calls.begin()->first.first <= std::chrono::steady_clock::now()) {
    const auto due = calls.extract(calls.begin());
    times.erase(due.key().second);
    running = true;
    lock.unlock();
    due.mapped()();
    lock.lock();
    running = false;
    changed.notify_all();
  }
  if (!closed && !calls.empty()) WakeAt(calls.begin()->first.first);
}

LoopTimers::LoopTimers(std::shared_ptr<AwsRuntime> runtime)
    : runtime_(std::move(runtime)), state_(std::make_shared<State>()) {
  state_->loop = aws_event_loop_group_get_loop_at(runtime_->loops(), 0);
}

LoopTimers::~LoopTimers() {
  std::unique_lock lock(state_->mutex);
  state_->closed = true;
  state_->changed.wait(lock, [&] { return !state_->running; });
  state_->calls.clear();
}

LoopTimers::Id LoopTimers::At(SteadyTime when, std::function<void()> call) {
  const std::lock_guard lock(state_->mutex);
  const Id id = ++state_->last_id;
  state_->calls.emplace(Key{when, id}, std::move(call));
  state_->times.emplace(id, when);
  state_->WakeAt(when);
  return id;
}

void LoopTimers::Cancel(Id id) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->times.find(id);
  if (found == state_->times.end()) return;
  state_->calls.erase({found->second, id});
  state_->times.erase(found);
}

}  // namespace eider
