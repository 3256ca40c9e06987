// What a connection's bytes become: each request is fed in all the ways a network may cut it, each
// thing that must be refused is refused with its status, and nothing is held beyond the bounds.
#include "gateway/http/request_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/http/limits.h"

namespace chayan::http {
namespace {

using State = RequestReader::State;

RouteTable Routes() {
  const Handler none = [](const Request&) { return Response(); };
  return RouteTable({{.path = "/exact", .handler = none},
                     {.path = "/tile/", .handler = none},
                     {.path = "/tile/special", .handler = none},
                     {.path = "/add", .handler = none, .post_bytes_max = 10}});
}

class RequestReaderTest : public testing::Test {
 protected:
  // The status of the refusal, or 0 when it is a request, or -1 when more is wanted.
  int StatusOf(absl::string_view text) {
    RequestReader reader(routes_);
    State state = State::kNeedsMore;
    for (size_t at = 0; at < text.size() && state == State::kNeedsMore; at += kReadBytes) {
      state = reader.Feed(text.substr(at, kReadBytes));
    }
    if (state == State::kNeedsMore) return -1;
    return state == State::kRequest ? 0 : reader.refusal().status;
  }

  const RouteTable routes_ = Routes();
};

TEST_F(RequestReaderTest, ReadsARequestHoweverItIsCut) {
  const std::string get = "GET /exact?a=b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
  for (size_t cut = 1; cut < get.size(); ++cut) {
    RequestReader reader(routes_);
    ASSERT_EQ(reader.Feed(get.substr(0, cut)), State::kNeedsMore) << cut;
    EXPECT_FALSE(reader.is_between_requests());
    ASSERT_EQ(reader.Feed(get.substr(cut)), State::kRequest) << cut;
    EXPECT_EQ(reader.request().method, "GET");
    EXPECT_EQ(reader.request().path, "/exact");
    EXPECT_EQ(reader.request().query, "a=b");
    EXPECT_EQ(reader.route().path, "/exact");
    EXPECT_TRUE(reader.keep_alive());
    EXPECT_EQ(reader.Next(), State::kNeedsMore);
    EXPECT_TRUE(reader.is_between_requests());
  }
}

TEST_F(RequestReaderTest, ReadsABodyHoweverItIsCut) {
  for (const std::string post :
       {"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789",
        "POST /add HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"}) {
    for (size_t cut = 1; cut < post.size(); ++cut) {
      RequestReader reader(routes_);
      ASSERT_EQ(reader.Feed(post.substr(0, cut)), State::kNeedsMore) << cut;
      ASSERT_EQ(reader.Feed(post.substr(cut)), State::kRequest) << cut;
      EXPECT_EQ(reader.request().method, "POST");
      EXPECT_EQ(reader.request().body, "0123456789");
    }
  }
}

TEST_F(RequestReaderTest, GoesOnWithWhatWasSentAhead) {
  RequestReader reader(routes_);
  ASSERT_EQ(reader.Feed("GET /exact HTTP/1.1\r\nHost: x\r\n\r\nHEAD /tile/0/000 HTTP/1.1\r\nHost: "
                        "x\r\nConnection: close\r\n\r\nGET"),
            State::kRequest);
  EXPECT_FALSE(reader.is_head());
  ASSERT_EQ(reader.Next(), State::kRequest);
  EXPECT_TRUE(reader.is_head());
  EXPECT_EQ(reader.request().method, "GET");
  EXPECT_EQ(reader.route().path, "/tile/");
  EXPECT_FALSE(reader.keep_alive());
  EXPECT_EQ(reader.Next(), State::kNeedsMore);
  EXPECT_FALSE(reader.is_between_requests());
}

TEST_F(RequestReaderTest, TakesTheMostExactRoute) {
  for (const auto& [path, route] :
       std::vector<std::pair<std::string, std::string>>{{"/tile/special", "/tile/special"},
                                                        {"/tile/specials", "/tile/"},
                                                        {"/tile/", "/tile/"}}) {
    RequestReader reader(routes_);
    ASSERT_EQ(reader.Feed(absl::StrCat("GET ", path, " HTTP/1.0\r\n\r\n")), State::kRequest);
    EXPECT_EQ(reader.route().path, route);
    EXPECT_FALSE(reader.keep_alive());
  }
}

TEST_F(RequestReaderTest, RefusesWhatItDoesNotServe) {
  const std::string end = " HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(StatusOf("GET /none" + end), 404);
  EXPECT_EQ(StatusOf("GET /exact/" + end), 404);
  EXPECT_EQ(StatusOf("GET /%65xact" + end), 404);
  EXPECT_EQ(StatusOf("GET /tile" + end), 404);
  EXPECT_EQ(StatusOf("GET /add" + end), 405);
  EXPECT_EQ(StatusOf("POST /exact" + end), 405);
  EXPECT_EQ(StatusOf("DELETE /exact" + end), 405);
  EXPECT_EQ(StatusOf("GET exact" + end), 400);
  EXPECT_EQ(StatusOf("GET http://x/exact" + end), 400);
  EXPECT_EQ(StatusOf("GET /exact HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET /exact HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET /exact HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"), 400);
  EXPECT_EQ(StatusOf("GET /exact HTTP/2.0\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("POST /add HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n"), 417);
}

TEST_F(RequestReaderTest, RefusesGarbageAndAmbiguousLengths) {
  const std::string post = "POST /add HTTP/1.1\r\nHost: x\r\n";
  EXPECT_EQ(StatusOf(std::string(100, '\0')), 400);
  EXPECT_EQ(StatusOf("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400);  // a TLS hello
  EXPECT_EQ(StatusOf("GET /exact HTTP/1.1\r\nHost : x\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET /exact HTTP/1.1\r\nHost: x\r\n folded\r\nno colon\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET /ex\x01t HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  // Two lengths are two messages to two readers.
  EXPECT_EQ(StatusOf(post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400);
  EXPECT_EQ(StatusOf(post + "Content-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(post + "Content-Length: 99999999999999999999\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 400);
}

TEST_F(RequestReaderTest, RefusesWhatIsTooLarge) {
  const std::string host = " HTTP/1.1\r\nHost: x\r\n";
  EXPECT_EQ(StatusOf("GET /tile/" + std::string(kTargetBytesMax, '0') + host + "\r\n"), 414);
  EXPECT_EQ(StatusOf("GET /" + std::string(kHeaderBytesMax, '0')), 414);
  EXPECT_EQ(StatusOf("GET /exact" + host + "A: " + std::string(kHeaderBytesMax, 'a')), 431);
  std::string many = "GET /exact" + host;
  while (many.size() < 2 * kHeaderBytesMax) many += "A: b\r\n";
  EXPECT_EQ(StatusOf(many + "\r\n"), 431);
  // Just within the bound.
  EXPECT_EQ(
      StatusOf("GET /exact" + host + "A: " + std::string(kHeaderBytesMax / 2, 'a') + "\r\n\r\n"),
      0);
  EXPECT_EQ(StatusOf("POST /add" + host + "Content-Length: 11\r\n\r\n"), 413);
  EXPECT_EQ(StatusOf("POST /add" + host + "Content-Length: 1048577\r\n\r\n"), 413);
  EXPECT_EQ(StatusOf("POST /add" + host +
                     "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n67890\r\n0\r\n\r\n"),
            413);
}

TEST_F(RequestReaderTest, AHeaderWithoutEndIsRefusedBeforeItFillsMemory) {
  RequestReader reader(routes_);
  ASSERT_EQ(reader.Feed("GET /exact HTTP/1.1\r\nHost: x\r\n"), State::kNeedsMore);
  size_t fed = 0;
  while (reader.Feed("Another: field\r\n") == State::kNeedsMore) {
    fed += 16;
    ASSERT_LE(fed, 2 * kHeaderBytesMax);
  }
  EXPECT_EQ(reader.refusal().status, 431);
}

}  // namespace
}  // namespace chayan::http
