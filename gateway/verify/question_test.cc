// Goal: every value of a question is checked against the form its place asks for, all faults at
// once, without repeating a value. Method: one good question; each case changes one field.
#include "gateway/verify/question.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class QuestionTest : public ::testing::Test {
 protected:
  QuestionTest() {
    AddClaim("land_office", v1::VALUE_TYPE_LAND_OFFICE);
    AddClaim("section", v1::VALUE_TYPE_LAND_SECTION);
    AddClaim("lot", v1::VALUE_TYPE_LAND_LOT)->set_required(true);
    AddClaim("owner_name", v1::VALUE_TYPE_NAME);
    AddClaim("registered", v1::VALUE_TYPE_DATE);
    v1::Element* direction = AddClaim("direction", v1::VALUE_TYPE_CODE);
    direction->add_codes("in");
    direction->add_codes("out");
    kind_proto_.set_routing_claim("land_office");
    kind_.proto = &kind_proto_;
  }
  v1::Element* AddClaim(const char* code, v1::ValueType type) {
    v1::Element* element = kind_proto_.add_claims();
    element->set_code(code);
    element->set_type(type);
    return element;
  }
  static v1::VerifyDocumentRequest Good() {
    v1::VerifyDocumentRequest request;
    request.set_request_id("01890a5d-ac96-774b-bcce-b302099a8057");
    request.mutable_purpose()->mutable_person()->set_id("clerk-7");
    request.mutable_purpose()->set_case_number("113-0042");
    request.mutable_subject()->mutable_identifier()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
    request.mutable_subject()->mutable_identifier()->set_value(" ａ123456789 ");
    AddText(request, "land_office", "ad");
    AddText(request, "lot", "179-1065");
    return request;
  }
  static v1::Claim* AddText(v1::VerifyDocumentRequest& request, const char* code,
                            const char* text) {
    v1::Claim* claim = request.add_claims();
    claim->set_code(code);
    claim->set_text(text);
    return claim;
  }

  v1::DocumentKind kind_proto_;
  registry::Kind kind_;
};

TEST_F(QuestionTest, FoldsNumberAndRoutingValue) {
  const CheckedQuestion checked = CheckQuestion(Good(), kind_);
  EXPECT_THAT(checked.violations, IsEmpty());
  EXPECT_EQ(checked.subject_number, "A123456789");
  EXPECT_EQ(checked.area, "AD");
}

// A link serves the area by the registry's normal form, which is in capitals.
TEST_F(QuestionTest, ARoutingValueThatIsACodeIsInCapitals) {
  kind_proto_.set_routing_claim("direction");
  v1::VerifyDocumentRequest request = Good();
  AddText(request, "direction", "in");
  EXPECT_EQ(CheckQuestion(request, kind_).area, "IN");
}

TEST_F(QuestionTest, NamesTheFieldOfEachFault) {
  struct Case {
    const char* field;
    std::function<void(v1::VerifyDocumentRequest&)> change;
  };
  const Case cases[] = {
      {"request_id", [](auto& r) { r.set_request_id("7"); }},
      {"purpose.person.id",
       [](auto& r) { r.mutable_purpose()->mutable_person()->set_id(std::string(65, 'x')); }},
      {"purpose.case_number",
       [](auto& r) { r.mutable_purpose()->set_case_number(std::string(65, 'x')); }},
      {"purpose.reason", [](auto& r) { r.mutable_purpose()->set_reason(std::string(501, 'x')); }},
      {"subject.identifier.scheme",
       [](auto& r) {
         r.mutable_subject()->mutable_identifier()->set_scheme(v1::IDENTIFIER_SCHEME_PASSPORT);
       }},
      {"subject.identifier.value",
       [](auto& r) { r.mutable_subject()->mutable_identifier()->set_value("A123456788"); }},
      {"subject.name", [](auto& r) { r.mutable_subject()->set_name(std::string(51, 'x')); }},
      {"subject.birth_date",
       [](auto& r) { r.mutable_subject()->mutable_birth_date()->set_year(77); }},
      {"claims[1].text", [](auto& r) { r.mutable_claims(1)->set_text("x"); }},
      {"claims[1].text", [](auto& r) { r.mutable_claims(1)->mutable_date()->set_year(1); }},
      {"claims[2].date", [](auto& r) { AddText(r, "registered", "0770520"); }},
      {"claims[2].text", [](auto& r) { AddText(r, "direction", "up"); }},
      {"claims[2].text", [](auto& r) { AddText(r, "section", "863"); }},
      {"as_of_date",
       [](auto& r) {
         r.mutable_as_of_date()->set_era(v1::ERA_ROC);
         r.mutable_as_of_date()->set_year(114);
         r.mutable_as_of_date()->set_month(2);
         r.mutable_as_of_date()->set_day(29);
       }},
  };
  for (const Case& c : cases) {
    v1::VerifyDocumentRequest request = Good();
    c.change(request);
    const CheckedQuestion checked = CheckQuestion(request, kind_);
    ASSERT_EQ(checked.violations.size(), 1u) << c.field;
    EXPECT_EQ(checked.violations[0].field, c.field);
    EXPECT_THAT(checked.violations[0].description, Not(HasSubstr("A123456788")));
  }
}

TEST_F(QuestionTest, NamesAllFaultsAtOnceAndMissingClaims) {
  v1::VerifyDocumentRequest request = Good();
  request.set_request_id("");
  request.clear_claims();
  const CheckedQuestion checked = CheckQuestion(request, kind_);
  ASSERT_EQ(checked.violations.size(), 3u);
  EXPECT_EQ(checked.violations[0].field, "request_id");
  EXPECT_THAT(checked.violations[1].description, HasSubstr("land_office"));
  EXPECT_THAT(checked.violations[2].description, HasSubstr("lot"));
}

TEST_F(QuestionTest, ANumberAloneIsNotEnoughWhereTheKindSaysSo) {
  kind_proto_.set_subject_detail_required(true);
  v1::VerifyDocumentRequest request = Good();
  EXPECT_EQ(CheckQuestion(request, kind_).violations.size(), 1u);
  request.mutable_subject()->set_name("王小明");
  EXPECT_THAT(CheckQuestion(request, kind_).violations, IsEmpty());
}

TEST_F(QuestionTest, APrivateUseCharacterInANameIsTheHoldersToJudge) {
  v1::VerifyDocumentRequest request = Good();
  request.mutable_subject()->set_name("王\uE000明");
  AddText(request, "owner_name", "王■明");
  EXPECT_THAT(CheckQuestion(request, kind_).violations, IsEmpty());
}

}  // namespace
}  // namespace chayan::verify
