#include "lake/range_dispatcher.h"

#include <fmt/format.h>

#include <algorithm>

namespace eider {
namespace {

using Phase = ScheduledRange::State::Phase;

// Of a hundred requests at most three are hedges: they shorten the tail, and must not become a load of their own.
constexpr std::uint64_t kRequestsAHedge = 33;

// What a thread is pumping for: a GET that is answered before StartGet returns must not start the next one inside it.
thread_local const RangeDispatcher* t_pumping = nullptr;

Error Ended(ErrorKind kind, const ScheduledRange::State& range, std::string_view why) {
  return {kind,
          fmt::format("Cannot read bytes {}-{} of '{}': {}.", range.offset, range.offset + range.length - 1,
                      range.object.key, why),
          {}};
}

Status CheckAnswer(const ScheduledRange::State& range, const RangeAttempt& attempt, const Result<ObjectInfo>& answer) {
  if (attempt.buffer->no_memory()) {
    return Ended(ErrorKind::kExhausted, range, fmt::format("no memory for {} bytes", range.length));
  }
  if (!answer.ok()) return answer.error();
  if (answer->etag != range.object.etag) {
    return Error{ErrorKind::kConflict, fmt::format("'{}' was replaced while it was read.", range.object.key), {}};
  }
  const std::uint64_t received = attempt.buffer->received();
  if (received == range.length) return {};
  return Corrupt(
      fmt::format("'{}': {} of {} bytes arrived at {}.", range.object.key, received, range.length, range.offset));
}

}  // namespace

RangeDispatcher::RangeDispatcher(StartRange start, RangeSchedulerOptions options)
    : start_(std::move(start)), options_(std::move(options)), caps_(options_.max_requests, options_.max_bytes) {}

void RangeDispatcher::Add(const std::shared_ptr<Range>& range) {
  Lock lock(mutex_);
  const ObjectInfo& object = range->object;
  if (range->offset > object.size_bytes || range->length > object.size_bytes - range->offset) {
    return Fail(range, Invalid(fmt::format("A read of {} bytes at {} reaches past the end of '{}' ({} bytes).",
                                           range->length, range->offset, object.key, object.size_bytes)));
  }
  if (range->length == 0) return End(range, Phase::kReady);
  if (closed_) return Fail(range, Ended(ErrorKind::kCancelled, *range, "the lake is closed"));
  turns_.Add(range);
  Pump(lock);
}

// The buffer that the first `bytes` have arrived in. With mutex_ held, as all below that takes no Lock.
std::shared_ptr<RangeBuffer> RangeDispatcher::Arrived(const Range& range, std::uint64_t bytes) const {
  if (range.phase == Phase::kReady) return range.bytes;
  if (bytes == range.length) return nullptr;  // an answer is judged when it is whole
  for (const auto& attempt : range.attempts) {
    // Said first and looked at then; OnBytes does it the other way round, so that one of the two notices.
    if (bytes < attempt->wanted) attempt->wanted = bytes;
    if (attempt->buffer->received() >= bytes) return attempt->buffer;
  }
  return nullptr;
}

Result<std::shared_ptr<RangeBuffer>> RangeDispatcher::Wait(const std::shared_ptr<Range>& range, std::uint64_t bytes,
                                                           const Call& call, bool in_turn) {
  Lock lock(mutex_);
  const bool to_come = range->phase == Phase::kQueued || range->phase == Phase::kInFlight;
  const bool waits = to_come && Arrived(*range, bytes) == nullptr;
  if (!range->asked_for && !in_turn) {
    range->asked_for = true;
    if (waits) caps_.OnReaderWaited(range->length);
    if (!waits && range->phase != Phase::kFailed) caps_.OnReaderServed(range->length);
  }
  if (in_turn || !waits) return Await(lock, range, bytes, call, in_turn);
  ++stats_.waits;
  const SteadyTime begun = Now();
  auto buffer = Await(lock, range, bytes, call, in_turn);
  stats_.waited += Now() - begun;
  return buffer;
}

// Until the bytes are here or the range has failed, or the call's bounds are reached.
Result<std::shared_ptr<RangeBuffer>> RangeDispatcher::Await(Lock& lock, const std::shared_ptr<Range>& range,
                                                            std::uint64_t bytes, const Call& call, bool in_turn) {
  for (;;) {
    if (range->phase == Phase::kReady) return range->bytes;
    if (range->phase == Phase::kFailed) return range->error;
    if (auto buffer = Arrived(*range, bytes)) return buffer;
    const SteadyTime now = Now();
    if (call.stop.stop_requested()) return Ended(ErrorKind::kCancelled, *range, "it was cancelled");
    if (now >= call.deadline) return Ended(ErrorKind::kTimeout, *range, "the time limit was reached");
    if (range->phase == Phase::kQueued && !in_turn) {
      turns_.Remove(*range);
      Launch(lock, range, false);
      continue;
    }
    const SteadyTime hedge_at = in_turn ? SteadyTime::max() : HedgeTime(*range);
    if (now >= hedge_at) {
      range->attempts.front()->hedged = true;
      Launch(lock, range, true);
      continue;
    }
    const auto news = [&, phase = range->phase, attempts = range->attempts.size()] {
      return range->phase != phase || range->attempts.size() != attempts || Arrived(*range, bytes) != nullptr;
    };
    const SteadyTime next = std::min(call.deadline, hedge_at);
    if (next == SteadyTime::max()) {
      range->changed.wait(lock, call.stop, news);
    } else {
      // The clock that was passed in says how long; the system's moves the thread.
      range->changed.wait_until(lock, call.stop, std::chrono::steady_clock::now() + (next - now), news);
    }
  }
}

bool RangeDispatcher::Ready(const Range& range) const {
  const Lock lock(mutex_);
  return range.phase == Phase::kReady || range.phase == Phase::kFailed;
}

bool RangeDispatcher::Queued(const Range& range) const {
  const Lock lock(mutex_);
  return range.phase == Phase::kQueued;
}

void RangeDispatcher::GiveBack(Range& range, std::uint64_t at, std::uint64_t length) {
  Lock lock(mutex_);
  // Of two GETs nobody knows yet whose bytes stay.
  const bool one = range.phase == Phase::kInFlight && range.attempts.size() == 1;
  RangeBuffer* buffer = one ? range.attempts.front()->buffer.get() : range.bytes.get();
  if (buffer == nullptr) return;
  const std::uint64_t piece = buffer->piece_bytes();
  if (range.kept.empty()) {
    for (std::uint64_t from = 0; from < range.length; from += piece) {
      range.kept.push_back(std::min(piece, range.length - from));
    }
  }
  std::uint64_t freed = 0;
  for (const std::uint64_t end = at + length; at < end;) {
    const std::size_t index = at / piece;
    const std::uint64_t here = std::min(end, (index + 1) * piece) - at;
    range.kept[index] -= std::min(range.kept[index], here);
    if (range.kept[index] == 0) freed += buffer->Free(index);
    at += here;
  }
  if (freed == 0) return;
  range.given_back += freed;
  stats_.held_bytes -= freed;
  range.statement->held_bytes -= freed;
  Pump(lock);
}

void RangeDispatcher::Leave(const std::shared_ptr<Range>& range) {
  Lock lock(mutex_);
  const Phase was = range->phase;
  if (was == Phase::kQueued || was == Phase::kInFlight) ++stats_.cancelled;
  if (was == Phase::kQueued) turns_.Remove(*range);
  if (was == Phase::kReady) Release(*range, 1);
  range->bytes.reset();
  Attempts attempts = std::move(range->attempts);
  Release(*range, attempts.size());
  stats_.in_flight -= attempts.size();
  End(range, Phase::kGone);
  Drop(lock, std::move(attempts));
  Pump(lock);
}

void RangeDispatcher::Close() {
  Lock lock(mutex_);
  closed_ = true;
  Attempts attempts;
  for (const auto& range : turns_.Clear()) Fail(range, Ended(ErrorKind::kCancelled, *range, "the lake is closed"));
  std::unordered_set<std::shared_ptr<Range>> under_way;
  under_way.swap(under_way_);
  for (const auto& range : under_way) {
    Release(*range, range->attempts.size());
    stats_.in_flight -= range->attempts.size();
    attempts.insert(attempts.end(), range->attempts.begin(), range->attempts.end());
    range->attempts.clear();
    Fail(range, Ended(ErrorKind::kCancelled, *range, "the lake is closed"));
  }
  Drop(lock, std::move(attempts));
  none_outside_.wait(lock, [&] { return outside_ == 0; });
  start_ = nullptr;
}

void RangeDispatcher::Pump(Lock& lock) {
  if (t_pumping == this) return;  // the loop below this call sees what changed
  t_pumping = this;
  while (!closed_ && stats_.in_flight < static_cast<std::uint64_t>(caps_.requests())) {
    const auto range = turns_.Next(stats_.held_bytes, caps_.bytes());
    if (!range) break;
    Launch(lock, range, false);
  }
  t_pumping = nullptr;
}

void RangeDispatcher::Launch(Lock& lock, const std::shared_ptr<Range>& range, bool hedge) {
  const auto attempt = std::make_shared<RangeAttempt>();
  attempt->buffer = std::make_shared<RangeBuffer>(range->length, pool_);
  attempt->hedge = hedge;
  attempt->started = Now();
  range->phase = Phase::kInFlight;
  range->attempts.push_back(attempt);
  under_way_.insert(range);
  Hold(*range);
  ++stats_.requests;
  ++stats_.in_flight;
  stats_.hedges += hedge;

  ++outside_;
  lock.unlock();
  std::unique_ptr<PendingGet> get = Start(range, attempt);
  lock.lock();
  // Done, cancelled or beaten meanwhile: then nobody else will end it.
  const bool wanted = std::find(range->attempts.begin(), range->attempts.end(), attempt) != range->attempts.end();
  if (wanted) {
    attempt->get = std::move(get);
  } else {
    lock.unlock();
    get.reset();
    lock.lock();
  }
  if (--outside_ == 0) none_outside_.notify_all();
}

std::unique_ptr<PendingGet> RangeDispatcher::Start(const std::shared_ptr<Range>& range,
                                                   const std::shared_ptr<RangeAttempt>& attempt) {
  const auto self = shared_from_this();
  auto consume = [self, range, attempt](std::span<const char> bytes) { return self->OnBytes(range, *attempt, bytes); };
  auto done = [self, range, attempt](const Result<ObjectInfo>& answer) { self->OnDone(range, attempt, answer); };
  Call call;
  call.on_retry = [self, attempt](RetryCause cause) { self->OnRetry(*attempt, cause); };
  return start_({range->object.key, ByteRange::Span(range->offset, range->length), range->object.etag, {}},
                std::move(consume), std::move(done), call);
}

bool RangeDispatcher::OnBytes(const std::shared_ptr<Range>& range, RangeAttempt& attempt, std::span<const char> bytes) {
  arrived_bytes_ += bytes.size();  // before a reader may have them: who has read everything finds all of it counted
  RangeBuffer& buffer = *attempt.buffer;
  if (buffer.received() == 0) attempt.first_byte = Now();
  if (!buffer.Append(bytes)) return false;
  if (buffer.received() >= attempt.wanted) {
    const Lock lock(mutex_);
    attempt.wanted = UINT64_MAX;  // who still waits says so again
    range->changed.notify_all();
  }
  return true;
}

void RangeDispatcher::OnDone(const std::shared_ptr<Range>& range, const std::shared_ptr<RangeAttempt>& attempt,
                             const Result<ObjectInfo>& answer) {
  Lock lock(mutex_);
  if (std::erase(range->attempts, attempt) == 0) return;  // cancelled or beaten
  const auto was_in_flight = static_cast<int>(stats_.in_flight--);
  Attempts over = {attempt};
  const Status fine = CheckAnswer(*range, *attempt, answer);
  if (fine.ok()) {
    caps_.OnSuccess(was_in_flight, Now());
    Learn(*range, *attempt);
    stats_.hedges_won += attempt->hedge;
    stats_.in_flight -= range->attempts.size();
    Release(*range, range->attempts.size());
    over.insert(over.end(), range->attempts.begin(), range->attempts.end());
    range->attempts.clear();
    range->bytes = std::move(attempt->buffer);
    End(range, Phase::kReady);
  } else {
    Release(*range, 1);
    // While another one is under way the answer is its.
    if (range->attempts.empty()) Fail(range, fine.error());
  }
  Drop(lock, std::move(over));
  Pump(lock);
}

// A retried GET says more about the store's faults than about its speed, and a hedge came to a lucky hour.
void RangeDispatcher::Learn(const Range& range, const RangeAttempt& attempt) {
  if (attempt.retried || attempt.hedge) return;
  model_.Add(range.length, attempt.first_byte - attempt.started, Now() - attempt.started);
}

void RangeDispatcher::OnRetry(RangeAttempt& attempt, RetryCause cause) {
  const Lock lock(mutex_);
  attempt.retried = true;
  ++stats_.retries;
  if (cause != RetryCause::kOverload) return;
  ++stats_.slow_downs;
  caps_.OnSlowDown(Now());
}

// When a second GET beside the only one is worth its cost; max() when never. Not beside one that is being retried: a
// store that refuses has too much to do already, and the retry is a second GET.
SteadyTime RangeDispatcher::HedgeTime(const Range& range) const {
  if (range.attempts.size() != 1) return SteadyTime::max();
  const RangeAttempt& only = *range.attempts.front();
  if (only.retried || only.hedged || only.hedge) return SteadyTime::max();
  if (closed_ || (stats_.hedges + 1) * kRequestsAHedge > stats_.requests) return SteadyTime::max();
  const auto late_after = model_.LateAfter(range.length);
  if (!late_after) return SteadyTime::max();
  return only.started + std::chrono::duration_cast<SteadyTime::duration>(*late_after);
}

void RangeDispatcher::End(const std::shared_ptr<Range>& range, Phase phase) {
  range->phase = phase;
  under_way_.erase(range);
  range->changed.notify_all();
}

void RangeDispatcher::Fail(const std::shared_ptr<Range>& range, Error error) {
  range->error = std::move(error);
  End(range, Phase::kFailed);
}

void RangeDispatcher::Hold(Range& range) {
  stats_.held_bytes += range.length - range.given_back;
  range.statement->held_bytes += range.length - range.given_back;
}

void RangeDispatcher::Release(Range& range, std::size_t times) {
  stats_.held_bytes -= times * (range.length - range.given_back);
  range.statement->held_bytes -= times * (range.length - range.given_back);
}

// Ends GETs, outside the mutex.
void RangeDispatcher::Drop(Lock& lock, Attempts attempts) {
  std::vector<std::unique_ptr<PendingGet>> gets;
  for (const auto& attempt : attempts) gets.push_back(std::move(attempt->get));
  ++outside_;
  lock.unlock();
  gets.clear();
  attempts.clear();
  lock.lock();
  if (--outside_ == 0) none_outside_.notify_all();
}

std::uint64_t RangeDispatcher::gap_bytes() const {
  const Lock lock(mutex_);
  return model_.GapBytes();
}

std::uint64_t RangeDispatcher::split_bytes() const {
  const Lock lock(mutex_);
  return model_.SplitBytes(options_.max_bytes);
}

bool RangeDispatcher::short_of_memory() const {
  const Lock lock(mutex_);
  return turns_.size() > 0 && stats_.held_bytes > caps_.bytes() / 2;
}

RangeSchedulerStats RangeDispatcher::stats() const {
  const Lock lock(mutex_);
  RangeSchedulerStats now = stats_;
  now.bytes = arrived_bytes_;
  now.latency = model_.latency();
  now.bytes_per_s = model_.bytes_per_s();
  now.queued = turns_.size();
  now.request_cap = static_cast<std::uint64_t>(caps_.requests());
  now.byte_cap = caps_.bytes();
  return now;
}

}  // namespace eider
