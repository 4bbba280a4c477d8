// For tests: a whole Eider over a lake in memory, asked without a transport.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "api/service.h"
#include "object/memory_store.h"

namespace eider {

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.Put("birds.csv", std::string_view("id,name\n1,eider\n2,\n3,\"smew, small\"\n")).ok());
    CatalogOptions uncached;  // each request reads, so that the store can fail it
    uncached.cache.memory_bytes = 0;
    catalog_ = *Catalog::Open(store_, *database_, uncached);
    ProductionOptions options;
    options.spool_folder = testing::TempDir();
    productions_ = std::make_unique<Productions>(options);
    service_ = std::make_unique<Service>(*catalog_, *database_, *productions_, ServiceOptions{});
  }

  struct Answer {
    Response head;
    std::string body;
  };

  Answer Ask(const std::string& target, std::vector<Header> headers = {}, const std::string& method = "GET",
             const std::string& content = {}) {
    Request request;
    request.method = method;
    request.body = content;
    request.path = target.substr(0, target.find('?'));
    if (const auto question = target.find('?'); question != std::string::npos)
      request.query = target.substr(question + 1);
    request.headers = std::move(headers);
    request.id = "id" + std::to_string(++asked_);
    request.room_bytes = room_bytes_;
    std::promise<Response> promise;
    service_->Handle(std::move(request), [&](Response response) { promise.set_value(std::move(response)); });
    Answer answer{promise.get_future().get(), {}};
    answer.body = answer.head.body ? Drain(*answer.head.body) : answer.head.text;
    if (answer.head.want_trailers) trailers_ = answer.head.body->trailers();
    answer.head.body.reset();
    return answer;
  }

  static std::string Drain(Body& body) {
    std::string out;
    char buffer[1000];
    for (;;) {
      const auto piece = body.Read(buffer);
      if (!piece) return out + "<error: " + piece.error().message + ">";
      if (piece->state == Body::State::kEnd) return out;
      out.append(buffer, piece->size);
      if (piece->state == Body::State::kPending) {
        std::promise<void> ready;
        body.WhenReadable([&] { ready.set_value(); });
        ready.get_future().wait();
      }
    }
  }

  static std::string Detail(const Answer& answer) {
    return std::string(boost::json::parse(answer.body).at("detail").as_string());
  }

  MemoryStore store_;
  std::unique_ptr<Database> database_ = *Database::Open({});
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Productions> productions_;
  std::unique_ptr<Service> service_;
  int asked_ = 0;
  std::uint64_t room_bytes_ = kAnyRoom;
  std::vector<Header> trailers_;
};

}  // namespace eider
