#include "engine/production.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <thread>

namespace eider {
namespace {

ProductionOptions Options() {
  ProductionOptions options;
  options.spool_folder = testing::TempDir();
  return options;
}

Result<SpoolEnd> WriteHello(Sink& sink, std::stop_token, const TellEnd& = {}) {
  if (auto status = sink.Write(std::string_view("hello")); !status) return status.error();
  return SpoolEnd{1, 0, 0};
}

std::string Text(const Reader& reader) {
  std::promise<void> ended;
  const auto ticket = [&](std::uint64_t offset) { return reader.spool().Wait(offset, [&] { ended.set_value(); }); };
  std::string out;
  std::string buffer(1000, '\0');
  while (!reader.spool().state().end && !reader.spool().state().error) {
    ended = std::promise<void>();
    ticket(reader.spool().state().size_bytes);
    ended.get_future().wait();
  }
  for (;;) {
    const auto n = reader.spool().Read(out.size(), buffer);
    if (*n == 0) return out;
    out.append(buffer, 0, *n);
  }
}

TEST(ProductionTest, EqualRequestsAreOneRun) {
  Productions productions(Options());
  std::promise<void> go;
  const auto gate = go.get_future().share();
  const auto produce = [gate](Sink& sink, std::stop_token stop, const TellEnd&) {
    gate.wait();
    return WriteHello(sink, stop);
  };
  std::vector<Reader> readers;
  for (int i = 0; i < 500; ++i) readers.push_back(*productions.Join("k", produce));
  go.set_value();
  for (const Reader& reader : readers) EXPECT_EQ(Text(reader), "hello");
  EXPECT_EQ(productions.counters().started, 1u);
  EXPECT_EQ(productions.counters().joined, 499u);
  const auto late = productions.Join(
      "k", [](Sink&, std::stop_token, const TellEnd&) -> Result<SpoolEnd> { return Internal("run again"); });
  EXPECT_EQ(Text(*late), "hello") << "a finished result is kept";
  EXPECT_TRUE(late->joined());
}

TEST(ProductionTest, IdleWhenNoQueryRunsOrWaits) {
  Productions productions(Options());
  EXPECT_TRUE(productions.WaitUntilIdle(SystemSteadyClock()()));
  std::promise<void> go;
  const auto gate = go.get_future().share();
  auto reader = productions.Join("k", [gate](Sink& sink, std::stop_token stop, const TellEnd&) {
    gate.wait();
    return WriteHello(sink, stop);
  });
  EXPECT_FALSE(productions.WaitUntilIdle(SystemSteadyClock()()));
  go.set_value();
  EXPECT_TRUE(productions.WaitUntilIdle(SteadyTime::max()));
  EXPECT_TRUE(reader->spool().state().end.has_value());
}

TEST(ProductionTest, NobodyWaitsForWhatComesAfterTheEnd) {
  Productions productions(Options());
  std::promise<void> go;
  const auto gate = go.get_future().share();
  const auto reader =
      productions.Join("k", [gate](Sink& sink, std::stop_token stop, const TellEnd& tell) -> Result<SpoolEnd> {
        tell(*WriteHello(sink, stop));
        gate.wait();
        return Internal("too late to be one");
      });
  EXPECT_EQ(Text(*reader), "hello");
  EXPECT_EQ(productions.counters().running, 0u);
  EXPECT_TRUE(productions.Join("k", WriteHello)->joined());
  EXPECT_FALSE(productions.WaitUntilIdle(SystemSteadyClock()()));
  go.set_value();
  EXPECT_TRUE(productions.WaitUntilIdle(SteadyTime::max()));
  EXPECT_FALSE(reader->spool().state().error.has_value());
  EXPECT_TRUE(productions.Peek("k").has_value());
}

TEST(ProductionTest, AnEmptyKeyIsNeverShared) {
  Productions productions(Options());
  const auto a = productions.Join("", WriteHello);
  const auto b = productions.Join("", WriteHello);
  EXPECT_EQ(Text(*a) + Text(*b), "hellohello");
  EXPECT_EQ(productions.counters().started, 2u);
}

TEST(ProductionTest, AFailureIsNotKept) {
  Productions productions(Options());
  {
    const auto failing = productions.Join(
        "k", [](Sink&, std::stop_token, const TellEnd&) -> Result<SpoolEnd> { return Corrupt("cut"); });
    Text(*failing);
    EXPECT_EQ(failing->spool().state().error->message, "cut");
  }
  EXPECT_EQ(Text(*productions.Join("k", WriteHello)), "hello");
}

TEST(ProductionTest, TheLastReaderToLeaveCancels) {
  Productions productions(Options());
  std::promise<void> stopped;
  std::promise<void> begun;
  auto first = productions.Join("k", [&](Sink&, std::stop_token stop, const TellEnd&) -> Result<SpoolEnd> {
    begun.set_value();
    std::promise<void> asked;
    const std::stop_callback callback(stop, [&] { asked.set_value(); });
    asked.get_future().wait();
    stopped.set_value();
    return Error{ErrorKind::kCancelled, "cancelled", {}};
  });
  begun.get_future().wait();
  {
    const auto second = productions.Join("k", WriteHello);
    *first = Reader();
    EXPECT_EQ(productions.counters().running, 1u) << "one reader is left";
  }
  stopped.get_future().wait();
  EXPECT_EQ(Text(*productions.Join("k", WriteHello)), "hello") << "a cancelled run is not joined";
}

TEST(ProductionTest, TooManyWaitingAreRefused) {
  ProductionOptions options = Options();
  options.running = 1;
  options.waiting = 2;
  Productions productions(options);
  std::promise<void> go;
  std::promise<void> begun;
  const auto gate = go.get_future().share();
  const auto blocked = productions.Join("", [&, gate](Sink& sink, std::stop_token stop, const TellEnd&) {
    begun.set_value();
    gate.wait();
    return WriteHello(sink, stop);
  });
  begun.get_future().wait();
  const auto a = productions.Join("", WriteHello);
  const auto b = productions.Join("", WriteHello);
  const auto refused = productions.Join("", WriteHello);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  go.set_value();
  EXPECT_EQ(Text(*blocked) + Text(*a) + Text(*b), "hellohellohello");
}

TEST(ProductionTest, KeptResultsMakeRoom) {
  ProductionOptions options = Options();
  options.spool_bytes = 10 << 20;
  Productions productions(options);
  const auto big = [](Sink& sink, std::stop_token, const TellEnd&) -> Result<SpoolEnd> {
    if (auto status = sink.Write(std::string(7 << 20, 'x')); !status) return status.error();
    return SpoolEnd{};
  };
  EXPECT_EQ(Text(*productions.Join("a", big)).size(), 7u << 20);
  EXPECT_EQ(Text(*productions.Join("b", big)).size(), 7u << 20) << "a was evicted for b";
  EXPECT_EQ(productions.counters().kept, 1u);
}

}  // namespace
}  // namespace eider
