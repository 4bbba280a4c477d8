// The conversation that reads an object's bytes: resumed after the bytes received, and never taking others for them.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "object/http_message.h"
#include "object/ranged_read.h"
#include "object/remote_operation.h"
#include "object/retry.h"

namespace eider {

// What a reply that is no success means. `key` is what the request was about, or "".
using ReplyJudge = std::function<Failure(const HttpReply& reply, const std::string& key)>;

// More than any <Error>, a listing of 1,000 of the longest keys percent-encoded, or a multipart's answers.
inline constexpr std::size_t kLongestReply = 8 << 20;

// Of one conversation. What it refers to must outlive that.
struct ReplyReading {
  const ReplyJudge& judge;
  const std::string& store;  // for messages
  std::string origin;        // "host:port"
  std::string action;        // completes "Cannot …"

  // What an attempt without a success means: `outcome` is no kStopped.
  Failure FailureOf(const HttpOutcome& outcome, const HttpReply& reply, const std::string& key) const;
};

// Takes bytes of the object; told apart from ByteConsumer by what becomes of them.
using BodySink = std::function<BodyTaken(std::span<const char>)>;

class ObjectRead : public Conversation {
 public:
  ObjectRead(ReplyReading reading, std::string target, const GetRequest& request, BodySink sink, GetDone done);

  HttpRequest NextRequest() override;
  bool OnHead(HttpHead head) override;
  BodyTaken OnBody(std::span<const char> bytes) override;
  Verdict Judge(const HttpOutcome& outcome) override;
  bool Progressed() const override { return read_.received() > received_before_; }
  void OnOver(std::optional<Error> error) override;

 private:
  bool success() const { return reply_.head.status == 200 || reply_.head.status == 206; }
  Verdict JudgeWrong();
  Verdict JudgeSize(const HttpOutcome& outcome);

  const ReplyReading reading_;
  const std::string target_;
  const GetRequest request_;
  const BodySink sink_;
  const GetDone done_;
  RangedRead read_;

  // The one suffix that a server cannot satisfy is that of an empty object: then its size is asked for.
  std::optional<Error> unsatisfied_;

  int wrong_answers_ = 0;
  bool more_came_ = false;  // bytes behind the last one: the CRT takes a second answer for more of the first
  bool body_wrong_ = false;

  // Of the attempt under way.
  HttpReply reply_;
  Status wrong_;
  std::uint64_t received_before_ = 0;
};

}  // namespace eider
