// Goal: a sample follows from the nonce and the first published checkpoint alone, and anyone draws
// it again from the log. Method: a real log (test_rig.h); the draw is made again here, from the
// answer, the leaves and the definition, without the room's code.
#include "gateway/audit/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gateway/audit/test_rig.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/commitment.h"

namespace chayan::audit {
namespace {

using ::testing::ElementsAre;

constexpr char kGrants[] = R"(
audit_grants { id: "all" member: "audit-office" access: AUDIT_ACCESS_LEAVES may_draw_samples: true }
)";
constexpr char kNonce[] = "sixteen bytes or more";

class SamplesTest : public ::testing::Test {
 protected:
  template <typename Request, typename Response>
  Told<Response> Call(const Handler& handler, const Request& request, const char* method,
                      const std::string& system = "auditor-1") {
    return rig_.Call<Request, Response>(system, method, handler, request);
  }
  static v1::DrawSampleRequest Request(uint32_t count) {
    v1::DrawSampleRequest request;
    request.set_nonce_hash(crypto::Sha256(kNonce).ToString());
    request.mutable_filter()->set_document_kind("land.title");
    request.set_count(count);
    return request;
  }
  Told<v1::DrawSampleResponse> Draw(const v1::DrawSampleRequest& request) {
    return Call<v1::DrawSampleRequest, v1::DrawSampleResponse>(DrawSample, request, "DrawSample");
  }
  Told<v1::RevealSampleResponse> Reveal(uint64_t draw, const std::string& nonce,
                                        const std::string& system = "auditor-1") {
    v1::RevealSampleRequest request;
    request.set_draw(draw);
    request.set_nonce(nonce);
    return Call<v1::RevealSampleRequest, v1::RevealSampleResponse>(RevealSample, request,
                                                                   "RevealSample", system);
  }
  std::vector<uint64_t> Unrevealed() {
    v1::ListDrawsRequest request;
    request.set_unrevealed_only(true);
    std::vector<uint64_t> draws;
    const auto told = Call<v1::ListDrawsRequest, v1::ListDrawsResponse>(ListDraws, request,
                                                                        "ListDraws", "auditor-2");
    for (const v1::Draw& draw : told.response.draws()) draws.push_back(draw.draw());
    return draws;
  }

  TestRig rig_{kGrants};
};

TEST_F(SamplesTest, AnyoneDrawsTheSameAgain) {
  for (int i = 0; i < 40; ++i) {
    rig_.Record({.kind = i % 4 == 0 ? "immigration.entry_exit" : "land.title"});
  }
  const v1::DrawSampleRequest request = Request(7);
  const auto drawn = Draw(request);
  ASSERT_TRUE(drawn.ok()) << rig_.last_refusal->message;
  const uint64_t index = drawn.response.draw();
  // The record: the nonce's hash in the leaf, the request under its commitment.
  const log::ParsedLeaf leaf = rig_.Entry(index);
  EXPECT_EQ(leaf.Get("digest"), Base64Encode(request.nonce_hash()));
  EXPECT_OK(tlog::VerifyCommitment(tlog::Committed::kRequest,
                                   drawn.response.receipt().request_opening(),
                                   request.SerializeAsString(), *Base64Decode(leaf.Get("c_req"))));
  EXPECT_THAT(Unrevealed(), ElementsAre(index));
  EXPECT_EQ(Reveal(index, kNonce).reason, v1::ERROR_REASON_NOT_YET_PUBLISHED);
  // Entries behind the draw do not count.
  rig_.Record();
  rig_.Publish();
  EXPECT_EQ(Reveal(index, "another nonce of some length").reason, v1::ERROR_REASON_FIELD_INVALID);
  EXPECT_EQ(Reveal(index, kNonce, "auditor-2").reason, v1::ERROR_REASON_DRAW_NOT_FOUND);
  const auto revealed = Reveal(index, kNonce);
  ASSERT_TRUE(revealed.ok()) << rig_.last_refusal->message;

  std::vector<uint64_t> fitting;
  for (uint64_t i = 0; i < index; ++i) {
    if (absl::StrContains(rig_.Leaf(i), "\"kind\":\"land.title\"")) fitting.push_back(i);
  }
  const v1::Draw& draw = revealed.response.draw();
  EXPECT_EQ(draw.population(), fitting.size());
  EXPECT_EQ(draw.population(), 30u);
  const std::vector<std::string> lines = absl::StrSplit(draw.checkpoint(), '\n');
  const std::string root = *Base64Decode(lines.at(2));
  const crypto::Digest seed = crypto::Sha256(crypto::Sha256(draw.nonce()).ToString() + root);
  std::vector<uint64_t> again;
  std::set<uint64_t> seen;
  for (uint64_t k = 0; again.size() < 7; ++k) {
    std::string bytes = seed.ToString();
    AppendUint64(bytes, k);
    const crypto::Digest digest = crypto::Sha256(bytes);
    uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | digest.bytes[static_cast<size_t>(i)];
    if (seen.insert(number % fitting.size()).second)
      again.push_back(fitting[number % fitting.size()]);
  }
  std::vector<uint64_t> told;
  for (const v1::FoundEntry& entry : revealed.response.entries()) {
    told.push_back(entry.index());
    EXPECT_EQ(entry.leaf(), rig_.Leaf(entry.index()));
  }
  EXPECT_EQ(told, again);
  EXPECT_THAT(Unrevealed(), ElementsAre());
  // Later checkpoints and restarts change nothing.
  rig_.Publish();
  rig_.Restart();
  EXPECT_EQ(Reveal(index, kNonce).response.draw().SerializeAsString(), draw.SerializeAsString());
}

TEST_F(SamplesTest, AShareIsRoundedUpAndPagesGiveAll) {
  for (int i = 0; i < 11; ++i) rig_.Record();
  v1::DrawSampleRequest request = Request(0);
  request.set_percent(50);
  const auto drawn = Draw(request);
  ASSERT_TRUE(drawn.ok());
  rig_.Publish();
  v1::RevealSampleRequest reveal;
  reveal.set_draw(drawn.response.draw());
  reveal.set_nonce(kNonce);
  reveal.set_page_size(4);
  std::set<uint64_t> indexes;
  do {
    const auto page = Call<v1::RevealSampleRequest, v1::RevealSampleResponse>(RevealSample, reveal,
                                                                              "RevealSample");
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page.response.draw().sample_size(), 6u);
    for (const v1::FoundEntry& entry : page.response.entries()) indexes.insert(entry.index());
    reveal.set_page_token(page.response.next_page_token());
  } while (!reveal.page_token().empty());
  EXPECT_EQ(indexes.size(), 6u);
}

