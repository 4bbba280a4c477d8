#include "object/tls_sessions.h"

#include <gtest/gtest.h>

#include <string>

namespace eider {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};

class TlsSessionsTest : public testing::Test {
 protected:
  // A connection that shakes hands in full and is given `tickets`.
  void Visit(TlsSessions& sessions, const std::vector<TlsSessions::Ticket>& tickets, WallTime now = kNow) {
    TlsSessions::Handshake connection;
    sessions.Begin(connection, now);
    sessions.Succeeded(connection, false);
    for (const auto& ticket : tickets) sessions.Keep(connection, ticket, now);
    sessions.Gone(connection, now);
  }

  static TlsSessions::Ticket Ticket(const std::string& name, seconds lifetime = seconds(7200)) {
    return {{name.begin(), name.end()}, lifetime, false, false};
  }
  static TlsSessions::Ticket Reusable(const std::string& name) {
    return {{name.begin(), name.end()}, seconds(300), true, false};
  }

  // What a new connection offers; it ends well, by that session if there is one.
  static std::string Offer(TlsSessions& sessions, WallTime now = kNow) {
    TlsSessions::Handshake connection;
    const auto session = sessions.Begin(connection, now);
    sessions.Succeeded(connection, !session.empty());
    sessions.Gone(connection, now);
    return {session.begin(), session.end()};
  }
};

TEST_F(TlsSessionsTest, NothingIsOfferedAtFirst) {
  TlsSessions sessions(4);
  EXPECT_EQ(Offer(sessions), "");
}

TEST_F(TlsSessionsTest, ATicketIsOfferedOnceTheNewestFirst) {
  TlsSessions sessions(4);
  Visit(sessions, {Ticket("a"), Ticket("b")});
  EXPECT_EQ(Offer(sessions), "b");
  EXPECT_EQ(Offer(sessions), "a");
  EXPECT_EQ(Offer(sessions), "");
}

TEST_F(TlsSessionsTest, ATicketOfTls12IsOfferedAgainUntilTheNextOneComes) {
  TlsSessions sessions(4);
  Visit(sessions, {Reusable("a")});
  EXPECT_EQ(Offer(sessions), "a");
  EXPECT_EQ(Offer(sessions), "a");
  Visit(sessions, {Reusable("b")});
  EXPECT_EQ(Offer(sessions), "b");
  EXPECT_EQ(Offer(sessions), "b");
}

TEST_F(TlsSessionsTest, OneThatTheServerDoesNotTakeIsForgotten) {
  TlsSessions sessions(4);
  Visit(sessions, {Reusable("a")});
  TlsSessions::Handshake connection;
  EXPECT_EQ(sessions.Begin(connection, kNow).size(), 1u);
  sessions.Succeeded(connection, false);
  EXPECT_EQ(Offer(sessions), "");
  EXPECT_EQ(sessions.failures(), 0u);
}

TEST_F(TlsSessionsTest, OneThatIsDeclinedIsForgottenAndNotToBlame) {
  TlsSessions sessions(4);
  Visit(sessions, {Reusable("a")});
  TlsSessions::Handshake connection;
  EXPECT_EQ(sessions.Begin(connection, kNow).size(), 1u);
  sessions.Declined(connection);
  sessions.Failed(connection, kNow);
  EXPECT_EQ(sessions.failures(), 0u);
  EXPECT_EQ(Offer(sessions), "");
}

TEST_F(TlsSessionsTest, ItsEndIsTheServersOrAnHour) {
  TlsSessions sessions(4);
  Visit(sessions, {Ticket("long"), Ticket("short", seconds(10))});
  EXPECT_EQ(Offer(sessions, kNow + seconds(10)), "long");
  Visit(sessions, {Ticket("long", std::chrono::hours(24))});
  EXPECT_EQ(Offer(sessions, kNow + TlsSessions::kLongest), "");
  Visit(sessions, {Ticket("unsaid", seconds(0))});
  EXPECT_EQ(Offer(sessions, kNow + TlsSessions::kLongest - seconds(1)), "unsaid");
}

