// Goal: what the gateway asks of a holder's answer beyond the rules that both sides know. Method:
// one good answer, and for each rule the smallest change that breaks it.
#include "gateway/verify/answer.h"

#include <functional>

#include "gateway/base/status_matchers.h"

namespace chayan::verify {
namespace {

using ::testing::HasSubstr;

class AnswerTest : public ::testing::Test {
 protected:
  AnswerTest() {
    v1::Element* share = kind_proto_.add_fields();
    share->set_code("share");
    share->set_type(v1::VALUE_TYPE_TEXT);
    v1::Element* registered = kind_proto_.add_fields();
    registered->set_code("registered_date");
    registered->set_type(v1::VALUE_TYPE_DATE);
    kind_.proto = &kind_proto_;
    permit_.kind = &kind_;
    permit_.claims = {"lot", "owner_name"};
    permit_.released_fields = {"share", "registered_date"};
    request_.set_request_id("id-1");
    request_.add_claims()->set_code("lot");
    request_.add_claims()->set_code("owner_name");
    for (const char* field : {"share", "registered_date", "address"})
      request_.add_requested_fields(field);
  }

  static v1::VerificationAnswer Good() {
    v1::VerificationAnswer answer;
    answer.set_request_id("id-1");
    answer.set_outcome(v1::OUTCOME_VARIANT);
    answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
    answer.mutable_as_of_time()->set_seconds(1);
    AddVerdict(answer, "lot", v1::VERDICT_MATCH, v1::MATCH_LEVEL_EXACT);
    AddVerdict(answer, "owner_name", v1::VERDICT_VARIANT, v1::MATCH_LEVEL_VARIANT);
    v1::ReleasedField* field = answer.add_released_fields();
    field->set_code("share");
    field->set_text("1/2");
    return answer;
  }
  static void AddVerdict(v1::VerificationAnswer& answer, const char* code, v1::Verdict verdict,
                         v1::MatchLevel level) {
    v1::ClaimVerdict* out = answer.add_verdicts();
    out->set_code(code);
    out->set_verdict(verdict);
    out->set_match_level(level);
  }
  absl::Status Check(const v1::VerificationAnswer& answer) {
    return CheckAnswer(answer, /*restricted=*/false, request_, permit_);
  }

  v1::DocumentKind kind_proto_;
  registry::Kind kind_;
  policy::Permit permit_;
  v1::VerifyDocumentRequest request_;
};

TEST_F(AnswerTest, AGoodAnswerPasses) { EXPECT_OK(Check(Good())); }

TEST_F(AnswerTest, EachRuleRefusesWhatBreaksIt) {
  struct Attack {
    const char* name;
    std::function<void(v1::VerificationAnswer&)> change;
  };
  const Attack attacks[] = {
      {"of another question", [](auto& a) { a.set_request_id("id-2"); }},
      {"not the holder", [](auto& a) { a.set_answered_by(v1::ANSWER_SOURCE_GATEWAY); }},
      {"PENDING", [](auto& a) { a.set_outcome(v1::OUTCOME_PENDING); }},
      {"better than its verdicts", [](auto& a) { a.set_outcome(v1::OUTCOME_MATCH); }},
      {"the permit does not cover",
       [](auto& a) { a.mutable_released_fields(0)->set_code("address"); }},
      {"of another type",
       [](auto& a) { a.mutable_released_fields(0)->set_code("registered_date"); }},
  };
  for (const Attack& attack : attacks) {
    v1::VerificationAnswer answer = Good();
    attack.change(answer);
    EXPECT_THAT(Check(answer),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(attack.name)));
  }
}

TEST_F(AnswerTest, SourceDownSaysWhetherItWasForwarded) {
  v1::VerificationAnswer answer;
  ASSERT_TRUE(answer.ParseFromString(SourceDownAnswer("id-1", true)));
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_EQ(answer.answered_by(), v1::ANSWER_SOURCE_GATEWAY);
  EXPECT_TRUE(answer.forwarded());
  EXPECT_EQ(OutcomeName(v1::OUTCOME_SOURCE_DOWN), "SOURCE_DOWN");
}

}  // namespace
}  // namespace chayan::verify
