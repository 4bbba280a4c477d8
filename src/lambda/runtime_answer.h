// RuntimeAnswer: the answer of one invocation, posted to Lambda's runtime API.
#pragma once

#include "lambda/invocation_answer.h"
#include "lambda/runtime_api.h"

namespace eider {

class RuntimeAnswer final : public InvocationAnswer {
 public:
  // Both must outlive the answer.
  RuntimeAnswer(RuntimeConnection& connection, const LambdaInvocation& invocation);

  Status Respond(std::string_view content_type, std::string_view payload) override;
  Status Fail(const FunctionError& error) override;
  Status Begin(std::string_view content_type) override;
  Status Write(std::string_view chunk) override;
  Status End() override;
  Status Break(const FunctionError& error) override;

 private:
  Status Post(const char* what, const std::vector<Header>& headers, std::string_view body);
  Status SendPiece(std::string_view bytes, SteadyTime deadline);
  Status Finish(std::string_view last);
  std::string Path(const char* what) const;

  RuntimeConnection& connection_;
  const LambdaInvocation& invocation_;
  const SteadyTime post_until_;
  bool taken_ = false;  // the API has already said so, as it may before the end of a stream
  std::string unsent_;  // of a chunk that began: it must end before anything else can follow
};

}  // namespace eider
