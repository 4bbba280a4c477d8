#include "lake/object_reads.h"

#include <algorithm>
#include <utility>

namespace eider {
namespace {

// An object that is read whole with its footer: at 50 MiB/s it takes 10 ms, a request for its columns 30 ms or more.
constexpr std::uint64_t kWholeObject = 512 << 10;

// A footer is mostly a few KiB; of an object with many row groups it is a share of it, about 100 bytes for each column
// chunk of 100 KB. What is too much costs bytes, what is too little a round trip.
constexpr std::uint64_t kSmallestTail = 64 << 10;
constexpr std::uint64_t kLargestTail = 1 << 20;
constexpr std::uint64_t kTailShare = 1024;

// How far a reader without a plan is read ahead of: doubled with each read that goes on where the last ended, as
// operating systems do, up to the pieces that keep a stream busy.
constexpr std::uint64_t kFirstWindow = 256 << 10;
constexpr std::uint64_t kWindowPieces = 4;

// A wanted range is cached in blocks, counted from its beginning: they are the same however it was merged and split,
// for no request ends within a block. (Requests are split at 1 MiB or more, and keep a rest of up to half of that.)
constexpr std::uint64_t kCachedBlock = 512 << 10;

// A worker that was given a group may not have begun with it when others are some groups further. Wrongly given up,
// its bytes are fetched again; so what was asked for already is given up only when others need the memory.
constexpr std::uint32_t kGroupsBehind = 4;

// What a chunk of a few pages at most takes: it may end with pages shorter than a look at their heads.
constexpr std::uint64_t kShortPart = 64 << 10;

// Of a read that somebody waits for already.
constexpr ScanPosition kNow = 0;

}  // namespace

ObjectReads::ObjectReads(const ObjectInfo& object, std::shared_ptr<const std::string> tail, const ReadSources& sources)
    : object_(object), sources_(sources) {
  if (!tail || tail->empty() || tail->size() > object.size_bytes) return;
  tail_ = std::make_shared<Segment>();
  tail_->extent = {object.size_bytes - tail->size(), tail->size()};
  tail_->known = std::move(tail);
  tail_->arrived = true;
  segments_[tail_->extent.offset] = tail_;
}

std::uint64_t ObjectReads::TailOffset() const {
  if (object_.size_bytes <= kWholeObject) return 0;
  const std::uint64_t tail = std::clamp(object_.size_bytes / kTailShare, kSmallestTail, kLargestTail);
  return object_.size_bytes - std::min(tail, object_.size_bytes);
}

void ObjectReads::PlanTail(ScanPosition position) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t offset = TailOffset();
  if (!segments_.empty() || object_.size_bytes == 0) return;
  const Extent extent{offset, object_.size_bytes - offset};
  if (!AddKnown(extent, {})) AddFetch(extent, position, {});
  tail_ = segments_.at(offset);
}

Status ObjectReads::AwaitTail(bool in_turn, const Call& call) {
  SegmentPointer tail;
  {
    const std::lock_guard lock(mutex_);
    tail = tail_;
  }
  if (!tail || tail->known) return {};
  const auto& range = tail->fetch->range;
  return in_turn ? range->WaitInTurn(call) : range->Wait(call);
}

// With mutex_ held, as all below but Read. False when the cache does not have it.
bool ObjectReads::AddKnown(const Extent& extent, std::vector<Part> parts) {
  if (sources_.cache == nullptr) return false;
  auto bytes = sources_.cache->Find(object_, extent);
  if (!bytes) return false;
  ++sources_.counters.cache_hits;
  auto segment = std::make_shared<Segment>();
  segment->extent = extent;
  segment->known = std::move(bytes);
  segment->parts = std::move(parts);
  segment->arrived = true;
  segments_[extent.offset] = std::move(segment);
  return true;
}

// One request. Each part, ascending, is a segment, which what is read over before the next one belongs to; a short part
// is one with the next, for looks at its pages' heads reach into that.
void ObjectReads::AddFetch(Extent extent, ScanPosition position, const std::vector<Part>& parts) {
  const auto fetch = std::make_shared<Fetch>();
  fetch->extent = extent;
  fetch->range = sources_.queue.Add(object_, extent.offset, extent.length, position);
  ++cost_.requests;
  cost_.bytes += extent.length;
  std::uint64_t end = EndOf(extent);
  const auto add = [&](std::uint64_t from, std::vector<Part> wanted) {
    auto segment = std::make_shared<Segment>();
    segment->extent = {from, end - from};
    segment->fetch = fetch;
    segment->parts = std::move(wanted);
    segments_[from] = std::move(segment);
    end = from;
  };
  std::vector<Part> together;
  for (std::size_t i = parts.size(); i-- > 1;) {
    together.push_back(parts[i]);
    if (parts[i - 1].extent.length >= kShortPart) add(parts[i].extent.offset, std::exchange(together, {}));
  }
  if (!parts.empty()) together.push_back(parts.front());
  add(extent.offset, std::move(together));
}

