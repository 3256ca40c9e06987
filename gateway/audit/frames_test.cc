// Goal: whoever exports gets the frames of bulk entries with what opens them; whoever asks about a
// person is told of that person alone. Method: a real log, store and vault (test_rig.h) with a
// frame of notices about two people.
#include "gateway/audit/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/audit/search.h"
#include "gateway/audit/test_rig.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/search_key.h"
#include "gateway/log/test_log.h"
#include "gateway/tlog/bulk_frame.h"
#include "gateway/tlog/commitment.h"

namespace chayan::audit {
namespace {

using ::testing::ElementsAre;

constexpr char kGrants[] = R"(
audit_grants { id: "all" member: "audit-office" systems: "auditor-1" access: AUDIT_ACCESS_DETAILS }
)";
constexpr char kFirst[] = "A123456789";
constexpr char kSecond[] = "F131104093";

class FramesTest : public ::testing::Test {
 protected:
  // A frame of a notice about each, to one recipient; its entry's index.
  uint64_t RecordFrame() {
    auto change = std::make_shared<store::NoticeChange>();
    v1::EntryDetail detail;
    log::VaultInput input;
    for (const char* const number : {kFirst, kSecond}) {
      v1::BulkNotice& notice = *detail.add_bulk_notices();
      v1::Identifier& identifier = *notice.add_subjects()->mutable_identifier();
      identifier.set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
      identifier.set_value(number);
      notice.add_recipients()->set_recipient(absl::StrCat("recipient-of-", number));
      input.more_subjects.push_back(*log::SubjectKey(identifier));
      change->frame.push_back(crypto::Sha256(number));
    }
    const std::string committed = tlog::BulkFrame(change->frame).CommittedBytes();
    const std::string bytes = detail.SerializeAsString();
    log::Entry entry;
    entry.type = log::EntryType::kBulk;
    entry.id = Uuid::Version7(rig_.with().clock.Now(), rig_.with().random);
    entry.member = "hro-shanhua";
    entry.system = "counter";
    entry.cert = crypto::Sha256("certificate");
    entry.method = "PublishNotices";
    entry.registry = rig_.with().registry()->digest();
    entry.outcome = "ACCEPTED";
    input.id = entry.id;
    input.retention_class = v1::RETENTION_CLASS_FIVE_YEARS;
    input.response = committed;
    input.detail = bytes;
    auto sealed = rig_.vault().Seal(input);
    CHAYAN_CHECK(sealed.ok());
    entry.c_res = sealed->c_res;
    entry.c_detail = sealed->c_detail;
    log::Outcomes outcomes;
    log::Submission submission = outcomes.Expect(std::move(entry), std::move(sealed->row));
    submission.change = std::move(change);
    rig_.with().committer.Submit(std::move(submission));
    const auto recorded = outcomes.Wait()[0];
    CHAYAN_CHECK(recorded.ok());
    return recorded->index;
  }
  Told<v1::ListFramesResponse> List(uint64_t first, uint64_t end) {
    v1::ListFramesRequest request;
    request.set_first_index(first);
    request.set_end_index(end);
    return rig_.Call<v1::ListFramesRequest, v1::ListFramesResponse>("auditor-1", "ListFrames",
                                                                    ListFrames, request);
  }

  TestRig rig_{kGrants};
};

TEST_F(FramesTest, ListsFramesWithWhatOpensTheirEntries) {
  const uint64_t index = RecordFrame();
  rig_.Record();
  const uint64_t other = RecordFrame();
  const auto told = List(0, rig_.size());
  ASSERT_TRUE(told.ok());
  ASSERT_EQ(told.response.frames_size(), 2);
  EXPECT_EQ(told.response.frames(1).entry_index(), other);
  const v1::EntryFrame& frame = told.response.frames(0);
  EXPECT_EQ(frame.entry_index(), index);
  const std::vector<crypto::Digest> items = {crypto::Sha256(kFirst), crypto::Sha256(kSecond)};
  EXPECT_EQ(frame.items(), absl::StrCat(items[0].raw(), items[1].raw()));
  EXPECT_OK(tlog::VerifyCommitment(tlog::Committed::kResponse, frame.response_opening(),
                                   tlog::BulkFrame(items).CommittedBytes(),
                                   *Base64Decode(rig_.Entry(index).Get("c_res"))));
  EXPECT_EQ(List(index + 1, other).response.frames_size(), 0);
  EXPECT_EQ(List(0, rig_.size() + 100).reason, v1::ERROR_REASON_FIELD_INVALID);
  EXPECT_EQ(List(2, 1).reason, v1::ERROR_REASON_FIELD_INVALID);
}

TEST_F(FramesTest, APersonIsToldOfNobodyElseInTheFrame) {
  RecordFrame();
  v1::ListAccessesRequest request;
  request.mutable_subject()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  request.mutable_subject()->set_value(kSecond);
  *request.mutable_purpose() = Purpose("inspector-1");
  const auto told = rig_.Call<v1::ListAccessesRequest, v1::ListAccessesResponse>(
      "auditor-1", "ListAccesses", ListAccesses, request);
  ASSERT_TRUE(told.ok());
  ASSERT_EQ(told.response.accesses_size(), 1);
  EXPECT_THAT(told.response.accesses(0).notified_members(),
              ElementsAre(absl::StrCat("recipient-of-", kSecond)));
  EXPECT_EQ(told.response.accesses(0).detail().find(kFirst), std::string::npos);
  EXPECT_NE(told.response.accesses(0).detail().find(kSecond), std::string::npos);
}

}  // namespace
}  // namespace chayan::audit
