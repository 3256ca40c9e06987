// Goal: what is written by hand to the wire is what the protobuf library reads, within the bounds.
#include "gateway/link/frames.h"

#include "chayan/v1/adapter_link_service.pb.h"
#include "gateway/link/bounds.h"
#include "gateway/link/link_test_registry.h"
#include "gtest/gtest.h"

namespace chayan::link {
namespace {

OutgoingQuestion MakeQuestion(const std::string& request, absl::string_view acting_for = "hro-2") {
  const policy::Caller caller = TestCaller("hro-1");
  policy::Permit permit;
  permit.grant = "grant-1";
  permit.claims = {"owner_name", "lot"};
  permit.released_fields = {"share"};
  struct Ask ask = {};
  ask.exchange_id.bytes.fill(7);
  ask.request = request;
  ask.caller = &caller;
  ask.acting_for = acting_for;
  ask.permit = &permit;
  return {std::make_shared<const std::string>(EncodeQuestion(ask)), 1234};
}

v1::ToAdapter Parse(const std::string& bytes) {
  v1::ToAdapter message;
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}

TEST(FramesTest, WritesAQuestionAsTheLibraryReadsIt) {
  const auto frames = EncodeQuestionFrames({MakeQuestion(std::string("a\0b", 3))}, {});
  ASSERT_EQ(frames.size(), 1u);
  const v1::ToAdapter message = Parse(frames[0]);
  ASSERT_EQ(message.questions().questions_size(), 1);
  const v1::Question& question = message.questions().questions(0);
  EXPECT_EQ(question.exchange_id(), std::string(16, '\7'));
  EXPECT_EQ(question.request(), std::string("a\0b", 3));
  EXPECT_EQ(question.caller().member(), "hro-1");
  EXPECT_EQ(question.caller().system(), "adapter");
  EXPECT_EQ(question.caller().acting_for(), "hro-2");
  EXPECT_EQ(question.permit().grant(), "grant-1");
  EXPECT_EQ(question.permit().claims_size(), 2);
  EXPECT_EQ(question.permit().released_fields(0), "share");
  EXPECT_EQ(question.timeout_ms(), 1234u);
  EXPECT_TRUE(question.GetReflection()->GetUnknownFields(question).empty());
}

TEST(FramesTest, WritesNoMoreThanTheLibraryWould) {
  for (const absl::string_view acting_for : {"hro-2", ""}) {
    const std::string bytes = *MakeQuestion("request", acting_for).question;
    v1::Question question;
    ASSERT_TRUE(question.ParseFromString(bytes));
    EXPECT_EQ(question.ByteSizeLong(), bytes.size());
  }
}

TEST(FramesTest, StartsANewFrameAtEachBound) {
  std::vector<OutgoingQuestion> many(kFrameItemsMax + 1, MakeQuestion("small"));
  auto frames = EncodeQuestionFrames(many, {});
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(Parse(frames[0]).questions().questions_size(), static_cast<int>(kFrameItemsMax));
  EXPECT_EQ(Parse(frames[1]).questions().questions_size(), 1);

  std::vector<OutgoingQuestion> large(3, MakeQuestion(std::string(kFrameBytesMax / 2, 'x')));
  frames = EncodeQuestionFrames(large, {});
  EXPECT_EQ(frames.size(), 3u);

  frames = EncodeQuestionFrames({MakeQuestion(std::string(kRequestBytesMax, 'x'))}, {});
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_LE(frames[0].size(), size_t{1} << 20);
}

TEST(FramesTest, WritesNothingForNothing) {
  EXPECT_TRUE(EncodeQuestionFrames({}, {}).empty());
  EXPECT_TRUE(EncodeRecordedFrames({}).empty());
}

TEST(FramesTest, WritesCancellationsAndRecordedIndexes) {
  Uuid id;
  id.bytes.fill(9);
  const v1::ToAdapter cancel = Parse(EncodeQuestionFrames({}, {id}).at(0));
  EXPECT_EQ(cancel.questions().cancelled_exchange_ids(0), std::string(16, '\x09'));
  const v1::ToAdapter recorded = Parse(EncodeRecordedFrames({{id, uint64_t{1} << 40}}).at(0));
  EXPECT_EQ(recorded.recorded().answers(0).exchange_id(), std::string(16, '\x09'));
  EXPECT_EQ(recorded.recorded().answers(0).entry_index(), uint64_t{1} << 40);
  EXPECT_TRUE(Parse(EncodeDraining()).has_draining());
  EXPECT_EQ(Parse(EncodeHeartbeat(absl::FromUnixSeconds(5))).heartbeat().send_time().seconds(), 5);
  EXPECT_EQ(Parse(EncodeWelcome(12, "gw")).welcome().heartbeat_interval_ms(), 5000u);
}

}  // namespace
}  // namespace chayan::link