ObjectReads::Segment::~Segment() {
  if (fetch) fetch->range->GiveBack(extent.offset - fetch->extent.offset, extent.length);
}

Status ObjectReads::Segment::Read(std::uint64_t offset, std::span<char> out, const Call& call) const {
  if (fetch) return fetch->range->Read(offset - fetch->extent.offset, out, call);
  known->copy(out.data(), out.size(), offset - extent.offset);
  return {};
}

ObjectReads::SegmentPointer ObjectReads::Find(std::uint64_t offset) const {
  auto after = segments_.upper_bound(offset);
  if (after == segments_.begin()) return nullptr;
  const SegmentPointer& segment = std::prev(after)->second;
  return offset < EndOf(segment->extent) ? segment : nullptr;
}

std::uint64_t ObjectReads::NextSegment(std::uint64_t offset) const {
  const auto after = segments_.upper_bound(offset);
  return after == segments_.end() ? object_.size_bytes : after->first;
}

void ObjectReads::Plan(std::vector<WantedRange> wanted, ScanPosition position) {
  std::sort(wanted.begin(), wanted.end(),
            [](const WantedRange& a, const WantedRange& b) { return a.extent.offset < b.extent.offset; });
  const std::lock_guard lock(mutex_);
  position_ = position;
  // What is here already serves the plan; the rest is merged, but not across what is here.
  std::vector<WantedRange> missing;
  for (const WantedRange& range : wanted) {
    const std::uint64_t end = std::min(EndOf(range.extent), object_.size_bytes);
    for (std::uint64_t at = range.extent.offset; at < end;) {
      const SegmentPointer here = Find(at);
      const std::uint64_t block_end = at + kCachedBlock - (at - range.extent.offset) % kCachedBlock;
      const std::uint64_t length = std::min({end, block_end, here ? EndOf(here->extent) : NextSegment(at)}) - at;
      const Part part{range.group, {at, length}, range.times};
      if (here) {
        here->parts.push_back(part);
      } else if (!AddKnown(part.extent, {part})) {
        missing.push_back({part.extent, range.group, range.times});
      }
      at += length;
    }
  }
  const MergeRule rule{sources_.scheduler.gap_bytes(), sources_.scheduler.split_bytes(),
                       [this](std::uint64_t from, std::uint64_t to) { return NextSegment(from - 1) > to; }};
  for (const MergedRange& merged : MergeRanges(missing, rule)) {
    std::vector<Part> parts;
    for (const WantedRange& part : merged.parts) parts.push_back({part.group, part.extent, part.times});
    const std::uint64_t end = EndOf(merged.extent);
    const std::uint64_t looked_at = std::min({end + kPageHead, object_.size_bytes, NextSegment(end - 1)}) - end;
    AddFetch({merged.extent.offset, merged.extent.length + looked_at}, position, parts);
  }
}

void ObjectReads::EndPlan() {
  const std::lock_guard lock(mutex_);
  planned_ = true;
  tail_ = nullptr;
  std::erase_if(segments_, [](const auto& entry) { return entry.second->parts.empty(); });
}

PlanCost ObjectReads::planned() const {
  const std::lock_guard lock(mutex_);
  return cost_;
}

void ObjectReads::FetchMissing(Cursor& cursor, std::uint64_t offset, std::uint64_t length) {
  std::uint64_t end = offset + length;
  std::uint64_t from = offset;
  const bool tail = !planned_ && offset >= TailOffset();
  if (tail) {
    // The footer's length, or the footer: the whole tail comes with it.
    from = TailOffset();
    while (const SegmentPointer here = Find(from)) {
      if (EndOf(here->extent) > offset) break;
      from = EndOf(here->extent);
    }
    end = object_.size_bytes;
  } else if (offset == cursor.expected) {
    const std::uint64_t widest = kWindowPieces * sources_.scheduler.split_bytes();
    cursor.window = std::clamp(cursor.window * 2, std::min(kFirstWindow, widest), widest);
    end = std::min(end + cursor.window, object_.size_bytes);
  } else {
    cursor.window = 0;
  }
  // Pieces of a long read travel side by side.
  const std::uint64_t split = sources_.scheduler.split_bytes();
  for (std::uint64_t at = from; at < end;) {
    if (const SegmentPointer here = Find(at)) {
      at = EndOf(here->extent);
      continue;
    }
    const Extent piece{at, std::min({end, NextSegment(at), at + split}) - at};
    std::vector<Part> parts;
    if (!tail) parts.push_back({kNoGroup, piece, 1});
    if (!AddKnown(piece, parts)) AddFetch(piece, kNow, parts);
    at += piece.length;
  }
}

