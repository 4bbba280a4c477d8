#include "lake/range_scheduler.h"

#include <utility>

#include "lake/range_dispatcher.h"
#include "lake/range_turns.h"

namespace eider {

ScheduledRange::ScheduledRange(std::shared_ptr<State> state) : state_(std::move(state)) {}
ScheduledRange::~ScheduledRange() { state_->dispatcher->Leave(state_); }

Status ScheduledRange::Wait(const Call& call) { return state_->dispatcher->Wait(state_, call, /*in_turn=*/false); }
Status ScheduledRange::WaitInTurn(const Call& call) { return state_->dispatcher->Wait(state_, call, /*in_turn=*/true); }
bool ScheduledRange::ready() const { return state_->dispatcher->Ready(*state_); }
std::span<const char> ScheduledRange::bytes() const { return {state_->bytes.get(), state_->length}; }

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
RangeSchedulerStats RangeScheduler::stats() const { return dispatcher_->stats(); }

}  // namespace eider
