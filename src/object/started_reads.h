// For tests: a store whose Get is another's StartGet, waited for. What is tested of one is so tested of both.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "object/forwarding_store.h"

namespace eider {

class StartedReads : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  Result<ObjectInfo> Get(const GetRequest& request, const ByteConsumer& consume, const Call& call) override {
    std::promise<Result<ObjectInfo>> answer;
    const auto pending = store_->StartGet(
        request, consume, [&](Result<ObjectInfo> got) { answer.set_value(std::move(got)); }, call);
    return answer.get_future().get();
  }
};

}  // namespace eider