Status ObjectReads::Read(Cursor& cursor, std::uint64_t offset, std::span<char> out, const Call& call) {
  if (auto within = CheckSpan(object_, offset, out.size()); !within) return within;
  const std::uint64_t end = offset + out.size();
  const bool only_a_look = out.size() == kPageHead || (out.size() < kPageHead && end == object_.size_bytes);
  for (std::uint64_t at = offset; at < end;) {
    SegmentPointer segment;
    {
      const std::lock_guard lock(mutex_);
      segment = Find(at);
      if (!segment) {
        FetchMissing(cursor, at, end - at);
        segment = Find(at);
      }
    }
    const std::uint64_t length = std::min(end, EndOf(segment->extent)) - at;
    if (auto read = segment->Read(at, out.subspan(at - offset, length), call); !read) {
      const ErrorKind kind = read.error().kind;
      return kind == ErrorKind::kConflict || kind == ErrorKind::kNotFound ? ReplacedWhileRead(object_.key)
                                                                          : read.error();
    }
    std::vector<Extent> news;
    {
      const std::lock_guard lock(mutex_);
      news = Arrive(*segment);
      Done(cursor, *segment, {at, length}, only_a_look);
    }
    for (const Extent& extent : news) {
      sources_.cache->Offer(object_, extent,
                            [&](std::span<char> bytes) { return segment->Read(extent.offset, bytes, call); });
    }
    at += length;
  }
  cursor.expected = end;
  return {};
}

// Counts what is read from for the first time. Answers what of it the cache is to be offered: what is wanted, not what
// was merged for a request, for that may be merged in another way the next time.
std::vector<Extent> ObjectReads::Arrive(Segment& segment) {
  std::vector<Extent> news;
  if (segment.arrived) return news;
  segment.arrived = true;
  if (!segment.fetch->counted) {
    segment.fetch->counted = true;
    ++sources_.counters.requests;
    sources_.counters.bytes += segment.fetch->extent.length;
  }
  if (sources_.cache == nullptr) return news;
  for (const Part& part : segment.parts) news.push_back(part.extent);
  if (news.empty()) news.push_back(segment.extent);
  return news;
}

void ObjectReads::Done(const Cursor& cursor, Segment& segment, const Extent& read, bool only_a_look) {
  const std::uint64_t end = EndOf(read);
  bool over = !segment.parts.empty();
  for (Part& part : segment.parts) {
    const std::uint64_t last = EndOf(part.extent);
    if (read.offset < last && end >= last && !only_a_look && part.times > 0) --part.times;
    if (planned_ && read.offset < last && end > part.extent.offset) Pass(cursor, part.group);
    over = over && part.times == 0;
  }
  if (!over) return;
  const auto held = segments_.find(segment.extent.offset);
  if (held != segments_.end() && held->second.get() == &segment) segments_.erase(held);
}

void ObjectReads::Pass(const Cursor& cursor, std::uint32_t group) {
  if (group == kNoGroup) return;
  const auto [place, entered] = at_group_.try_emplace(&cursor, group);
  if (!entered && place->second == group) return;
  place->second = group;
  std::uint32_t lowest = group;
  for (const auto& [other, at] : at_group_) lowest = std::min(lowest, at);
  if (lowest > kGroupsBehind) DropBefore(lowest - kGroupsBehind);
}

void ObjectReads::DropBefore(std::uint32_t group) {
  const bool all = sources_.scheduler.short_of_memory();
  for (auto entry = segments_.begin(); entry != segments_.end();) {
    const Segment& segment = *entry->second;
    // Groups lie one behind the other; where they do not, something is kept for longer.
    if (!segment.parts.empty() && segment.parts.front().group >= group && segment.parts.front().group != kNoGroup)
      break;
    if (!all && (!segment.fetch || !segment.fetch->range->queued())) {
      ++entry;
      continue;
    }
    bool over = !segment.parts.empty();
    for (Part& part : entry->second->parts) {
      if (part.group < group) part.times = 0;
      over = over && part.times == 0;
    }
    entry = over ? segments_.erase(entry) : std::next(entry);
  }
}

void ObjectReads::Close(const Cursor& cursor) {
  const std::lock_guard lock(mutex_);
  at_group_.erase(&cursor);
}

void ObjectReads::GiveUp() {
  const std::lock_guard lock(mutex_);
  segments_.clear();
}

bool ObjectReads::idle() const {
  const std::lock_guard lock(mutex_);
  return at_group_.empty();
}

std::optional<ScanPosition> ObjectReads::position() const {
  const std::lock_guard lock(mutex_);
  return position_;
}

}  // namespace eider
