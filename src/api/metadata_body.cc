#include "api/metadata_body.h"

#include <fmt/format.h>

#include <algorithm>

namespace eider {

std::string StatsMembers(const SpoolEnd& end, std::chrono::nanoseconds took, bool from_cache) {
  return fmt::format(
      R"("rows":{},"milliseconds":{:.3f},"cache":"{}","requests":{},"bytes":{},"cache_hits":{},"row_groups":{},)"
      R"("row_groups_kept":{})",
      end.rows, std::chrono::duration<double, std::milli>(took).count(), from_cache ? "hit" : "miss", end.reads,
      end.read_bytes, end.cache_hits, end.row_groups, end.row_groups_kept);
}

MetadataBody::MetadataBody(std::string before, std::unique_ptr<Body> body, std::function<std::string()> after)
    : body_(std::move(body)), after_(std::move(after)), around_(std::move(before)) {}

Result<Body::Piece> MetadataBody::Read(std::span<char> out) {
  if (around_.empty() && !ended_) {
    const auto piece = body_->Read(out);
    if (!piece || piece->state != State::kEnd) return piece;
    ended_ = true;
    around_ = after_();
  }
  if (around_.empty()) return Piece{State::kEnd, 0};
  const std::size_t taken = std::min(around_.size(), out.size());
  std::copy_n(around_.begin(), taken, out.begin());
  around_.erase(0, taken);
  return Piece{State::kBytes, taken};
}

void MetadataBody::WhenReadable(std::function<void()> ready) {
  if (!around_.empty() || ended_) return ready();
  body_->WhenReadable(std::move(ready));
}

}  // namespace eider
