#include "lake/range_scheduler.h"

#include <utility>

#include "lake/range_dispatcher.h"
#include "lake/range_turns.h"

namespace eider {

ScheduledRange::ScheduledRange(std::shared_ptr<State> state) : state_(std::move(state)) {}
ScheduledRange::~ScheduledRange() { state_->dispatcher->Leave(state_); }

bool ScheduledRange::ready() const { return state_->dispatcher->Ready(*state_); }
bool ScheduledRange::queued() const { return state_->dispatcher->Queued(*state_); }
std::uint64_t ScheduledRange::length() const { return state_->length; }

Status ScheduledRange::Wait(const Call& call) {
  const auto bytes = state_->dispatcher->Wait(state_, state_->length, call, /*in_turn=*/false);
  return bytes ? Status() : Status(bytes.error());
}

Status ScheduledRange::WaitInTurn(const Call& call) {
  const auto bytes = state_->dispatcher->Wait(state_, state_->length, call, /*in_turn=*/true);
  return bytes ? Status() : Status(bytes.error());
}

Status ScheduledRange::Read(std::uint64_t at, std::span<char> out, const Call& call) {
  const auto bytes = state_->dispatcher->Wait(state_, at + out.size(), call, /*in_turn=*/false);
  if (!bytes) return bytes.error();
  if (!out.empty()) (*bytes)->Copy(at, out);
  return {};
}

void ScheduledRange::GiveBack(std::uint64_t at, std::uint64_t length) {
  state_->dispatcher->GiveBack(*state_, at, length);
}

RangeScheduler::RangeScheduler(StartRange start, RangeSchedulerOptions options)
    : dispatcher_(std::make_shared<RangeDispatcher>(std::move(start), std::move(options))) {}
RangeScheduler::~RangeScheduler() { dispatcher_->Close(); }

std::shared_ptr<RangeScheduler::Queue> RangeScheduler::NewQueue() {
  return std::shared_ptr<Queue>(new Queue(dispatcher_));
}

RangeScheduler::Queue::Queue(std::shared_ptr<RangeDispatcher> dispatcher)
    : dispatcher_(std::move(dispatcher)), ranges_(std::make_shared<StatementRanges>()) {}

std::shared_ptr<ScheduledRange> RangeScheduler::Queue::Add(const ObjectInfo& object, std::uint64_t offset,
                                                           std::uint64_t length, ScanPosition position) {
  const auto state = std::make_shared<ScheduledRange::State>();
  state->object = object;
  state->offset = offset;
  state->length = length;
  state->dispatcher = dispatcher_;
  state->statement = ranges_;
  state->place.first = position;
  std::shared_ptr<ScheduledRange> range(new ScheduledRange(state));
  dispatcher_->Add(state);
  return range;
}

std::uint64_t RangeScheduler::gap_bytes() const { return dispatcher_->gap_bytes(); }
std::uint64_t RangeScheduler::split_bytes() const { return dispatcher_->split_bytes(); }
bool RangeScheduler::short_of_memory() const { return dispatcher_->short_of_memory(); }
RangeSchedulerStats RangeScheduler::stats() const { return dispatcher_->stats(); }

}  // namespace eider
