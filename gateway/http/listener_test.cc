// The listener over real sockets: what is answered, and what slow, greedy and broken peers come to.
// Timeouts are shortened, never measured: each test waits for the event, and hangs if it never
// comes.
#include "gateway/http/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "gateway/base/check.h"
#include "gateway/base/socket_address.h"
#include "gateway/base/status_matchers.h"

namespace chayan::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kGet[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

// A peer that sends exactly what it is told to.
class Peer {
 public:
  explicit Peer(const std::string& address) {
    const auto parsed = ParseSocketAddress(address);
    CHAYAN_CHECK(parsed.ok());
    socket_ = socket(parsed->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHAYAN_CHECK(connect(socket_, parsed->raw(), parsed->size) == 0);
  }
  ~Peer() {
    if (socket_ >= 0) close(socket_);
  }
  Peer(Peer&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

  // False when the connection is gone.
  bool Send(absl::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // Whether the other side ends the connection, or answers, before the time is over.
  bool HearsWithin(absl::Duration time) {
    pollfd event{.fd = socket_, .events = POLLIN, .revents = 0};
    return poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(time))) > 0;
  }
  void EndSending() { shutdown(socket_, SHUT_WR); }

  // Up to what ends in `end`, or to the end of the connection.
  std::string ReadUntil(absl::string_view end) {
    while (end.empty() || !absl::EndsWith(read_, end)) {
      char bytes[4096];
      const ssize_t size = recv(socket_, bytes, sizeof(bytes), 0);
      if (size <= 0) break;
      read_.append(bytes, static_cast<size_t>(size));
    }
    return std::exchange(read_, {});
  }
  std::string ReadAll() { return ReadUntil(""); }

 private:
  int socket_;
  std::string read_;
};

class ListenerTest : public testing::Test {
 protected:
  // A listener with the routes of the test and two of its own.
  void Listen(std::vector<Route> routes = {}) {
    routes.push_back({.path = "/hello",
                      .handler = [](const Request&) { return TextResponse(200, "hello"); },
                      .may_block = false});
    routes.push_back({.path = "/echo",
                      .handler =
                          [](const Request& request) {
                            return Response{.body = request.body, .content_type = kOctetStream};
                          },
                      .post_bytes_max = 100'000});
    auto listener = Listener::Create(options_, std::move(routes), clock_);
    ASSERT_OK(listener.status());
    listener_ = *std::move(listener);
  }
  Peer Connect() { return Peer(listener_->address()); }

  const SimulatedClock clock_{absl::FromUnixSeconds(1'767'225'600)};
  Listener::Options options_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(ListenerTest, AnswersOneRequestAfterAnother) {
  Listen();
  Peer peer = Connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer.Send(kGet));
    EXPECT_EQ(peer.ReadUntil("hello\n"),
              "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
              "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n"
              "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
              "Connection: keep-alive\r\n\r\nhello\n");
  }
  EXPECT_EQ(listener_->Counts().requests, 3);
}

TEST_F(ListenerTest, AnswersInOrderWhatWasSentAhead) {
  Listen();
  Peer peer = Connect();
  std::string ahead;
  for (int i = 0; i < 200; ++i) {
    const std::string body = absl::StrCat("body ", i, ";");
    absl::StrAppend(&ahead, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ", body.size(),
                    "\r\n\r\n", body);
  }
  std::thread sender([&] { EXPECT_TRUE(peer.Send(ahead)); });
  const std::string answers = peer.ReadUntil("body 199;");
  sender.join();
  size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    at = answers.find(absl::StrCat("body ", i, ";"), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(ListenerTest, HeadHasTheLengthAndNoBody) {
  Listen();
  Peer peer = Connect();
  ASSERT_TRUE(peer.Send("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  const std::string answer = peer.ReadAll();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(ListenerTest, ARefusalReachesAPeerThatGoesOnSending) {
  Listen();
  Peer peer = Connect();
  ASSERT_TRUE(peer.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"));
  peer.Send(std::string(200'000, 'x'));
  peer.EndSending();
  const std::string answer = peer.ReadAll();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_EQ(listener_->Counts().refusals, 1);
}

TEST_F(ListenerTest, SaysWhichMethodsAPathTakes) {
  Listen();
  Peer peer = Connect();
  ASSERT_TRUE(peer.Send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
  const std::string answer = peer.ReadAll();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(answer, HasSubstr("Allow: POST\r\n"));
}

TEST_F(ListenerTest, APeerThatSendsAByteNowAndThenIsCutOff) {
  options_.request_timeout = absl::Milliseconds(200);
  Listen();
  Peer peer = Connect();
  ASSERT_TRUE(peer.Send("GET /hello HTTP/1.1\r\nHost: x\r\nA: "));
  while (!peer.HearsWithin(absl::Milliseconds(5))) peer.Send("a");
  EXPECT_EQ(peer.ReadAll(), "");
  EXPECT_EQ(listener_->Counts().timeouts, 1);
  EXPECT_EQ(listener_->Counts().connections, 0);
}

TEST_F(ListenerTest, APeerThatSaysNothingIsCutOff) {
  options_.idle_timeout = absl::Milliseconds(50);
  Listen();
  Peer peer = Connect();
  EXPECT_EQ(peer.ReadAll(), "");
  EXPECT_EQ(listener_->Counts().timeouts, 1);
}

TEST_F(ListenerTest, APeerThatDoesNotReadItsAnswerIsCutOff) {
  options_.write_timeout = absl::Milliseconds(100);
  Listen({{.path = "/large", .handler = [](const Request&) {
             return Response{.body = std::string(64 << 20, 'x')};
           }}});
  Peer peer = Connect();
  ASSERT_TRUE(peer.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"));
  while (listener_->Counts().timeouts == 0) std::this_thread::yield();
  EXPECT_LT(peer.ReadAll().size(), size_t{64} << 20);
}

TEST_F(ListenerTest, OneWhoWantsInPushesOutTheOldestThatAsksNothing) {
  options_.connections_max = 4;
  Listen();
  std::vector<Peer> idlers;
  for (int i = 0; i < 4; ++i) {
    idlers.push_back(Connect());
    idlers.back().Send("GET /hel");
  }
  for (int i = 0; i < 50; ++i) {
    Peer peer = Connect();
    ASSERT_TRUE(peer.Send(kGet));
    ASSERT_THAT(peer.ReadUntil("hello\n"), EndsWith("hello\n")) << i;
    ASSERT_LE(listener_->Counts().connections, 4);
  }
  EXPECT_EQ(idlers.front().ReadAll(), "");
}

TEST_F(ListenerTest, ManyAtOnceAreAllAnswered) {
  Listen();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kConnectionsMax / 2; ++i) {
    threads.emplace_back([this] {
      Peer peer = Connect();
      for (int j = 0; j < 20; ++j) {
        EXPECT_TRUE(peer.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nping"));
        EXPECT_THAT(peer.ReadUntil("ping"), EndsWith("\r\n\r\nping"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(listener_->Counts().requests, 20 * kConnectionsMax / 2);
}

TEST_F(ListenerTest, AHandlerThatBlocksHoldsUpOnlyThoseThatMay) {
  absl::Notification go;
  Listen({{.path = "/slow", .handler = [&go](const Request&) {
             go.WaitForNotification();
             return TextResponse(200, "slow");
           }}});
  Peer slow = Connect();
  ASSERT_TRUE(slow.Send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
  Peer quick = Connect();
  ASSERT_TRUE(quick.Send(kGet));
  EXPECT_THAT(quick.ReadUntil("hello\n"), EndsWith("hello\n"));
  go.Notify();
  EXPECT_THAT(slow.ReadUntil("slow\n"), EndsWith("slow\n"));
}

TEST_F(ListenerTest, AStopAnswersWhatIsUnderWayAndClosesTheRest) {
  absl::Notification entered, go;
  Listen({{.path = "/slow", .handler = [&](const Request&) {
             entered.Notify();
             go.WaitForNotification();
             return TextResponse(200, "slow");
           }}});
  const std::string address = listener_->address();
  Peer idle = Connect();
  Peer slow = Connect();
  ASSERT_TRUE(slow.Send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
  entered.WaitForNotification();
  std::thread stop([this] { listener_->Stop(); });
  EXPECT_EQ(idle.ReadAll(), "");
  go.Notify();
  const std::string answer = slow.ReadAll();
  EXPECT_THAT(answer, EndsWith("slow\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  stop.join();
  EXPECT_EQ(listener_->Counts().connections, 0);
  // The port is free again.
  options_.address = address;
  Listen();
}

TEST_F(ListenerTest, AnAddressThatOthersReachMustBeMeant) {
  options_.address = "0.0.0.0:0";
  const auto refused = Listener::Create(options_, {}, clock_);
  EXPECT_THAT(refused.status().message(), HasSubstr("other machines reach it"));
  options_.any_address = true;
  Listen();
  options_ = {.address = listener_->address(), .any_address = true};
  EXPECT_TRUE(absl::IsUnavailable(Listener::Create(options_, {}, clock_).status()));
  options_.address = "localhost:0";
  EXPECT_TRUE(absl::IsInvalidArgument(Listener::Create(options_, {}, clock_).status()));
}

}  // namespace
}  // namespace chayan::http
