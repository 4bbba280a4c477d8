#include "lambda/runtime_address.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

TEST(RuntimeAddressTest, HostPortAndPerhapsAPath) {
  const auto plain = ParseRuntimeAddress("127.0.0.1:9001");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, "9001");
  EXPECT_EQ(plain->path, "");
  const auto emulator = ParseRuntimeAddress("localhost:9000/.rt/eider/");
  ASSERT_TRUE(emulator.ok());
  EXPECT_EQ(emulator->path, "/.rt/eider");
  EXPECT_EQ(emulator->host_header(), "localhost:9000");
  const auto v6 = ParseRuntimeAddress("[::1]:9001");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->host_header(), "[::1]:9001");
}

TEST(RuntimeAddressTest, AnythingElseIsRefused) {
  for (const char* wrong : {"", "127.0.0.1", ":9001", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "h:x",
                            "http://127.0.0.1:9001", "h:1/a b", "h:1/\r\nX: y"}) {
    EXPECT_FALSE(ParseRuntimeAddress(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace eider
