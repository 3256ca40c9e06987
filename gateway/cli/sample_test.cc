// Goal: a sample that does not follow from nonce, log and rule is found out offline, whichever part
// of it was changed; and a worksheet goes out and comes back. Method: a sample log with a draw's
// entry, exported; the draw is made with the library, then changed one part at a time.
#include "gateway/tlog/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/check.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/program_for_test.h"
#include "gateway/cli/sample_log_for_test.h"
#include "gateway/cli/sample_worksheet.h"
#include "gateway/report/formats.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

constexpr char kNonce[] = "a nonce of more than sixteen bytes";
constexpr uint32_t kSampleSize = 4;

class SampleTest : public ProgramFixture {
 protected:
  SampleTest() : ProgramFixture(absl::FromUnixSeconds(1767312000)) {
    for (int i = 0; i < 20; ++i) {
      log_.Ask({.entry_outcome = i % 2 == 0 ? "MATCH" : "NOT_FOUND"});
      if (i % 2 == 0) population_.push_back(log_.leaves().size() - 1);
    }
    Draw();
    log_.Ask({});  // fits, but stands behind the draw
    Reveal();
    log_.Export(Path("log"));
  }

  void Draw() {
    v1::DrawSampleRequest request;
    request.set_nonce_hash(crypto::Sha256(kNonce).ToString());
    request.mutable_filter()->set_outcome("MATCH");
    request.set_count(kSampleSize);
    const crypto::Secret32 opening(random_);
    v1::Draw& draw = *revealed_.mutable_draw();
    draw.set_request(request.SerializeAsString());
    draw.set_request_opening(std::string(opening.Expose()));
    log::Entry entry;
    entry.type = log::EntryType::kRead;
    entry.member = "audit-office";
    entry.system = "auditor-1";
    entry.method = "DrawSample";
    entry.digest = crypto::Sha256(kNonce);
    entry.c_req = tlog::Commit(tlog::Committed::kRequest, opening, draw.request());
    draw.set_draw(log_.Append(entry));
  }
  void Reveal() {
    v1::Draw& draw = *revealed_.mutable_draw();
    draw.set_nonce(kNonce);
    draw.set_checkpoint(log_.Checkpoint());
    draw.set_population(population_.size());
    draw.set_sample_size(kSampleSize);
    const crypto::Digest seed =
        tlog::SampleSeed(crypto::Sha256(kNonce), log_.Head(log_.leaves().size()).root);
    for (const uint64_t number : tlog::DrawNumbers(seed, population_.size(), kSampleSize)) {
      v1::FoundEntry* const entry = revealed_.add_entries();
      entry->set_index(population_[number]);
      entry->set_leaf(log_.leaves()[population_[number]]);
    }
  }

  int Check(const v1::RevealSampleResponse& revealed) {
    return Run("audit", {"sample", "check", Path("log"), "--draw-file",
                         Put("draw", revealed.SerializeAsString()), "--trust",
                         Put("trust", log_.TrustText())});
  }
  // What check says of the draw after a change.
  std::string Changed(const std::function<void(v1::RevealSampleResponse&)>& change) {
    v1::RevealSampleResponse revealed = revealed_;
    change(revealed);
    EXPECT_EQ(Check(revealed), 1) << out_.str();
    return err_.str();
  }

  SampleLog log_;
  std::vector<uint64_t> population_;
  v1::RevealSampleResponse revealed_;
};

TEST_F(SampleTest, AnHonestSampleIsDrawnAgain) {
  EXPECT_EQ(Check(revealed_), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("drawn again, the same 4 entries"));
}

TEST_F(SampleTest, EachChangedPartIsFoundOut) {
  EXPECT_THAT(Changed([](auto& sample) { sample.mutable_entries(0)->set_index(1); }),
              HasSubstr("not the one that nonce and log draw"));
  EXPECT_THAT(Changed([](auto& sample) { sample.mutable_entries()->SwapElements(0, 1); }),
              HasSubstr("not the one that nonce and log draw"));
  EXPECT_THAT(Changed([](auto& sample) { sample.mutable_entries()->RemoveLast(); }),
              HasSubstr("not the one that nonce and log draw"));
  EXPECT_THAT(Changed([](auto& sample) { sample.mutable_draw()->set_population(9); }),
              HasSubstr("drew among 9 entries; in the log 10 fit"));
  EXPECT_THAT(Changed([](auto& sample) { sample.mutable_draw()->set_nonce("another one"); }),
              HasSubstr("not of its nonce"));
  EXPECT_THAT(Changed([](auto& sample) { sample.mutable_draw()->clear_nonce(); }),
              HasSubstr("was not revealed"));
  EXPECT_THAT(Changed([](auto& sample) {
                v1::DrawSampleRequest request;
                ASSERT_TRUE(request.ParseFromString(sample.draw().request()));
                request.mutable_filter()->set_outcome("NOT_FOUND");
                sample.mutable_draw()->set_request(request.SerializeAsString());
              }),
              HasSubstr("the filter was changed afterwards"));
  EXPECT_THAT(Changed([this](auto& sample) {
                sample.mutable_draw()->set_checkpoint(log_.CheckpointAt(sample.draw().draw()));
              }),
              HasSubstr("does not cover its entry"));
  // A later checkpoint draws others.
  EXPECT_THAT(Changed([this](auto& sample) {
                sample.mutable_draw()->set_checkpoint(log_.CheckpointAt(sample.draw().draw() + 1));
              }),
              HasSubstr("not the one that nonce and log draw"));
  EXPECT_THAT(Changed([](auto& sample) { sample.mutable_draw()->set_draw(1); }),
              HasSubstr("entry 1 does not hold the hash of this nonce"));
}

TEST_F(SampleTest, AWorksheetComesBackWithItsFindings) {
  report::Document sheet = SampleWorksheet(Language::kZhTw, revealed_);
  EXPECT_THAT(ReadFindings(*report::WriteOds(sheet)).status().message(),
              HasSubstr("no finding yet"));
  std::vector<report::Row>& rows = sheet.tables[0].rows;
  ASSERT_EQ(rows.size(), kSampleSize);
  rows[1][rows[1].size() - 2] = " in_order ";
  rows[3][rows[3].size() - 2] = "NO_CASE";
  rows[3].back() = "卷內查無此案";
  const auto findings = ReadFindings(*report::WriteOds(sheet));
  ASSERT_OK(findings);
  ASSERT_EQ(findings->size(), 2u);
  EXPECT_EQ((*findings)[0].index(), revealed_.entries(1).index());
  EXPECT_EQ((*findings)[0].finding(), v1::FINDING_IN_ORDER);
  EXPECT_EQ((*findings)[1].index(), revealed_.entries(3).index());
  EXPECT_EQ((*findings)[1].finding(), v1::FINDING_NO_CASE);
  EXPECT_EQ((*findings)[1].note(), "卷內查無此案");
  rows[0][rows[0].size() - 2] = "fine";
  EXPECT_THAT(ReadFindings(*report::WriteOds(sheet)).status().message(),
              HasSubstr("row 2: no finding; write one of IN_ORDER"));
}

}  // namespace
}  // namespace chayan::cli
