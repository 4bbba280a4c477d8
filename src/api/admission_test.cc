#include "api/admission.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

using std::chrono::milliseconds;

const SteadyTime kStart{std::chrono::hours(1)};

TEST(AdmissionTest, ABurstThenARate) {
  const auto admission = Admission::Make();
  const ClientLimits limits{2, 3, 0};
  for (const std::uint64_t remaining : {2, 1, 0}) {
    const RateState state = admission->Take("a", limits, kStart);
    EXPECT_TRUE(state.admitted);
    EXPECT_EQ(state.remaining, remaining);
  }
  const RateState refused = admission->Take("a", limits, kStart);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.retry_after, 1u);
  EXPECT_EQ(refused.full_after, 2u);
  EXPECT_TRUE(admission->Take("b", limits, kStart).admitted) << "another client has its own bucket";
  EXPECT_TRUE(admission->Take("a", limits, kStart + milliseconds(500)).admitted);
  EXPECT_FALSE(admission->Take("a", limits, kStart + milliseconds(500)).admitted);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admission->Take("a", limits, kStart + milliseconds(60'000)).admitted);
  EXPECT_FALSE(admission->Take("a", limits, kStart + milliseconds(60'000)).admitted)
      << "a pause fills no more than the burst";
}

TEST(AdmissionTest, LimitsMayChangeBetweenRequests) {
  const auto admission = Admission::Make();
  EXPECT_EQ(admission->Take("a", {1, 100, 0}, kStart).remaining, 99u);
  EXPECT_EQ(admission->Take("a", {1, 5, 0}, kStart).remaining, 4u) << "a smaller burst counts at once";
  EXPECT_EQ(admission->Take("a", {1, 100, 0}, kStart).remaining, 3u) << "a larger one is filled by time";
}

TEST(AdmissionTest, AnswersUnderWay) {
  const auto admission = Admission::Make();
  const ClientLimits limits{0, 0, 2};
  auto first = admission->Begin("a", limits);
  const auto second = admission->Begin("a", limits);
  EXPECT_EQ(admission->Begin("a", limits), nullptr);
  EXPECT_NE(admission->Begin("b", limits), nullptr);
  first.reset();
  EXPECT_NE(admission->Begin("a", limits), nullptr);
}

TEST(AdmissionTest, NoLimit) {
  const auto admission = Admission::Make();
  const ClientLimits none{0, 0, 0};
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(admission->Take("a", none, kStart).admitted);
  EXPECT_NE(admission->Begin("a", none), nullptr);
}

TEST(AdmissionTest, ASlotOutlivesTheAdmission) {
  auto admission = Admission::Make();
  const auto slot = admission->Begin("a", {});
  admission.reset();
  EXPECT_NE(slot, nullptr);
}

TEST(AdmissionTest, AnIpv6NetworkIsOneClient) {
  EXPECT_EQ(ClientOfAddress("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(ClientOfAddress("2001:db8:1:2::9"), "2001:db8:1:2::/64");
  EXPECT_EQ(ClientOfAddress("2001:db8:1:3::9"), "2001:db8:1:3::/64");
  EXPECT_EQ(ClientOfAddress("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(ClientOfAddress(""), "");
}

}  // namespace
}  // namespace eider
