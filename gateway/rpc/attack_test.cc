// Goal: a peer that misbehaves costs little, is told or loses its connection, and nobody else
// notices. Method: bytes and HTTP/2 frames written by hand; after each attack an honest client
// asks.
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gateway/rpc/grpc_client.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/raw_client.h"
#include "gateway/rpc/test_front.h"

namespace chayan::rpc {
namespace {

class AttackTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(honest_.Call(kEcho).status.ok()); }

  // The front wants at least one connection of an honest client beside the attacker's.
  void ExpectAttackerGone() {
    EXPECT_TRUE(Eventually([&] { return front_.server->Status().connections <= 1; }));
  }

  TestFront front_;
  Client honest_{front_, front_.desk};
};

TEST_F(AttackTest, GarbageInPlaceOfTls) {
  RawClient client(front_, {});
  const std::string garbage(4096, '\x16');
  ASSERT_EQ(send(client.socket_fd(), garbage.data(), garbage.size(), 0),
            static_cast<ssize_t>(garbage.size()));
  EXPECT_TRUE(Eventually([&] { return front_.server->Status().handshakes_failed == 1; }));
  ExpectAttackerGone();
}

TEST_F(AttackTest, GarbageInPlaceOfHttp2) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.Handshake());
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, HalfHandshakesEndInTime) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(front_, RawClient::Options{}));
  }
  EXPECT_TRUE(Eventually([&] { return front_.server->Status().connections == 20; }));
  front_.clock.Advance(kHandshakeTimeout + absl::Seconds(1));
  EXPECT_TRUE(Eventually([&] { return front_.server->Status().connections == 0; }));
  EXPECT_EQ(front_.server->Status().handshakes_failed, 20u);
}

TEST_F(AttackTest, MoreHalfHandshakesThanAllowedPushOutTheOldest) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (uint32_t i = 0; i < kHandshakesInProgressMax + 10; ++i) {
    clients.push_back(std::make_unique<RawClient>(front_, RawClient::Options{}));
  }
  // An honest client gets through while they all hang.
  EXPECT_TRUE(honest_.Call(kEcho).status.ok());
  EXPECT_TRUE(Eventually(
      [&] { return front_.server->Status().connections <= kHandshakesInProgressMax + 1; }));
  EXPECT_GE(front_.server->Status().handshakes_failed, 10u);
}

TEST_F(AttackTest, AWholeCountryThatConnectsAtOnceGetsIn) {
  front_.clock.StopElapsed();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (uint32_t i = 0; i < kHandshakesInProgressMax + 10; ++i) {
    clients.push_back(
        std::make_unique<RawClient>(front_, RawClient::Options{.party = &front_.desk}));
  }
  EXPECT_TRUE(
      Eventually([&] { return front_.server->Status().connections >= kHandshakesInProgressMax; }));
  for (const auto& client : clients) ASSERT_TRUE(client->Handshake());
}

TEST_F(AttackTest, WrongMethodAndContentTypeGetAnHttpStatus) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 1, H2Request(kEcho, "GET")));
  EXPECT_EQ(client.ReadHeader(1, ":status"), "405");
  client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 3,
                      H2Request(kEcho, "POST", "application/json")));
  EXPECT_EQ(client.ReadHeader(3, ":status"), "415");
  client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 5,
                      H2Request(kEcho, "POST", "application/grpc-web")));
  EXPECT_EQ(client.ReadHeader(5, ":status"), "415");
}

