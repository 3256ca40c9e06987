// Goal: no answer of a holder passes that exceeds the Permit or contradicts the question. Method:
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
  static v1::VerificationAnswer Restricted() {
    v1::VerificationAnswer answer;
    answer.set_request_id("id-1");
    answer.set_outcome(v1::OUTCOME_NOT_COMPARED);
    answer.set_not_compared_reason(v1::NOT_COMPARED_REASON_ASK_HOLDER);
    answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
    return answer;
  }
  absl::Status Check(const v1::VerificationAnswer& answer, bool restricted = false) {
    return CheckAnswer(answer, restricted, request_, permit_);
  }

  v1::DocumentKind kind_proto_;
  registry::Kind kind_;
  policy::Permit permit_;
  v1::VerifyDocumentRequest request_;
};

TEST_F(AnswerTest, AGoodAnswerPasses) {
  EXPECT_OK(Check(Good()));
  EXPECT_OK(Check(Restricted(), /*restricted=*/true));
}

TEST_F(AnswerTest, EachRuleRefusesWhatBreaksIt) {
  struct Attack {
    const char* name;
    std::function<void(v1::VerificationAnswer&)> change;
  };
  const Attack attacks[] = {
      {"the answer to another question", [](auto& a) { a.set_request_id("id-2"); }},
      {"an answer not made by the holder",
       [](auto& a) { a.set_answered_by(v1::ANSWER_SOURCE_GATEWAY); }},
      {"no outcome", [](auto& a) { a.set_outcome(v1::OUTCOME_UNSPECIFIED); }},
      {"PENDING", [](auto& a) { a.set_outcome(v1::OUTCOME_PENDING); }},
      {"not one verdict for each claim", [](auto& a) { a.mutable_verdicts()->RemoveLast(); }},
      {"a verdict on another claim", [](auto& a) { a.mutable_verdicts(1)->set_code("share"); }},
      {"a match level",
       [](auto& a) { a.mutable_verdicts(0)->set_match_level(v1::MATCH_LEVEL_MISMATCH); }},
      {"better than its verdicts", [](auto& a) { a.set_outcome(v1::OUTCOME_MATCH); }},
      {"no as_of_time", [](auto& a) { a.clear_as_of_time(); }},
      {"the Permit does not release",
       [](auto& a) { a.mutable_released_fields(0)->set_code("address"); }},
      {"released twice", [](auto& a) { *a.add_released_fields() = a.released_fields(0); }},
      {"of another type",
       [](auto& a) { a.mutable_released_fields(0)->set_code("registered_date"); }},
      {"too long", [](auto& a) { a.mutable_released_fields(0)->set_text(std::string(501, 'x')); }},
      {"a reference too long", [](auto& a) { a.set_document_reference(std::string(129, 'x')); }},
      {"beside an outcome without one",
       [](auto& a) {
         a.set_outcome(v1::OUTCOME_NOT_FOUND);
         a.clear_verdicts();
       }},
      {"verdicts beside an outcome",
       [](auto& a) {
         a.set_outcome(v1::OUTCOME_LOCKED);
         a.clear_released_fields();
       }},
      {"NOT_COMPARED without its reason", [](auto& a) { a.set_outcome(v1::OUTCOME_NOT_COMPARED); }},
      {"an unknown field",
       [](auto& a) { a.GetReflection()->MutableUnknownFields(&a)->AddVarint(99, 1); }},
  };
  for (const Attack& attack : attacks) {
    v1::VerificationAnswer answer = Good();
    attack.change(answer);
    EXPECT_THAT(Check(answer),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(attack.name)));
  }
}

TEST_F(AnswerTest, AnOutcomeMayBeWorseThanItsVerdictsButNoClaimMayBeLeftOutOfAMatch) {
  v1::VerificationAnswer answer = Good();
  answer.set_outcome(v1::OUTCOME_UNCOMPARABLE);
  EXPECT_OK(Check(answer));
  v1::ClaimVerdict& left_out = *answer.mutable_verdicts(1);
  left_out.set_verdict(v1::VERDICT_NOT_COMPARED);
  left_out.set_match_level(v1::MATCH_LEVEL_UNSPECIFIED);
  left_out.set_not_compared_reason(v1::NOT_COMPARED_REASON_CLAIM_UNKNOWN);
  EXPECT_OK(Check(answer));
  answer.set_outcome(v1::OUTCOME_VARIANT);
  EXPECT_FALSE(Check(answer).ok());
}

TEST_F(AnswerTest, ARestrictedAnswerShowsNothingOfTheDocument) {
  v1::VerificationAnswer answer = Restricted();
  answer.set_holder_case_number("113-1");
  EXPECT_FALSE(Check(answer, true).ok());
  EXPECT_FALSE(Check(Good(), true).ok());
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
