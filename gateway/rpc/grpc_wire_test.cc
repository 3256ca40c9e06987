// Goal: gRPC's layer reads exactly what the protocol allows and bounds what a peer can cost.
// Method: each rule by hand; a body of several messages over all partitions into three chunks.
#include "gateway/rpc/grpc_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "gateway/base/status_matchers.h"

namespace chayan::rpc {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Message(const std::string& bytes, bool compressed = false) {
  std::string frame(kPrefixBytes, '\0');
  WritePrefix(static_cast<uint32_t>(bytes.size()), frame.data());
  frame[0] = compressed ? 1 : 0;
  return frame + bytes;
}

std::string Gzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(GrpcWireTest, ReadsTimeouts) {
  EXPECT_EQ(ParseTimeout("1H"), absl::Hours(1));
  EXPECT_EQ(ParseTimeout("99999999M"), absl::Minutes(99999999));
  EXPECT_EQ(ParseTimeout("0S"), absl::ZeroDuration());
  EXPECT_EQ(ParseTimeout("15m"), absl::Milliseconds(15));
  EXPECT_EQ(ParseTimeout("15u"), absl::Microseconds(15));
  EXPECT_EQ(ParseTimeout("15n"), absl::Nanoseconds(15));
  for (const char* bad : {"", "S", "1", "1s", "-1S", "1.5S", "123456789S", " 1S", "1S "}) {
    EXPECT_EQ(ParseTimeout(bad), std::nullopt) << bad;
  }
}

TEST(GrpcWireTest, EncodesMessagesInPercent) {
  EXPECT_EQ(PercentEncode("plain text ~!"), "plain text ~!");
  EXPECT_EQ(PercentEncode("100%\n\x7f"), "100%25%0A%7F");
  EXPECT_EQ(PercentEncode("查"), "%E6%9F%A5");
}

TEST(GrpcWireTest, BinaryHeadersCarryNoPadding) {
  EXPECT_EQ(BinaryHeaderValue("a"), "YQ");
  EXPECT_EQ(BinaryHeaderValue("abc"), "YWJj");
}

TEST(GrpcWireTest, KnowsItsContentTypes) {
  for (const char* good : {"application/grpc", "application/grpc+proto", "application/grpc;v=1"}) {
    EXPECT_TRUE(IsGrpcContentType(good)) << good;
  }
  for (const char* bad : {"", "application/json", "application/grpc-web", "application/grpc+json",
                          "application/grpcx"}) {
    EXPECT_FALSE(IsGrpcContentType(bad)) << bad;
  }
}

TEST(GrpcWireTest, GunzipsWhatIsOneWholeStreamWithinTheBound) {
  const std::string text(100'000, 'z');
  const std::string packed = Gzip(text);
  ASSERT_LT(packed.size(), 1000u);
  EXPECT_EQ(Gunzip(packed, text.size()).value(), text);
  EXPECT_EQ(Gunzip(Gzip(""), 10).value(), "");
  EXPECT_THAT(Gunzip(packed, text.size() - 1), StatusIs(absl::StatusCode::kResourceExhausted, _));
  EXPECT_THAT(Gunzip(packed + "x", text.size()), StatusIs(absl::StatusCode::kInvalidArgument, _));
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_THAT(Gunzip(packed.substr(0, size), text.size()),
                StatusIs(absl::StatusCode::kInvalidArgument, _))
        << size;
  }
}

TEST(MessageReaderTest, CutsTheSameMessagesWhateverTheChunks) {
  const std::string body = Message("") + Message("one") + Message(Gzip("two"), true) + Message("4");
  for (size_t i = 0; i <= body.size(); ++i) {
    for (size_t k = i; k <= body.size(); ++k) {
      MessageReader reader(/*size_max=*/100, /*gzip=*/true);
      std::vector<std::string> messages;
      const auto take = [&](absl::string_view message) {
        messages.emplace_back(message);
        return true;
      };
      ASSERT_TRUE(reader.Read(body.substr(0, i), take).ok());
      ASSERT_TRUE(reader.Read(body.substr(i, k - i), take).ok());
      ASSERT_TRUE(reader.Read(body.substr(k), take).ok());
      ASSERT_THAT(messages, ElementsAre("", "one", "two", "4")) << i << " " << k;
      ASSERT_EQ(reader.buffered(), 0u);
    }
  }
}

TEST(MessageReaderTest, StopsWhenTakenEnoughAndGoesOnLater) {
  MessageReader reader(/*size_max=*/100, /*gzip=*/false);
  std::vector<std::string> messages;
  const auto take_one = [&](absl::string_view message) {
    messages.emplace_back(message);
    return false;
  };
  ASSERT_TRUE(reader.Read(Message("a") + Message("b") + Message("c").substr(0, 3), take_one).ok());
  EXPECT_THAT(messages, ElementsAre("a"));
  reader.Keep(Message("c").substr(3));
  ASSERT_TRUE(reader.Read("", take_one).ok());
  EXPECT_THAT(messages, ElementsAre("a", "b"));
  ASSERT_TRUE(reader.Read("", take_one).ok());
  EXPECT_THAT(messages, ElementsAre("a", "b", "c"));
  EXPECT_EQ(reader.buffered(), 0u);
}

TEST(MessageReaderTest, RefusesWhatIsTooLargeMalformedOrCompressedUnannounced) {
  std::vector<std::string> messages;
  const auto take = [&](absl::string_view message) {
    messages.emplace_back(message);
    return true;
  };
  MessageReader small(/*size_max=*/3, /*gzip=*/true);
  // By its prefix alone, before the bytes are there.
  EXPECT_THAT(small.Read(Message("four").substr(0, kPrefixBytes), take),
              StatusIs(absl::StatusCode::kResourceExhausted, _));
  MessageReader bomb(/*size_max=*/100, /*gzip=*/true);
  EXPECT_THAT(bomb.Read(Message(Gzip(std::string(5000, 'b')), true), take),
              StatusIs(absl::StatusCode::kResourceExhausted, _));
  MessageReader plain(/*size_max=*/100, /*gzip=*/false);
  EXPECT_THAT(plain.Read(Message(Gzip("x"), true), take),
              StatusIs(absl::StatusCode::kInvalidArgument, _));
  MessageReader flags(/*size_max=*/100, /*gzip=*/false);
  EXPECT_THAT(flags.Read(std::string("\2\0\0\0\0", 5), take),
              StatusIs(absl::StatusCode::kInvalidArgument, _));
  EXPECT_THAT(messages, IsEmpty());
}

}  // namespace
}  // namespace chayan::rpc
