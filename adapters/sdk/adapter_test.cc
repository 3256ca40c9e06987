// Goal: an adapter cannot tell more than the permit allows, nor answer something else than was
// asked. Method: one good answer, and each way to spoil it.
#include "adapters/sdk/adapter.h"

#include "gateway/base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

using ::testing::HasSubstr;

class KeptAnswers final : public AnswerSink {
 public:
  absl::Status Submit(std::shared_ptr<OpenQuestion>, std::string answer, bool restricted) override {
    answers.push_back(std::move(answer));
    last_restricted = restricted;
    return absl::OkStatus();
  }
  std::vector<std::string> answers;
  bool last_restricted = false;
};

class AdapterTest : public ::testing::Test {
 protected:
  AdapterTest() {
    open_->request.set_request_id("request-1");
    open_->request.add_claims()->set_code("lot");
    open_->request.add_claims()->set_code("owner_name");
    open_->request.add_requested_fields("share");
    v1::QuestionPermit& permit = *open_->wire.mutable_permit();
    permit.add_claims("lot");
    permit.add_claims("owner_name");
    permit.add_released_fields("share");
    permit.add_released_fields("not_asked_for");
    open_->deadline = clock_.Elapsed() + absl::Seconds(10);
    open_->clock = &clock_;
    open_->sink = sink_;
    answer_.set_outcome(v1::OUTCOME_MATCH);
    answer_.mutable_as_of_time()->set_seconds(1);
    for (const char* code : {"lot", "owner_name"}) {
      v1::ClaimVerdict& verdict = *answer_.add_verdicts();
      verdict.set_code(code);
      verdict.set_verdict(v1::VERDICT_MATCH);
      verdict.set_match_level(v1::MATCH_LEVEL_EXACT);
    }
    answer_.add_released_fields()->set_code("share");
  }
  absl::Status Send(bool restricted = false) { return Responder(open_).Send(answer_, restricted); }
  void ExpectRefused(absl::string_view why, bool restricted = false) {
    EXPECT_THAT(Send(restricted),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(std::string(why))));
    EXPECT_TRUE(sink_->answers.empty());
  }

  SimulatedClock clock_{absl::UnixEpoch()};
  std::shared_ptr<KeptAnswers> sink_ = std::make_shared<KeptAnswers>();
  std::shared_ptr<OpenQuestion> open_ = std::make_shared<OpenQuestion>();
  v1::VerificationAnswer answer_;
};

TEST_F(AdapterTest, FillsInRequestIdAndSource) {
  ASSERT_OK(Send());
  v1::VerificationAnswer sent;
  ASSERT_TRUE(sent.ParseFromString(sink_->answers.at(0)));
  EXPECT_EQ(sent.request_id(), "request-1");
  EXPECT_EQ(sent.answered_by(), v1::ANSWER_SOURCE_HOLDER);
  EXPECT_EQ(sent.verdicts_size(), 2);
}

TEST_F(AdapterTest, TakesOneAnswer) {
  ASSERT_OK(Send());
  EXPECT_THAT(Send(), StatusIs(absl::StatusCode::kFailedPrecondition, testing::_));
  EXPECT_EQ(sink_->answers.size(), 1u);
}

TEST_F(AdapterTest, RefusesVerdictsOnOtherClaimsOrInOtherOrder) {
  answer_.mutable_verdicts()->SwapElements(0, 1);
  ExpectRefused("must be of claim lot");
  answer_.mutable_verdicts()->SwapElements(0, 1);
  answer_.add_verdicts()->set_code("birth_date");
  ExpectRefused("one for each claim");
  answer_.mutable_verdicts()->RemoveLast();
  open_->wire.mutable_permit()->mutable_claims()->RemoveLast();
  ExpectRefused("does not cover claim owner_name");
}

TEST_F(AdapterTest, RefusesFieldsBeyondPermitOrQuestion) {
  answer_.mutable_released_fields(0)->set_code("address");
  ExpectRefused("released_fields[0]");
  answer_.mutable_released_fields(0)->set_code("not_asked_for");
  ExpectRefused("released_fields[0]");
  answer_.mutable_released_fields(0)->set_code("share");
  answer_.add_released_fields()->set_code("share");
  ExpectRefused("twice");
}

TEST_F(AdapterTest, RefusesTextBeyondItsBounds) {
  answer_.mutable_released_fields(0)->set_text(std::string(501, 'x'));
  ExpectRefused("500 characters");
  std::string name;  // 500 characters of three bytes
  for (int i = 0; i < 500; ++i) name += "\xe6\x9f\xa5";
  answer_.mutable_released_fields(0)->set_text(name);
  answer_.set_document_reference(std::string(129, 'x'));
  ExpectRefused("document_reference");
  answer_.clear_document_reference();
  answer_.set_holder_case_number(std::string(65, 'x'));
  ExpectRefused("holder_case_number");
  answer_.clear_holder_case_number();
  EXPECT_OK(Send());
}