TEST_F(AttackTest, CallsThatAreNoGrpcPassTheDoorLikeOthers) {
  TestFront front({.requests_per_second = 1});
  const auto get = [](uint32_t id) {
    return H2Frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, id, H2Request(kEcho, "GET"));
  };
  RawClient client(front, {.party = &front.desk});
  ASSERT_TRUE(client.StartHttp2());
  uint32_t id = 1;
  for (int i = 0; i < 10; ++i, id += 2) {
    client.Send(get(id));
    EXPECT_EQ(client.ReadHeader(id, ":status"), "405");
  }
  client.Send(get(id));
  EXPECT_EQ(client.ReadHeader(id, "grpc-status"), "8");
  EXPECT_EQ(front.server->Status().calls_shed, 11u);
  const auto nobody = front.NewCaller("spiffe://test.example/hro-z/desk-1", 300);
  RawClient stranger(front, {.party = &nobody});
  ASSERT_TRUE(stranger.StartHttp2());
  stranger.Send(get(1));
  EXPECT_EQ(stranger.ReadHeader(1, "grpc-status"), "16");
  EXPECT_EQ(front.recorded(), std::vector<std::string>{"CALLER_UNKNOWN"});
}

TEST_F(AttackTest, ABodyThatNeverComesEndsWithItsDeadline) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  client.Send(
      H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kEcho) + H2Header("grpc-timeout", "40S")));
  ASSERT_TRUE(Eventually([&] { return front_.server->Status().calls_in_flight == 1; }));
  front_.clock.Advance(absl::Seconds(41));
  EXPECT_EQ(client.ReadHeader(1, "grpc-status"), "4");
  EXPECT_EQ(front_.server->Status().calls_shed, 1u);
  EXPECT_TRUE(front_.recorded().empty());
}

TEST_F(AttackTest, MalformedBodiesAreRefused) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  uint32_t id = 1;
  const auto status = [&](const std::string& headers, const std::string& body) {
    client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, id, H2Request(kEcho) + headers) +
                H2Frame(NGHTTP2_DATA, kEndStream, id, body));
    const std::string code = client.ReadHeader(id, "grpc-status");
    id += 2;
    return code;
  };
  EXPECT_EQ(status("", GrpcMessage("whole")), "0");
  EXPECT_EQ(status("", ""), "3");
  EXPECT_EQ(status("", std::string(3, '\0')), "3");
  EXPECT_EQ(status("", GrpcMessage("cut").substr(0, 6)), "3");
  EXPECT_EQ(status("", GrpcMessage("one") + GrpcMessage("two")), "3");
  EXPECT_EQ(status("", std::string("\2\0\0\0\0", 5)), "3");
  EXPECT_EQ(status("", std::string("\1\0\0\0\0", 5)), "3");
  EXPECT_EQ(status(H2Header("grpc-encoding", "gzip"), std::string("\1\0\0\0\3abc", 8)), "3");
  EXPECT_EQ(status(H2Header("grpc-encoding", "br"), GrpcMessage("x")), "12");
  EXPECT_EQ(status(H2Header("grpc-timeout", "soon"), GrpcMessage("x")), "3");
  // Larger than the bound by its own word: refused before it comes.
  EXPECT_EQ(status("", std::string("\0\x7f\xff\xff\xff", 5)), "8");
}

TEST_F(AttackTest, BodiesInSingleBytesAreWhole) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kEcho)));
  const std::string body = GrpcMessage("byte by byte");
  for (size_t i = 0; i < body.size(); ++i) {
    client.Send(H2Frame(NGHTTP2_DATA, i + 1 == body.size() ? kEndStream : 0, 1, body.substr(i, 1)));
  }
  const auto answer =
      client.ReadUntil([](const auto& frame) { return frame.type == NGHTTP2_DATA; });
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->payload, body);
}

TEST_F(AttackTest, TooMuchMetadataIsRefused) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  std::string block = H2Request(kEcho);
  for (int i = 0; i < 5; ++i) block += H2Header("x-padding", std::string(4000, 'x'));
  client.Send(H2Frame(NGHTTP2_HEADERS, 0, 1, block.substr(0, 16000)) +
              H2Frame(NGHTTP2_CONTINUATION, kEndHeaders, 1, block.substr(16000)));
  EXPECT_EQ(client.ReadHeader(1, "grpc-status"), "8");
}

