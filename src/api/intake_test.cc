#include "api/intake.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "api/scripted_body.h"

namespace eider {
namespace {

using Found = Intake::Found;

class IntakeTest : public ::testing::Test {
 protected:
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  ScriptedBody body_{script_};
};

TEST_F(IntakeTest, FillsUpAndEmpties) {
  Intake intake(body_, 4, std::nullopt);
  EXPECT_EQ(intake.Fill(), Found::kPending);
  EXPECT_EQ(intake.held(), "");
  script_->Push("abcdef");
  EXPECT_EQ(intake.Fill(), Found::kFull);
  EXPECT_EQ(intake.held(), "abcd");
  intake.Clear();
  EXPECT_EQ(intake.Fill(), Found::kPending);
  EXPECT_EQ(intake.held(), "ef");
  script_->End();
  EXPECT_EQ(intake.Fill(), Found::kEnd);
  EXPECT_EQ(intake.held(), "ef");
}

TEST_F(IntakeTest, HoldsTheLastBytesUntilTheVerdict) {
  Intake intake(body_, 4, 8);
  script_->Push("abcdefgh");
  EXPECT_EQ(intake.Fill(), Found::kFull);
  EXPECT_FALSE(intake.awaits_verdict());
  intake.Clear();
  EXPECT_EQ(intake.Fill(), Found::kPending);
  EXPECT_TRUE(intake.awaits_verdict());
  EXPECT_EQ(intake.held(), "efgh");
  script_->End();
  EXPECT_EQ(intake.Fill(), Found::kEnd);
}

TEST_F(IntakeTest, ABodyThatIsNotOfItsLengthIsAnError) {
  Intake too_long(body_, 4, 3);
  script_->Push("abcd");
  EXPECT_EQ(too_long.Fill(), Found::kError);
  Intake too_short(body_, 4, 3);
  script_->End();
  EXPECT_EQ(too_short.Fill(), Found::kError);
  EXPECT_EQ(too_short.error().kind, ErrorKind::kInternal);
}

TEST_F(IntakeTest, PassesTheErrorOn) {
  Intake intake(body_, 4, std::nullopt);
  script_->Fail();
  EXPECT_EQ(intake.Fill(), Found::kError);
  EXPECT_EQ(intake.error().message, "the store is gone");
}

TEST(Intake, AThrowingBodyIsAnError) {
  class Throwing : public PatternBody {
   public:
    Throwing() : PatternBody(1) {}
    Result<Piece> Read(std::span<char>) override { throw std::runtime_error("oops"); }
  } body;
  Intake intake(body, 4, std::nullopt);
  EXPECT_EQ(intake.Fill(), Found::kError);
  EXPECT_EQ(intake.error().message, "the body threw: oops");
}

}  // namespace
}  // namespace eider