TEST_F(TlsSessionsTest, AClockThatWasSetBackEndsIt) {
  TlsSessions sessions(4);
  Visit(sessions, {Ticket("a")});
  EXPECT_EQ(Offer(sessions, kNow - seconds(1)), "");
}

TEST_F(TlsSessionsTest, RenewingDoesNotMakeItLonger) {
  TlsSessions sessions(4);
  Visit(sessions, {Ticket("a")});
  TlsSessions::Handshake connection;
  sessions.Begin(connection, kNow + minutes(50));
  sessions.Succeeded(connection, true);
  auto renewed = Ticket("b");
  renewed.resumed = true;
  sessions.Keep(connection, renewed, kNow + minutes(50));
  sessions.Keep(connection, renewed, kNow + minutes(70));  // a connection may be older than what verified it
  EXPECT_EQ(Offer(sessions, kNow + minutes(59)), "b");
  EXPECT_EQ(Offer(sessions, kNow + minutes(59)), "");
  sessions.Keep(connection, renewed, kNow + minutes(59));
  EXPECT_EQ(Offer(sessions, kNow + minutes(60)), "");
}

TEST_F(TlsSessionsTest, ATicketOfAnOldConnectionIsAsOldAsThat) {
  TlsSessions sessions(4);
  TlsSessions::Handshake connection;
  sessions.Begin(connection, kNow);
  sessions.Succeeded(connection, false);
  sessions.Keep(connection, Ticket("a"), kNow + minutes(50));
  EXPECT_EQ(Offer(sessions, kNow + minutes(60)), "");
}

TEST_F(TlsSessionsTest, WhatCameBeforeTheHandshakesEndCountsFromThere) {
  TlsSessions sessions(4);
  TlsSessions::Handshake first;
  sessions.Begin(first, kNow);
  sessions.Keep(first, Reusable("a"), kNow);
  EXPECT_EQ(Offer(sessions), "");
  sessions.Succeeded(first, false);
  EXPECT_EQ(Offer(sessions), "a");

  TlsSessions::Handshake second;
  sessions.Begin(second, kNow);
  sessions.Keep(second, Reusable("b"), kNow);
  sessions.Gone(second, kNow);
  EXPECT_EQ(Offer(sessions, kNow + TlsSessions::kPause), "") << "of a handshake that never ended";
}

TEST_F(TlsSessionsTest, AHandshakeThatFailedWithOneIsFollowedByFullOnes) {
  TlsSessions sessions(4);
  Visit(sessions, {Ticket("a"), Ticket("b"), Ticket("c")});
  TlsSessions::Handshake connection;
  sessions.Begin(connection, kNow);
  sessions.Failed(connection, kNow);
  sessions.Gone(connection, kNow);
  EXPECT_EQ(sessions.failures(), 1u);
  Visit(sessions, {Ticket("d")});
  EXPECT_EQ(Offer(sessions, kNow + TlsSessions::kPause - seconds(1)), "");
  EXPECT_EQ(Offer(sessions, kNow + TlsSessions::kPause), "d") << "what came before the failure is not offered again";
  EXPECT_EQ(Offer(sessions, kNow + TlsSessions::kPause), "");
}

TEST_F(TlsSessionsTest, AFullHandshakeThatFailedSaysNothingOfSessions) {
  TlsSessions sessions(4);
  TlsSessions::Handshake connection;
  sessions.Begin(connection, kNow);
  Visit(sessions, {Ticket("a")});
  sessions.Failed(connection, kNow);
  EXPECT_EQ(sessions.failures(), 0u);
  EXPECT_EQ(Offer(sessions), "a");
}

TEST_F(TlsSessionsTest, AsManyAreKeptAsWereAskedFor) {
  TlsSessions sessions(2);
  Visit(sessions, {Ticket("a"), Ticket("b"), Ticket("c"), Ticket(std::string(TlsSessions::kLargestBytes + 1, 'x'))});
  EXPECT_EQ(Offer(sessions), "c");
  EXPECT_EQ(Offer(sessions), "b");
  EXPECT_EQ(Offer(sessions), "");
}

}  // namespace
}  // namespace eider