TEST_F(AttackTest, AFloodOfMetadataEndsTheConnection) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  client.Send(H2Frame(NGHTTP2_HEADERS, 0, 1, H2Request(kEcho)));
  const std::string more = H2Header("x-padding", std::string(16000, 'x'));
  for (int i = 0; i < 1000; ++i) {
    if (!client.Send(H2Frame(NGHTTP2_CONTINUATION, 0, 1, more))) break;
  }
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, AFloodOfPingsEndsTheConnection) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  for (int i = 0; i < 5000; ++i) {
    if (!client.Send(H2Frame(NGHTTP2_PING, 0, 0, "12345678"))) break;
  }
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, AFloodOfSettingsEndsTheConnection) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  for (int i = 0; i < 5000; ++i) {
    if (!client.Send(H2Frame(NGHTTP2_SETTINGS, 0, 0, ""))) break;
  }
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, AFloodOfEmptyDataEndsTheConnection) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kEcho)));
  for (int i = 0; i < 5000; ++i) {
    if (!client.Send(H2Frame(NGHTTP2_DATA, 0, 1, ""))) break;
  }
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, AFloodOfWindowUpdatesEndsTheConnection) {
  const std::string one("\0\0\0\1", 4);
  for (const uint32_t stream_id : {0u, 1u}) {
    RawClient client(front_, {.party = &front_.desk});
    ASSERT_TRUE(client.StartHttp2());
    // The stream is over when its windows are opened.
    client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kEcho)) +
                H2Frame(NGHTTP2_DATA, kEndStream, 1, GrpcMessage("question")));
    ASSERT_EQ(client.ReadHeader(1, "grpc-status"), "0");
    for (int i = 0; i < 5000; ++i) {
      if (!client.Send(H2Frame(NGHTTP2_WINDOW_UPDATE, 0, stream_id, one))) break;
    }
    EXPECT_TRUE(client.ReadsEnd()) << stream_id;
    ExpectAttackerGone();
  }
}

TEST_F(AttackTest, AFloodOfUnknownFramesEndsTheConnection) {
  for (const uint8_t type : {uint8_t{0x0a}, uint8_t{0x10}, uint8_t{0xbb}, uint8_t{0xff}}) {
    RawClient client(front_, {.party = &front_.desk});
    ASSERT_TRUE(client.StartHttp2());
    for (int i = 0; i < 5000; ++i) {
      if (!client.Send(H2Frame(type, 0, 0, i % 2 == 0 ? "" : "something"))) break;
    }
    EXPECT_TRUE(client.ReadsEnd()) << int{type};
    ExpectAttackerGone();
  }
}

// The bound above is for those who open windows that are open. gRPC's clients open both with what
// they send, and again when they have read.
TEST_F(AttackTest, WhoReadsMuchMayOpenItsWindowsOften) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kStream)));
  const std::string message = GrpcMessage("123");
  const std::string size("\0\0\0\x4", 4);
  const std::string updates =
      H2Frame(NGHTTP2_WINDOW_UPDATE, 0, 0, size) + H2Frame(NGHTTP2_WINDOW_UPDATE, 0, 1, size);
  for (int i = 0; i < 2 * static_cast<int>(kControlFramesBurst); ++i) {
    ASSERT_TRUE(client.Send(updates + H2Frame(NGHTTP2_DATA, 0, 1, message)));
    ASSERT_TRUE(client.ReadUntil([](const auto& frame) { return frame.type == NGHTTP2_DATA; }))
        << i;
    ASSERT_TRUE(client.Send(updates));
  }
}

