// Goal: a peer that misbehaves costs little, is told or loses its connection, and nobody else
// notices. Method: bytes and HTTP/2 frames written by hand; after each attack an honest client
// asks.
#include <gtest/gtest.h>

#include <string>

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
