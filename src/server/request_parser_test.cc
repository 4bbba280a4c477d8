#include "server/request_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace eider {
namespace {

using State = RequestParser::State;

// Feeds `bytes` in pieces of `step`, as a connection does.
void Feed(RequestParser& parser, std::string_view bytes, std::size_t step) {
  std::string input;
  while (!bytes.empty() && parser.state() != State::kDone && parser.state() != State::kRefused) {
    input += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    input.erase(0, parser.Consume(input));
  }
}

int RefusalOf(const std::string& bytes, std::size_t step = 4096) {
  RequestParser parser({});
  Feed(parser, bytes, step);
  return parser.state() == State::kRefused ? parser.refusal().status : 0;
}

TEST(RequestParser, ReadsAWholeRequestHoweverItIsCut) {
  for (const std::size_t step : {1, 2, 3, 7, 4096}) {
    RequestParser parser({});
    Feed(parser, "\r\nPOST /a%20b?x=1&y=? HTTP/1.1\r\nHost: h\r\nX-Y:  v \r\nContent-Length: 5\r\n\r\nhello", step);
    ASSERT_EQ(parser.state(), State::kDone) << step;
    EXPECT_EQ(parser.request().method, "POST");
    EXPECT_EQ(parser.request().path, "/a%20b");
    EXPECT_EQ(parser.request().query, "x=1&y=?");
    EXPECT_EQ(parser.request().Find("x-y"), "v");
    EXPECT_EQ(parser.request().body, "hello");
    EXPECT_TRUE(parser.keep_alive());
  }
}

TEST(RequestParser, LeavesWhatFollows) {
  RequestParser parser({});
  const std::string first = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(parser.Consume(first + "GET /2 HTTP/1.1\r\n"), first.size());
  EXPECT_EQ(parser.state(), State::kDone);
}

TEST(RequestParser, DecodesChunksAndKeepsTrailersOutOfTheHeaders) {
  for (const std::size_t step : {1, 5, 4096}) {
    RequestParser parser({});
    Feed(parser,
         "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nAuthorization: stolen\r\n\r\n",
         step);
    ASSERT_EQ(parser.state(), State::kDone) << step;
    EXPECT_EQ(parser.request().body, "abc0123456789");
    EXPECT_EQ(parser.request().Find("Authorization"), "");
  }
}

TEST(RequestParser, UnderstandsTheAbsoluteForm) {
  const auto parse = [](std::string target) {
    RequestParser parser({});
    Feed(parser, "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n", 4096);
    return parser.request().path + "|" + parser.request().query;
  };
  EXPECT_EQ(parse("http://h:80/p/q?a=b"), "/p/q|a=b");
  EXPECT_EQ(parse("HTTPS://h"), "/|");
  EXPECT_EQ(parse("http://h?a"), "/|a");
  EXPECT_EQ(parse("/http://h/x"), "/http://h/x|");
}

TEST(RequestParser, KnowsWhoKeepsTheConnection) {
  const auto keeps = [](const std::string& head) {
    RequestParser parser({});
    Feed(parser, head, 4096);
    EXPECT_EQ(parser.state(), State::kDone);
    return parser.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestParser, KnowsWhoWaitsForContinue) {
  RequestParser waiting({});
  Feed(waiting, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n", 4096);
  EXPECT_EQ(waiting.state(), State::kBody);
  EXPECT_TRUE(waiting.expects_continue());
  RequestParser old({});
  Feed(old, "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", 4096);
  EXPECT_FALSE(old.expects_continue());
  EXPECT_EQ(RefusalOf("GET / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n"), 417);
}

struct Bad {
  const char* what;
  int status;
  std::string bytes;
};

TEST(RequestParser, Refuses) {
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const Bad cases[] = {
      {"not HTTP", 400, "hello, is anybody there? I have been waiting for so long\r\n"},
      {"TLS", 400, std::string("\x16\x03\x01\x02\x00", 5)},
      {"no version", 400, "GET /\r\n\r\n"},
      {"two spaces", 400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"more behind the version", 400, "GET / HTTP/1.1 and more than that\r\n"},
      {"HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\n"},
      {"HTTP/0.9", 505, "GET / HTTP/0.9\r\n\r\n"},
      {"bare LF after the request line", 400, "GET / HTTP/1.1\nHost: h\n\n"},
      {"bare LF in the header", 400, "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"},
      {"bare CR", 400, get + "X: a\rb\r\n\r\n"},
      {"NUL", 400, get + std::string("X: a\0b\r\n\r\n", 10)},
      {"folded line", 400, get + "X: a\r\n b\r\n\r\n"},
      {"space before the colon", 400, get + "X : a\r\n\r\n"},
      {"no colon", 400, get + "Xa\r\n\r\n"},
      {"empty name", 400, get + ": a\r\n\r\n"},
      {"no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", 400, get + "Host: i\r\n\r\n"},
      {"authority form", 400, "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"relative target", 400, "GET x HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"both lengths", 400, post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"both lengths, turned", 400, post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
      {"both, with a coding unknown", 400, post + "Content-Length: 3\r\nTransfer-Encoding: xchunked\r\n\r\n"},
      {"two lengths", 400, post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"},
      {"one length twice", 400, post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"},
      {"a list of lengths", 400, post + "Content-Length: 3, 3\r\n\r\n"},
      {"signed length", 400, post + "Content-Length: +3\r\n\r\n"},
      {"hex length", 400, post + "Content-Length: 0x3\r\n\r\n"},
      {"overflowing length", 400, post + "Content-Length: 99999999999999999999\r\n\r\n"},
      {"coding unknown", 501, post + "Transfer-Encoding: gzip\r\n\r\n"},
      {"chunked twice", 400, post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"chunked not alone", 501, post + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
      {"chunked in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"chunk size not hex", 400, chunked + "xyz\r\n"},
      {"chunk size signed", 400, chunked + "-1\r\n"},
      {"chunk size overflowing", 400, chunked + "fffffffffffffffff\r\n"},
      {"chunk without its CRLF", 400, chunked + "3\r\nabcdef\r\n"},
      {"bare LF after the chunk size", 400, chunked + "3\nabc\r\n0\r\n\r\n"},
      {"long body", 413, post + "Content-Length: 1048577\r\n\r\n"},
      {"long chunk", 413, chunked + "100001\r\n" + std::string(1048577, 'x')},
      {"endless chunk header", 431, chunked + "3;" + std::string(100000, 'x')},
      {"long target", 414, "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n"},
      {"1 MB query", 414, "GET /?q=" + std::string(1 << 20, 'x')},
      {"long header line", 431, get + "X: " + std::string(20000, 'x')},
      {"many header lines", 431,
       [&] {
         std::string flood = get;
         for (int i = 0; i < 5000; ++i) flood += "X: y\r\n";
         return flood;
       }()},
  };
  for (const Bad& bad : cases) {
    EXPECT_EQ(RefusalOf(bad.bytes), bad.status) << bad.what;
    if (bad.bytes.size() > 1000) continue;
    EXPECT_EQ(RefusalOf(bad.bytes, 1), bad.status) << bad.what << ", byte by byte";
  }
}

TEST(RequestParser, TakesWhatFitsTheLimitsExactly) {
  RequestParser::Limits limits{.header_bytes = 64, .target_bytes = 10, .body_bytes = 4};
  const auto status = [&](const std::string& bytes) {
    RequestParser parser(limits);
    Feed(parser, bytes, 4096);
    return parser.state() == State::kRefused ? parser.refusal().status : 200;
  };
  const std::string tail = " HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(status("GET /234567890" + tail), 200);
  EXPECT_EQ(status("GET /2345678901" + tail), 414);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd"), 200);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde"), 413);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(50, 'x') + "\r\n\r\n"), 200);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(60, 'x') + "\r\n\r\n"), 431);
}

TEST(RequestParser, KeepsWhatItUnderstoodOfARefusedRequest) {
  RequestParser parser({});
  Feed(parser, "PUT /p?q HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n", 4096);
  ASSERT_EQ(parser.refusal().status, 413);
  EXPECT_EQ(parser.request().method, "PUT");
  EXPECT_EQ(parser.request().path, "/p");
}

}  // namespace
}  // namespace eider