TEST_F(AttackTest, WhoSendsWithoutPauseHoldsNobodyUp) {
  TestFront front({.in_flight_max = 2000});
  RawClient honest(front, {.party = &front.desk});
  ASSERT_TRUE(honest.StartHttp2());
  honest.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kStream)));
  ASSERT_TRUE(Eventually([&] { return front.streams().size() == 1; }));
  RawClient greedy(front, {.party = &front.desk});
  ASSERT_TRUE(greedy.StartHttp2());
  ASSERT_TRUE(greedy.Read().has_value());
  // While the worker is held up, more comes than it reads in one turn, and then one honest call.
  absl::Notification held_up;
  absl::Notification go_on;
  front.streams()[0]->Post([&] {
    held_up.Notify();
    go_on.WaitForNotification();
  });
  held_up.WaitForNotification();
  // Records so small that one reading of the socket brings hundreds of them.
  constexpr size_t kPieceBytes = 20;
  constexpr size_t kCalls = 40;
  const int on = 1;
  const int off = 0;
  size_t call_bytes = 0;
  setsockopt(greedy.socket_fd(), IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
  for (uint32_t id = 1; id < 2 * kCalls; id += 2) {
    const std::string call = H2Frame(NGHTTP2_HEADERS, kEndHeaders, id, H2Request(kHold)) +
                             H2Frame(NGHTTP2_DATA, kEndStream, id, GrpcMessage("greedy"));
    for (size_t i = 0; i < call.size(); i += kPieceBytes) {
      ASSERT_TRUE(greedy.Send(call.substr(i, kPieceBytes)));
    }
    call_bytes = call.size();
  }
  setsockopt(greedy.socket_fd(), IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
  // Bytes that the front's kernel has not taken yet.
  const auto underway = [](const RawClient& client) {
    int bytes = -1;
    EXPECT_EQ(ioctl(client.socket_fd(), SIOCOUTQ, &bytes), 0);
    return bytes;
  };
  EXPECT_TRUE(Eventually([&] { return underway(greedy) == 0; }));
  honest.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 3, H2Request(kHold)) +
              H2Frame(NGHTTP2_DATA, kEndStream, 3, GrpcMessage("honest")));
  EXPECT_TRUE(Eventually([&] { return underway(honest) == 0; }));
  go_on.Notify();
  size_t before = 0;
  EXPECT_TRUE(Eventually([&] {
    before = 0;
    for (const auto& call : front.held()) {
      if (call->request() == "honest") return true;
      ++before;
    }
    return false;
  }));
  EXPECT_LE(before, kReadsPerTurnMax * kPieceBytes / call_bytes);
}

TEST_F(AttackTest, AFloodOfResetsEndsTheConnection) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  for (uint32_t id = 1; id < 10000; id += 2) {
    if (!client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, id, H2Request(kHold)) +
                     H2Frame(NGHTTP2_RST_STREAM, 0, id, std::string("\0\0\0\x8", 4)))) {
      break;
    }
  }
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, MoreStreamsThanAllowedAreRefusedOneByOneThenEndTheConnection) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  uint32_t id = 1;
  const auto open = [&] {
    client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, id, H2Request(kEcho)));
    id += 2;
  };
  for (uint32_t i = 0; i <= kStreamsPerConnectionMax; ++i) open();
  // Not acknowledged yet, so the peer may not know the bound.
  const auto reset =
      client.ReadUntil([](const auto& frame) { return frame.type == NGHTTP2_RST_STREAM; });
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->stream_id, id - 2);
  EXPECT_EQ(reset->payload, std::string("\0\0\0\x7", 4));  // REFUSED_STREAM
  client.Send(H2Frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""));
  open();
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, APeerThatDoesNotReadLosesItsConnection) {
  RawClient client(front_, {.party = &front_.desk});
  // Its windows take nothing.
  ASSERT_TRUE(client.StartHttp2(std::string("\0\4\0\0\0\0", 6)));
  client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kEcho)) +
              H2Frame(NGHTTP2_DATA, kEndStream, 1, GrpcMessage("answer me")));
  ASSERT_TRUE(client.ReadUntil([](const auto& frame) { return frame.type == NGHTTP2_HEADERS; }));
  front_.clock.Advance(kWriteStallMax + absl::Seconds(1));
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, AnswersNobodyReadsAreNotPiledUp) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2(std::string("\0\4\0\0\0\0", 6)));
  client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kStream)));
  ASSERT_TRUE(Eventually([&] { return front_.streams().size() == 1; }));
  const auto call = front_.streams()[0];
  constexpr size_t kBytes = 1 << 20;
  size_t most = 0;
  absl::Notification done;
  const auto write = [&](int count) {
    for (int i = 0; i < count; ++i) {
      call->Write(std::string(kBytes, 'x'));
      most = std::max(most, call->queued_bytes());
    }
  };
  ::testing::internal::CaptureStderr();
  call->Post([&] {
    write(1);
    // In the next turn it is known that the peer takes nothing.
    call->Post([&] {
      write(60);
      done.Notify();
    });
  });
  done.WaitForNotification();
  EXPECT_TRUE(client.ReadsEnd());
  EXPECT_TRUE(Eventually([&] { return front_.ended == 1; }));
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("rpc.peer_does_not_read"),
            std::string::npos);
  EXPECT_GT(most, kBytes);
  EXPECT_LE(most, kQueuedBytesPerConnectionMax + kBytes);
  ExpectAttackerGone();
}

