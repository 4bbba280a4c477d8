#include "lambda/pending_response.h"

#include <algorithm>
#include <exception>

#include "api/intake.h"
#include "api/reply_slot.h"
#include "base/log.h"

namespace eider {

Status PendingResponse::Wait() { return Judge(wakeup_.Wait(stop_fd_, invocation_.work_until)); }

// Of an answer that never makes anybody wait.
Status PendingResponse::MayGoOn() {
  const SteadyTime now = SystemSteadyClock()();
  const Ready ready = WaitFor(-1, 0, stop_fd_, now);
  return ready == Ready::kLate && now < invocation_.work_until ? Status() : Judge(ready);
}

Status PendingResponse::Judge(Ready ready) {
  switch (ready) {
    case Ready::kReady: return {};
    case Ready::kStopped: stopped_ = true; return Error{ErrorKind::kCancelled, "the function is being stopped", {}};
    case Ready::kLate: break;
  }
  return Error{ErrorKind::kTimeout,
               "the function's time ended before the answer did; ask for less, or give the function more time",
               {}};
}

Result<Response> PendingResponse::Ask(Request request) {
  request.id = invocation_.id;
  std::stop_source left;
  request.client_left = left.get_token();
  const auto slot = std::make_shared<ReplySlot>(wakeup_.Waker());
  try {
    handler_.Handle(std::move(request), ReplySlot::MakeReply(slot, invocation_.id));
  } catch (const std::exception& failure) {
    Log(LogLevel::kError, "handler_threw", {{"id", std::string_view(invocation_.id)}, {"what", failure.what()}});
  }
  for (;;) {
    if (auto response = slot->Take()) return *std::move(response);
    if (auto status = Wait(); !status) {
      left.request_stop();
      slot->Abandon();
      return status.error();
    }
  }
}

Status PendingResponse::Drain(Response& response, const std::function<bool(std::string_view)>& take) {
  if (!response.body) {
    std::string_view left = response.text;
    while (!left.empty() && take(left.substr(0, kChunkBytes))) left.remove_prefix(std::min(kChunkBytes, left.size()));
    return {};
  }
  Intake intake(*response.body, kChunkBytes, std::nullopt);
  for (;;) {
    const Intake::Found found = intake.Fill();
    if (found == Intake::Found::kError) return intake.error();
    if (found == Intake::Found::kPending && intake.held().empty()) {
      response.body->WhenReadable(wakeup_.Waker());
      if (auto status = Wait(); !status) return status;
      continue;
    }
    if (found != Intake::Found::kEnd) {
      if (auto status = MayGoOn(); !status) return status;
    }
    if (!intake.held().empty() && !take(intake.held())) return {};
    if (found == Intake::Found::kEnd) return {};
    intake.Clear();
  }
}

}  // namespace eider
