// What every ObjectStore must do, as tests. A program instantiates the suite for its stores:
//   INSTANTIATE_TEST_SUITE_P(Local, StoreConformance, testing::ValuesIn(ReadBothWays({"local", open})));
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "object/object_store.h"
#include "object/started_reads.h"

namespace eider {

struct StoreUnderTest {
  std::string name;
  std::function<std::unique_ptr<ObjectStore>()> open;  // a store that holds nothing
  bool conditional_writes = true;    // false: the server refuses them; then it must refuse and not ignore them
  std::size_t part_bytes = 8 << 20;  // an upload beyond it takes several parts
};

// The store, and the same one read by StartGet.
inline std::vector<StoreUnderTest> ReadBothWays(const StoreUnderTest& store) {
  StoreUnderTest started = store;
  started.name += " by StartGet";
  started.open = [open = store.open]() -> std::unique_ptr<ObjectStore> {
    auto opened = open();
    return opened ? std::make_unique<StartedReads>(std::move(opened)) : nullptr;
  };
  return {store, started};
}

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