TEST_F(AttackTest, AConnectionThatWaitsForItsPeersEndCostsNoTurns) {
  TestFront front;
  RawClient client(front, {.party = &front.desk});
  // Its windows take all; its socket does not.
  ASSERT_TRUE(client.StartHttp2(std::string("\0\4\x7f\xff\xff\xff", 6)));
  client.Send(H2Frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string("\x7f\0\0\0", 4)) +
              H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kStream)));
  ASSERT_TRUE(Eventually([&] { return front.streams().size() == 1; }));
  front.streams()[0]->Write(std::string(kQueuedBytesPerConnectionMax - 100, 'x'));
  front.Write("crl/members.crl", crypto::NewTestCrl(front.authority, {100}));
  ASSERT_TRUE(Eventually([&] { return front.ended == 1; }));
  front.clock.Advance(kFarewellTimeout);
  // Two turns later it waits for the peer; which reads, so that the socket could be written to.
  const uint64_t then = front.clock.readings();
  ASSERT_TRUE(Eventually([&] { return front.clock.readings() >= then + 6; }));
  EXPECT_TRUE(client.ReadsEnd());
  const uint64_t start = front.clock.readings();
  EXPECT_TRUE(Eventually([&] { return front.server->Status().connections == 0; }));
  EXPECT_LT(front.clock.readings() - start, 500u);
}

TEST_F(AttackTest, ASilentPeerIsAskedAndThenDropped) {
  RawClient client(front_, {.party = &front_.desk});
  ASSERT_TRUE(client.StartHttp2());
  // Its acknowledgement: the front has read all that was sent.
  ASSERT_TRUE(client.ReadUntil([](const auto& frame) {
    return frame.type == NGHTTP2_SETTINGS && (frame.flags & NGHTTP2_FLAG_ACK) != 0;
  }));
  front_.clock.Advance(kKeepaliveAfter + absl::Seconds(1));
  ASSERT_TRUE(client.ReadUntil([](const auto& frame) { return frame.type == NGHTTP2_PING; }));
  front_.clock.Advance(kKeepaliveTimeout + absl::Seconds(1));
  EXPECT_TRUE(client.ReadsEnd());
  ExpectAttackerGone();
}

TEST_F(AttackTest, UnfinishedBodiesHoldOnlySoMuch) {
  RawClient client(front_, {.party = &front_.desk});
  // Windows for its answers do not matter; ours are opened by what we take.
  ASSERT_TRUE(client.StartHttp2());
  const std::string head("\0\0\x0f\xff\xff", 5);
  const std::string chunk(16000, 'x');
  uint32_t id = 1;
  // Each body stays one piece short of complete; the stream's window bounds what fits at once.
  const size_t streams = kBufferedBytesPerConnectionMax / (15 * chunk.size()) + 2;
  for (size_t i = 0; i < streams; ++i, id += 2) {
    client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, id, H2Request(kEcho)) +
                H2Frame(NGHTTP2_DATA, 0, id, head));
    for (int k = 0; k < 15; ++k) client.Send(H2Frame(NGHTTP2_DATA, 0, id, chunk));
  }
  EXPECT_EQ(
      client.ReadUntil([](const auto& frame) { return frame.headers.contains("grpc-status"); })
          .value()
          .headers.at("grpc-status"),
      "14");
}

}  // namespace
}  // namespace chayan::rpc
