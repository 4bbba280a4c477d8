// What every ObjectStore must do, as tests. A program instantiates the suite for its stores:
//   INSTANTIATE_TEST_SUITE_P(Local, StoreConformance, testing::Values(StoreUnderTest{"local", open}));
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "object/object_store.h"

namespace eider {

struct StoreUnderTest {
  std::string name;
  std::function<std::unique_ptr<ObjectStore>()> open;  // a store that holds nothing
  bool conditional_writes = true;    // false: the server refuses them; then it must refuse and not ignore them
  std::size_t part_bytes = 8 << 20;  // an upload beyond it takes several parts
};

inline std::ostream& operator<<(std::ostream& out, const StoreUnderTest& store) { return out << store.name; }

class StoreConformance : public testing::TestWithParam<StoreUnderTest> {
 protected:
  void SetUp() override {
    store_ = GetParam().open();
    ASSERT_NE(store_, nullptr);
  }

  // A failure of either is a failure of the test.
  ObjectInfo Put(const std::string& key, const std::string& bytes);
  std::string Read(const std::string& key, ByteRange range = {});

  std::unique_ptr<ObjectStore> store_;
};

}  // namespace eider
