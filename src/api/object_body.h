// A response's body over a span of one object of the lake, pinned by its ETag. It is fetched in pieces, one ahead of
// the reader, so that a slow reader holds two pieces and no more, whatever the object's size.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/spool_body.h"
#include "object/object_store.h"

namespace eider {

class ObjectBody final : public Body {
 public:
  // A piece at 30 ms and 50 MiB/s takes 50 ms: with one ahead a reader gets 20 MiB/s, and with the two of a thousand
  // readers they are 2 GiB.
  static constexpr std::uint64_t kPieceBytes = 1 << 20;

  // `store` must outlive the body; nothing is fetched before the first Read or WhenReadable.
  ObjectBody(ObjectStore& store, ObjectInfo object, SpoolSpan span, std::function<void(const BodyOutcome&)> ended);
  ~ObjectBody() override;

  Result<Piece> Read(std::span<char> out) override;
  void WhenReadable(std::function<void()> ready) override;
  std::optional<std::uint64_t> size() const override { return span_.end - span_.begin; }

 private:
  enum class Fetch : std::uint8_t { kNone, kUnderWay, kDone };

  void FetchNext();
  void Fetched(const Result<ObjectInfo>& outcome);
  void End(BodyOutcome::Kind kind);

  ObjectStore& store_;
  const ObjectInfo object_;
  const SpoolSpan span_;
  std::function<void(const BodyOutcome&)> ended_;  // empty once told
  BodyOutcome outcome_;

  std::string piece_;       // that is being read
  std::size_t taken_ = 0;   // of it
  std::uint64_t fetch_at_;  // where the fetch after the present one begins
  std::string next_;        // written by the fetch alone while it is under way

  std::mutex mutex_;  // guards what follows, of which the fetch's thread writes
  Fetch fetch_ = Fetch::kNone;
  std::optional<Error> error_;
  std::function<void()> ready_;
  std::unique_ptr<PendingGet> pending_;  // last: it ends before what its callbacks use; not guarded
};

}  // namespace eider
