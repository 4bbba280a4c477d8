#include "engine/held_sink.h"

#include <gtest/gtest.h>

#include <string_view>

#include "engine/text_sink.h"

namespace eider {
namespace {

TEST(HeldSinkTest, ShortTextIsWrittenAtTheEnd) {
  TextSink sink;
  HeldSink held(sink);
  ASSERT_TRUE(held.Write(std::string_view("id\n")).ok());
  ASSERT_TRUE(held.Write(std::string_view("1\n")).ok());
  EXPECT_EQ(sink.text, "") << "it may fail yet";
  ASSERT_TRUE(held.Close().ok());
  EXPECT_EQ(sink.text, "id\n1\n");
}

TEST(HeldSinkTest, LongTextStreams) {
  TextSink sink;
  HeldSink held(sink);
  const std::string most(HeldSink::kHeldBytes, 'a');
  ASSERT_TRUE(held.Write(most).ok());
  EXPECT_EQ(sink.text, "");
  ASSERT_TRUE(held.Write(std::string_view("b")).ok());
  EXPECT_EQ(sink.text, most + "b");
  ASSERT_TRUE(held.Write(std::string_view("c")).ok());
  EXPECT_EQ(sink.text, most + "bc");
  ASSERT_TRUE(held.Close().ok());
  EXPECT_EQ(sink.text, most + "bc");
}

}  // namespace
}  // namespace eider
