// Goal: no answer passes that exceeds what may be released or contradicts the question or itself.
// Method: one good answer, and for each rule the smallest change that breaks it.
#include "gateway/answer/answer_rules.h"

#include <functional>

#include "gateway/base/status_matchers.h"

namespace chayan::answer {
namespace {

using ::testing::HasSubstr;

class AnswerRulesTest : public ::testing::Test {
 protected:
  AnswerRulesTest() {
    request_.add_claims()->set_code("lot");
    request_.add_claims()->set_code("owner_name");
    for (const char* field : {"share", "address", "secret"}) request_.add_requested_fields(field);
  }

  static v1::VerificationAnswer Good() {
    v1::VerificationAnswer answer;
    answer.set_outcome(v1::OUTCOME_VARIANT);
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
    answer.set_outcome(v1::OUTCOME_NOT_COMPARED);
    answer.set_not_compared_reason(v1::NOT_COMPARED_REASON_ASK_HOLDER);
    return answer;
  }
  absl::Status Check(const v1::VerificationAnswer& answer, bool restricted = false) {
    return CheckAnswer(answer, restricted, request_,
                       [](absl::string_view code) { return code == "share" || code == "address"; });
  }

  v1::VerifyDocumentRequest request_;
};

TEST_F(AnswerRulesTest, AGoodAnswerPasses) {
  EXPECT_OK(Check(Good()));
  EXPECT_OK(Check(Restricted(), /*restricted=*/true));
}

TEST_F(AnswerRulesTest, EachRuleRefusesWhatBreaksIt) {
  struct Attack {
    const char* name;
    std::function<void(v1::VerificationAnswer&)> change;
  };
  const Attack attacks[] = {
      {"outcome: missing", [](auto& a) { a.set_outcome(v1::OUTCOME_UNSPECIFIED); }},
      {"one for each claim", [](auto& a) { a.mutable_verdicts()->RemoveLast(); }},
      {"must be of claim owner_name", [](auto& a) { a.mutable_verdicts(1)->set_code("share"); }},
      {"a match level",
       [](auto& a) { a.mutable_verdicts(0)->set_match_level(v1::MATCH_LEVEL_MISMATCH); }},
      {"better than its verdicts", [](auto& a) { a.set_outcome(v1::OUTCOME_MATCH); }},
      {"as_of_time: missing", [](auto& a) { a.clear_as_of_time(); }},
      {"the permit does not cover",
       [](auto& a) { a.mutable_released_fields(0)->set_code("secret"); }},
      {"the permit does not cover",
       [](auto& a) { a.mutable_released_fields(0)->set_code("registered"); }},
      {"twice", [](auto& a) { *a.add_released_fields() = a.released_fields(0); }},
      {"more than 500 characters",
       [](auto& a) { a.mutable_released_fields(0)->set_text(std::string(501, 'x')); }},
      {"document_reference: too long",
       [](auto& a) { a.set_document_reference(std::string(129, 'x')); }},
      {"holder_case_number: too long",
       [](auto& a) { a.set_holder_case_number(std::string(65, 'x')); }},
      {"only beside an outcome that has a document",
       [](auto& a) {
         a.set_outcome(v1::OUTCOME_NOT_FOUND);
         a.clear_verdicts();
       }},
      {"only beside an outcome of comparing",
       [](auto& a) {
         a.set_outcome(v1::OUTCOME_LOCKED);
         a.clear_released_fields();
       }},
      {"with NOT_COMPARED, and only with it",
       [](auto& a) { a.set_outcome(v1::OUTCOME_NOT_COMPARED); }},
  };
  for (const Attack& attack : attacks) {
    v1::VerificationAnswer answer = Good();
    attack.change(answer);
    EXPECT_THAT(Check(answer),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(attack.name)));
  }
}

TEST_F(AnswerRulesTest, BoundsCountCharactersNotBytes) {
  v1::VerificationAnswer answer = Good();
  std::string reference;
  for (size_t i = 0; i < kDocumentReferenceCharactersMax; ++i) reference += "查";
  answer.set_document_reference(reference);
  EXPECT_OK(Check(answer));
}

TEST_F(AnswerRulesTest, AnOutcomeMayBeWorseThanItsVerdictsButNoClaimMayBeLeftOutOfAMatch) {
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

TEST_F(AnswerRulesTest, ARestrictedAnswerShowsNothingOfTheDocument) {
  v1::VerificationAnswer answer = Restricted();
  answer.set_holder_case_number("113-1");
  EXPECT_FALSE(Check(answer, true).ok());
  EXPECT_FALSE(Check(Good(), true).ok());
}

}  // namespace
}  // namespace chayan::answer