TEST_F(SamplesTest, FindingsGoIntoTheVaultAndTheirCountsBesideTheDraw) {
  for (int i = 0; i < 3; ++i) rig_.Record();
  const auto drawn = Draw(Request(2));
  rig_.Publish();
  const auto revealed = Reveal(drawn.response.draw(), kNonce);
  ASSERT_EQ(revealed.response.entries_size(), 2);
  v1::RecordFindingsRequest request;
  request.set_draw(drawn.response.draw());
  *request.mutable_purpose() = Purpose("inspector-1");
  for (const v1::FoundEntry& entry : revealed.response.entries()) {
    v1::SampleFinding* finding = request.add_findings();
    finding->set_index(entry.index());
    finding->set_finding(v1::FINDING_IN_ORDER);
  }
  request.mutable_findings(1)->set_finding(v1::FINDING_NO_CASE);
  request.mutable_findings(1)->set_note("Nothing under 113-0042 of Ms Wang");
  const auto record = [&](const v1::RecordFindingsRequest& findings) {
    return Call<v1::RecordFindingsRequest, v1::RecordFindingsResponse>(RecordFindings, findings,
                                                                       "RecordFindings");
  };
  const auto recorded = record(request);
  ASSERT_TRUE(recorded.ok()) << rig_.last_refusal->message;
  EXPECT_EQ(recorded.response.draw().findings_size(), 2);
  EXPECT_FALSE(absl::StrContains(rig_.RawFiles(), "Ms Wang"));
  // A later finding takes the place of an earlier one.
  request.mutable_findings()->RemoveLast();
  request.mutable_findings(0)->set_finding(v1::FINDING_NO_CASE);
  const auto again = record(request);
  ASSERT_EQ(again.response.draw().findings_size(), 1);
  EXPECT_EQ(again.response.draw().findings(0).count(), 2u);
  request.mutable_findings(0)->set_index(0);
  EXPECT_EQ(record(request).reason, v1::ERROR_REASON_FIELD_INVALID);
}

TEST_F(SamplesTest, RefusesWhatCannotBeDrawn) {
  v1::DrawSampleRequest request = Request(0);
  EXPECT_EQ(Draw(request).reason, v1::ERROR_REASON_FIELD_INVALID);
  EXPECT_EQ(Draw(Request(10'001)).reason, v1::ERROR_REASON_FIELD_INVALID);
  request.set_percent(101);
  EXPECT_EQ(Draw(request).reason, v1::ERROR_REASON_FIELD_INVALID);
  request = Request(1);
  request.set_nonce_hash("short");
  EXPECT_EQ(Draw(request).reason, v1::ERROR_REASON_FIELD_INVALID);
  EXPECT_EQ(Reveal(0, kNonce).reason, v1::ERROR_REASON_DRAW_NOT_FOUND);
}

}  // namespace
}  // namespace chayan::audit
