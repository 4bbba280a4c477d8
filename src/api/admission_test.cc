#include "api/admission.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

using std::chrono::milliseconds;

const SteadyTime kStart{std::chrono::hours(1)};

TEST(AdmissionTest, ABurstThenARate) {
  const auto admission = Admission::Make({2, 3, 0});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admission->Refuse("a", kStart), std::nullopt);
  EXPECT_EQ(admission->Refuse("a", kStart), 1u);
  EXPECT_EQ(admission->Refuse("b", kStart), std::nullopt) << "another client has its own bucket";
  EXPECT_EQ(admission->Refuse("a", kStart + milliseconds(500)), std::nullopt);
  EXPECT_EQ(admission->Refuse("a", kStart + milliseconds(500)), 1u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admission->Refuse("a", kStart + milliseconds(60'000)), std::nullopt);
  EXPECT_TRUE(admission->Refuse("a", kStart + milliseconds(60'000)).has_value())
      << "a pause fills no more than the burst";
}

TEST(AdmissionTest, DownloadsAtOnce) {
  const auto admission = Admission::Make({0, 0, 2});
  auto first = admission->Begin("a");
  const auto second = admission->Begin("a");
  EXPECT_EQ(admission->Begin("a"), nullptr);
  EXPECT_NE(admission->Begin("b"), nullptr);
  first.reset();
  EXPECT_NE(admission->Begin("a"), nullptr);
}

TEST(AdmissionTest, NoLimit) {
  const auto admission = Admission::Make({0, 0, 0});
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(admission->Refuse("a", kStart), std::nullopt);
  EXPECT_NE(admission->Begin("a"), nullptr);
}

TEST(AdmissionTest, ASlotOutlivesTheAdmission) {
  auto admission = Admission::Make({});
  const auto slot = admission->Begin("a");
  admission.reset();
  EXPECT_NE(slot, nullptr);
}

}  // namespace
}  // namespace eider