TEST_F(AdapterTest, RefusesAnAnswerWithoutOutcomeOrAPendingNobodyTakes) {
  answer_.set_outcome(v1::OUTCOME_UNSPECIFIED);
  ExpectRefused("outcome");
  answer_.set_outcome(v1::OUTCOME_PENDING);
  ExpectRefused("PENDING");
}

TEST_F(AdapterTest, RefusesWhatTheGatewayWouldWithhold) {
  answer_.clear_as_of_time();
  ExpectRefused("as_of_time");
  answer_.mutable_as_of_time()->set_seconds(1);
  answer_.set_outcome(v1::OUTCOME_VARIANT);
  EXPECT_OK(CheckAnswer(*open_, answer_, false));
  answer_.set_outcome(v1::OUTCOME_MATCH);
  answer_.mutable_verdicts(0)->set_match_level(v1::MATCH_LEVEL_VARIANT);
  ExpectRefused("does not fit the verdict");
  answer_.mutable_verdicts(0)->set_match_level(v1::MATCH_LEVEL_EQUIVALENT);
  answer_.mutable_verdicts(1)->set_verdict(static_cast<v1::Verdict>(99));
  ExpectRefused("does not fit the verdict");
  answer_.mutable_verdicts(1)->set_verdict(v1::VERDICT_MATCH);
  answer_.set_not_compared_reason(v1::NOT_COMPARED_REASON_AMBIGUOUS);
  ExpectRefused("not_compared_reason");
  answer_.clear_not_compared_reason();
  answer_.set_outcome(v1::OUTCOME_NOT_FOUND);
  ExpectRefused("outcome that has a document");
  answer_.clear_released_fields();
  ExpectRefused("verdicts");
  answer_.clear_verdicts();
  EXPECT_OK(Send());
}

TEST_F(AdapterTest, AWorseVerdictDecidesTheOutcome) {
  answer_.mutable_verdicts(0)->set_verdict(v1::VERDICT_NOT_COMPARED);
  answer_.mutable_verdicts(0)->set_match_level(v1::MATCH_LEVEL_UNSPECIFIED);
  answer_.mutable_verdicts(0)->set_not_compared_reason(v1::NOT_COMPARED_REASON_NO_VALUE);
  ExpectRefused("better than its verdicts");
  answer_.mutable_verdicts(1)->set_verdict(v1::VERDICT_UNCOMPARABLE);
  answer_.mutable_verdicts(1)->set_match_level(v1::MATCH_LEVEL_UNCOMPARABLE);
  answer_.set_outcome(v1::OUTCOME_UNCOMPARABLE);
  EXPECT_OK(CheckAnswer(*open_, answer_, false));
  answer_.mutable_verdicts(0)->clear_not_compared_reason();
  answer_.mutable_verdicts(0)->set_verdict(v1::VERDICT_MISMATCH);
  answer_.mutable_verdicts(0)->set_match_level(v1::MATCH_LEVEL_MISMATCH);
  answer_.set_outcome(v1::OUTCOME_MISMATCH);
  EXPECT_OK(CheckAnswer(*open_, answer_, false));
}

TEST_F(AdapterTest, ProtectedPersonLooksLikeAnyOtherNotCompared) {
  ExpectRefused("restricted", /*restricted=*/true);
  answer_.Clear();
  answer_.set_outcome(v1::OUTCOME_NOT_COMPARED);
  answer_.set_not_compared_reason(v1::NOT_COMPARED_REASON_AMBIGUOUS);
  ExpectRefused("restricted", /*restricted=*/true);
  answer_.set_not_compared_reason(v1::NOT_COMPARED_REASON_ASK_HOLDER);
  ASSERT_OK(Send(/*restricted=*/true));
  EXPECT_TRUE(sink_->last_restricted);
}

TEST_F(AdapterTest, DropsAnswersNobodyWaitsFor) {
  const Question question(open_);
  EXPECT_FALSE(question.cancelled());
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(question.cancelled());
  EXPECT_THAT(Send(), StatusIs(absl::StatusCode::kDeadlineExceeded, testing::_));
  open_->deadline += absl::Seconds(10);
  open_->cancelled = true;
  EXPECT_THAT(Send(), StatusIs(absl::StatusCode::kCancelled, testing::_));
  sink_ = nullptr;
  EXPECT_THAT(Send(), StatusIs(absl::StatusCode::kUnavailable, testing::_));
}

}  // namespace
}  // namespace chayan::sdk
