#include "api/spool_body.h"

#include <fmt/format.h>

#include <algorithm>

namespace eider {

std::vector<Header> EndHeaders(const SpoolEnd& end) {
  return {{"Eider-Rows", std::to_string(end.rows)},
          {"Eider-Reads", fmt::format("requests={}, bytes={}, cache-hits={}, row-groups={}, row-groups-kept={}",
                                      end.reads, end.read_bytes, end.cache_hits, end.row_groups, end.row_groups_kept)}};
}

SpoolBody::SpoolBody(Reader reader, SpoolSpan span, bool digest, std::function<void(const BodyOutcome&)> ended)
    : reader_(std::move(reader)), span_(span), at_(span.begin), ended_(std::move(ended)) {
  if (digest) sha_.emplace();
}

SpoolBody::~SpoolBody() {
  if (ticket_ != 0) reader_.spool().Forget(ticket_);
  End(BodyOutcome::Kind::kLeft);
}

Result<Body::Piece> SpoolBody::Read(std::span<char> out) {
  const auto left = span_.end - at_;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left));
  if (wanted > 0) {
    const auto read = reader_.spool().Read(at_, out.first(wanted));
    if (!read) {
      End(BodyOutcome::Kind::kError);
      return read.error();
    }
    if (*read > 0) {
      if (sha_) sha_->Update(out.first(*read));
      at_ += *read;
      outcome_.bytes += *read;
      return Piece{State::kBytes, *read};
    }
  }
  const Spool::State state = reader_.spool().state();
  if (state.error) {
    End(BodyOutcome::Kind::kError);
    return *state.error;
  }
  // The spool may have grown and finished between the two looks.
  if (wanted > 0 && (!state.end || at_ < state.size_bytes)) return Piece{State::kPending, 0};
  if (state.end) outcome_.end = *state.end;
  if (sha_ && outcome_.digest_sha256.empty()) outcome_.digest_sha256 = sha_->Finish();
  End(BodyOutcome::Kind::kComplete);
  return Piece{State::kEnd, 0};
}

void SpoolBody::WhenReadable(std::function<void()> ready) {
  if (ticket_ != 0) reader_.spool().Forget(ticket_);
  ticket_ = reader_.spool().Wait(at_, std::move(ready));
}

std::optional<std::uint64_t> SpoolBody::size() const {
  const Spool::State state = reader_.spool().state();
  if (!state.end) return std::nullopt;
  return std::min(span_.end, state.size_bytes) - span_.begin;
}

std::vector<std::string> SpoolBody::trailer_names() const {
  if (!sha_) return {};
  return {"Eider-Rows", "Eider-Reads", "Content-Digest"};
}

std::vector<Header> SpoolBody::trailers() const {
  if (!sha_) return {};
  auto headers = EndHeaders(outcome_.end);
  headers.push_back({"Content-Digest", fmt::format("sha-256=:{}:", Base64(outcome_.digest_sha256))});
  return headers;
}

void SpoolBody::End(BodyOutcome::Kind kind) {
  if (!ended_) return;
  outcome_.kind = kind;
  const auto ended = std::move(ended_);
  ended_ = nullptr;
  ended(outcome_);
}

}  // namespace eider
