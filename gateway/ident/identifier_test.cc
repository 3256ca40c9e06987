// Goal: each identifier has one normal form, wrong ones are refused with a remedy, and no error
// repeats a value. Method: every example of the domain reference as a row, plus the borders of each
// shape; the arithmetic is also checked against the published sums.
#include "gateway/ident/identifier.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"
#include "gateway/ident/land_number.h"
#include "gateway/ident/person_number.h"

namespace chayan::ident {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Scheme = IdentifierScheme;

void ExpectNormal(Scheme scheme, absl::string_view text, absl::string_view normal) {
  const absl::StatusOr<Normalized> result = Normalize(scheme, text);
  ASSERT_THAT(result, IsOk()) << SchemeName(scheme) << " " << text;
  EXPECT_EQ(result->value, normal) << SchemeName(scheme) << " " << text;
  // A normal form is its own normal form, reached without folding.
  const absl::StatusOr<Normalized> again = Normalize(scheme, normal);
  ASSERT_THAT(again, IsOk()) << normal;
  EXPECT_EQ(again->value, normal);
  EXPECT_FALSE(again->folding.Any()) << again->folding.ToString();
}

// Refused, with `what` in the error, a remedy after it, and without the value.
void ExpectRefused(Scheme scheme, absl::string_view text, absl::string_view what) {
  const absl::StatusOr<Normalized> result = Normalize(scheme, text);
  ASSERT_THAT(result, StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr(std::string(what)), HasSubstr("; "))))
      << SchemeName(scheme) << " " << text;
  if (text.size() >= 4) {
    EXPECT_FALSE(absl::StrContains(result.status().message(), text)) << text;
  }
}

TEST(IdentifierTest, SumsAgreeWithThePublishedOnes) {
  const std::vector<std::pair<const char*, int>> sums = {
      {"A123456789", 130}, {"D100000004", 40},  {"D200000006", 50},  {"R222222221", 120},
      {"D100000013", 40},  {"D810000001", 100}, {"D970000001", 150}, {"A123456788", 129},
      {"D100000005", 41},  {"A123456798", 130}, {"A123256789", 120}, {"M123456789", 140},
      {"A800000014", 70},  {"A900000007", 80},  {"A900000016", 80},  {"F801234564", 170},
      {"D800000007", 99},  {"AA00000009", 10},  {"AC01234567", 80}};
  for (const auto& [number, sum] : sums) EXPECT_EQ(PersonNumberSum(number), sum) << number;
  const std::vector<std::pair<const char*, int>> organisations = {
      {"04595257", 40}, {"22099131", 30}, {"53212539", 30}, {"04595252", 35}, {"10458575", 30},
      {"10458574", 29}, {"12345670", 34}, {"12345678", 42}, {"04595253", 36}, {"00000000", 0}};
  for (const auto& [number, sum] : organisations) {
    EXPECT_EQ(BusinessNumberSum(number), sum) << number;
  }
}

TEST(IdentifierTest, CheckDigitCompletesANumber) {
  for (const absl::string_view number :
       {"A123456789", "D200000006", "F801234564", "AA00000009", "FD12345676"}) {
    EXPECT_EQ(PersonCheckDigit(number.substr(0, 9)), number[9]) << number;
  }
}

TEST(IdentifierTest, AcceptsNationalIds) {
  for (const char* id : {"A123456789", "D100000004", "D200000006", "R222222221", "D100000013",
                         // What the check digit cannot catch.
                         "A123456798", "A123256789", "M123456789"}) {
    ExpectNormal(Scheme::kNationalId, id, id);
  }
}

TEST(IdentifierTest, RefusesWrongNationalIds) {
  ExpectRefused(Scheme::kNationalId, "A123456788", "check digit");
  ExpectRefused(Scheme::kNationalId, "D100000005", "check digit");
  ExpectRefused(Scheme::kNationalId, "D810000001", "resident_number");
  ExpectRefused(Scheme::kNationalId, "D970000001", "resident_number");
  ExpectRefused(Scheme::kNationalId, "AC01234567", "old_resident_number");
  ExpectRefused(Scheme::kNationalId, "A323456789", "not the shape");
  ExpectRefused(Scheme::kNationalId, "A12345678X", "not the shape");
  ExpectRefused(Scheme::kNationalId, "A1234 56789", "not the shape");
  ExpectRefused(Scheme::kNationalId, "A1234567890", "not the shape");
  ExpectRefused(Scheme::kNationalId, "１123456789", "not the shape");
}

TEST(IdentifierTest, NamesNineCharacterIdsAsSuch) {
  ExpectRefused(Scheme::kNationalId, "A12345678", "before check digits existed");
  EXPECT_TRUE(IsNineCharacterNationalId("A12345678"));
  EXPECT_TRUE(IsNineCharacterNationalId(" ａ12345678"));
  EXPECT_FALSE(IsNineCharacterNationalId("A82345678"));
  EXPECT_FALSE(IsNineCharacterNationalId("A123456789"));
  EXPECT_FALSE(IsNineCharacterNationalId(""));
}

TEST(IdentifierTest, FoldsBeforeItChecksAndSaysSo) {
  const auto folding = [](absl::string_view text) {
    const absl::StatusOr<Normalized> result = Normalize(Scheme::kNationalId, text);
    return result.ok() && result->value == "A123456789" ? result->folding.ToString() : "refused";
  };
  EXPECT_EQ(folding("A123456789"), "");
  EXPECT_EQ(folding("a123456789"), "upper-cased");
  EXPECT_EQ(folding("A123456789 "), "trimmed");
  EXPECT_EQ(folding("　A123456789"), "trimmed");
  EXPECT_EQ(folding("Ａ１２３４５６７８９"), "full-width folded");
  EXPECT_EQ(folding(" ａ１２３456789"), "trimmed, full-width folded, upper-cased");
}

TEST(IdentifierTest, AcceptsResidentNumbersOfBothForms) {
  for (const char* number : {"A800000014", "A900000007", "A900000016", "F801234564", "D800000008",
                             "D810000001", "D970000001"}) {
    ExpectNormal(Scheme::kResidentNumber, number, number);
  }
  for (const char* number :
       {"AA00000009", "AB00000001", "AC00000003", "AD00000005", "AC01234567", "FD12345676"}) {
    ExpectNormal(Scheme::kOldResidentNumber, number, number);
  }
}

TEST(IdentifierTest, RefusesWrongResidentNumbers) {
  ExpectRefused(Scheme::kResidentNumber, "A800000015", "check digit");
  ExpectRefused(Scheme::kResidentNumber, "D800000007", "check digit");
  ExpectRefused(Scheme::kResidentNumber, "A123456789", "national_id");
  ExpectRefused(Scheme::kOldResidentNumber, "AC01234568", "check digit");
  ExpectRefused(Scheme::kOldResidentNumber, "AE00000000", "not the shape");
  ExpectRefused(Scheme::kOldResidentNumber, "A800000014", "resident_number");
}

TEST(IdentifierTest, TakesAnyNumberOfAPersonWhereAnyMayStand) {
  for (const char* number : {"A123456789", "A800000014", "AC01234567"}) {
    ExpectNormal(Scheme::kPersonNumber, number, number);
  }
  ExpectRefused(Scheme::kPersonNumber, "A800000015", "check digit of the resident number");
  ExpectRefused(Scheme::kPersonNumber, "A12345678", "before check digits existed");
  ExpectRefused(Scheme::kPersonNumber, "A523456789", "not the shape");
  ExpectNormal(Scheme::kPassport, "312345678", "312345678");
  ExpectNormal(Scheme::kPassport, "x1234567a", "X1234567A");
  ExpectRefused(Scheme::kPassport, "X123", "5 to 15");
}

TEST(IdentifierTest, TellsThePersonSchemesApart) {
  EXPECT_EQ(PersonSchemeOf("a123456788"), Scheme::kNationalId);
  EXPECT_EQ(PersonSchemeOf("A800000014"), Scheme::kResidentNumber);
  EXPECT_EQ(PersonSchemeOf("ＡC01234567"), Scheme::kOldResidentNumber);
  EXPECT_EQ(PersonSchemeOf("A12345678"), std::nullopt);
  EXPECT_EQ(PersonSchemeOf("A523456789"), std::nullopt);
  EXPECT_EQ(PersonSchemeOf(std::string(kIdentifierBytesMax + 1, 'A')), std::nullopt);
}

TEST(IdentifierTest, KnowsBothRulesForBusinessNumbers) {
  struct Row {
    const char* number;
    bool before_2023;
    bool since_2023;
  };
  for (const Row& row : std::vector<Row>{{"04595257", true, true},
                                         {"22099131", true, true},
                                         {"53212539", true, true},
                                         {"04595252", false, true},
                                         {"10458575", true, true},
                                         {"10458574", true, true},
                                         {"12345670", false, true},
                                         {"12345678", false, false},
                                         {"04595253", false, false}}) {
    const BusinessNumberRules rules = CheckBusinessNumber(row.number);
    EXPECT_EQ(rules.before_2023, row.before_2023) << row.number;
    EXPECT_EQ(rules.since_2023, row.since_2023) << row.number;
    if (row.since_2023) {
      ExpectNormal(Scheme::kBusinessNumber, row.number, row.number);
    } else {
      ExpectRefused(Scheme::kBusinessNumber, row.number, "check sum");
    }
  }
  ExpectRefused(Scheme::kBusinessNumber, "00000000", "eight zeros");
  ExpectRefused(Scheme::kBusinessNumber, "0459525", "eight digits");
  ExpectRefused(Scheme::kBusinessNumber, "0459525A", "eight digits");
}

TEST(IdentifierTest, ChecksTheShapeOfDocumentNumbers) {
  ExpectNormal(Scheme::kRocPassport, "312345678", "312345678");
  ExpectRefused(Scheme::kRocPassport, "31234567", "nine digits");
  ExpectNormal(Scheme::kForeignPassport, "ab12345", "AB12345");
  ExpectNormal(Scheme::kForeignPassport, "ABCDE", "ABCDE");
  ExpectNormal(Scheme::kForeignPassport, "ABCDEFGHIJ12345", "ABCDEFGHIJ12345");
  ExpectRefused(Scheme::kForeignPassport, "AB12", "5 to 15");
  ExpectRefused(Scheme::kForeignPassport, "ABCDEFGHIJ123456", "5 to 15");
  ExpectRefused(Scheme::kForeignPassport, "AB-12345", "5 to 15");
  ExpectNormal(Scheme::kHealthCard, "0000 1234 5678", "000012345678");
  ExpectRefused(Scheme::kHealthCard, "00001234567", "twelve digits");
  ExpectNormal(Scheme::kCitizenCertificate, "tp12345678901234", "TP12345678901234");
  ExpectRefused(Scheme::kCitizenCertificate, "TP1234567890123", "fourteen digits");
  ExpectNormal(Scheme::kHouseholdNumber, "F1234567", "F1234567");
  ExpectNormal(Scheme::kHouseholdNumber, "f12a45b7", "F12A45B7");
  ExpectRefused(Scheme::kHouseholdNumber, "F123456A", "household number");
  ExpectRefused(Scheme::kHouseholdNumber, "11234567", "household number");
}

TEST(IdentifierTest, WritesLandNumbersInTheirStoredForm) {
  for (const char* text : {"48地號", "48", "４８", "0048-0000", "00480000", "48-0"}) {
    ExpectNormal(Scheme::kLandLot, text, "00480000");
  }
  for (const char* text : {"179-1065", "179之1065", "１７９－１０６５地號", "01791065"}) {
    ExpectNormal(Scheme::kLandLot, text, "01791065");
  }
  for (const char* text : {"173", "173建號", "00173-000", "00173000"}) {
    ExpectNormal(Scheme::kBuilding, text, "00173000");
  }
  ExpectNormal(Scheme::kBuilding, "12345-12", "12345012");
  EXPECT_EQ(LotNumberText("00480000"), "48");
  EXPECT_EQ(LotNumberText("01791065"), "179-1065");
  EXPECT_EQ(BuildingNumberText("00173000"), "173");
  EXPECT_EQ(BuildingNumberText("12345012"), "12345-12");
}

TEST(IdentifierTest, RefusesLandNumbersThatCanBeReadTwoWays) {
  ExpectRefused(Scheme::kLandLot, "27910", "more than 4 digits");
  ExpectRefused(Scheme::kLandLot, "2791065", "more than 4 digits");
  ExpectRefused(Scheme::kLandLot, "279-10655", "more than 4 digits");
  ExpectRefused(Scheme::kLandLot, "279-", "ends after");
  ExpectRefused(Scheme::kLandLot, "-2065", "empty before");
  ExpectRefused(Scheme::kLandLot, "0-12", "main number 0");
  ExpectRefused(Scheme::kLandLot, "00000012", "main number 0");
  ExpectRefused(Scheme::kLandLot, "48-1-2", "other than digits");
  ExpectRefused(Scheme::kLandLot, "四十八", "other than digits");
  ExpectRefused(Scheme::kBuilding, "173-1234", "more than 5 digits");
  ExpectRefused(Scheme::kBuilding, "地號", "other than digits");
}

TEST(IdentifierTest, WritesLandKeysInOneForm) {
  ExpectNormal(Scheme::kLandOffice, "ad", "AD");
  ExpectRefused(Scheme::kLandOffice, "A1", "two letters");
  ExpectNormal(Scheme::kLandSectionKey, "AD0863", "AD-0863");
  ExpectNormal(Scheme::kLandSectionKey, "ad-0863", "AD-0863");
  ExpectRefused(Scheme::kLandSectionKey, "AD-08631", "five digits");
  ExpectRefused(Scheme::kLandSectionKey, "AD-863", "four digits");
  ExpectRefused(Scheme::kLandSectionKey, "A", "two letters");
  ExpectNormal(Scheme::kLandSection, "０８６３", "0863");
  ExpectRefused(Scheme::kLandSection, "863", "four digits");
  ExpectRefused(Scheme::kLandSection, "08631", "five digits");
  ExpectNormal(Scheme::kLandKey, "QD-0863-00173000", "QD-0863-00173000");
  ExpectNormal(Scheme::kLandKey, "qd0863-00173000", "QD-0863-00173000");
  ExpectRefused(Scheme::kLandKey, "QD-0863-173", "eight stored digits");
  ExpectRefused(Scheme::kLandKey, "ZZ-1863", "office, section and number");
  ExpectRefused(Scheme::kLandKey, "0963-00173000", "office, section and number");
}

TEST(IdentifierTest, AcceptsPlatesOfEveryAge) {
  for (const auto& [text, normal] :
       std::vector<std::pair<const char*, const char*>>{{"ABC-1234", "ABC1234"},
                                                        {"abc 1234", "ABC1234"},
                                                        {"EA12345", "EA12345"},
                                                        {"AB-1234", "AB1234"},
                                                        {"1234-AB", "1234AB"},
                                                        {"ABC-123", "ABC123"},
                                                        {"2A-123", "2A123"},
                                                        {"A4-44", "A444"}}) {
    ExpectNormal(Scheme::kVehiclePlate, text, normal);
  }
  for (const char* text : {"ABCD", "12345", "AB1", "ABCD1234", "ABC.123"}) {
    ExpectRefused(Scheme::kVehiclePlate, text, "vehicle plate");
  }
}

TEST(IdentifierTest, KnowsTheLengthsOfPhoneNumbers) {
  for (const auto& [text, normal] :
       std::vector<std::pair<const char*, const char*>>{{"0912-345-678", "0912345678"},
                                                        {"+886 912 345 678", "0912345678"},
                                                        {"(02) 1234-5678", "0212345678"},
                                                        {"+886-2-12345678", "0212345678"},
                                                        {"04-1234567", "041234567"},
                                                        {"04-12345678", "0412345678"},
                                                        {"03-1234567", "031234567"},
                                                        {"037-123456", "037123456"},
                                                        {"089-123456", "089123456"},
                                                        {"082-123456", "082123456"},
                                                        {"049-1234567", "0491234567"},
                                                        {"0826-12345", "082612345"},
                                                        {"0836-12345", "083612345"},
                                                        {"０６－１２３４５６７", "061234567"}}) {
    ExpectNormal(Scheme::kPhone, text, normal);
  }
  for (const char* text : {"091234567", "09123456789", "02-7654321", "049-123456", "0826-123456",
                           "01-1234567", "912345678", "+81312345678", "02-7654321A", "+886"}) {
    ExpectRefused(Scheme::kPhone, text, "phone number");
  }
}

TEST(IdentifierTest, ChecksCodesOfPlacesAndAgencies) {
  ExpectNormal(Scheme::kAgencyCode, "382020000a", "382020000A");
  ExpectNormal(Scheme::kAgencyCode, "301000100G", "301000100G");
  ExpectRefused(Scheme::kAgencyCode, "3820200001", "agency code");
  ExpectNormal(Scheme::kAddressId, "abc12345", "ABC12345");
  ExpectRefused(Scheme::kAddressId, "AB123456", "address identifier");
  for (const char* code : {"63000", "09007", "10020", "10001", "67000370", "67000370001"}) {
    ExpectNormal(Scheme::kAreaCode, code, code);
  }
  ExpectRefused(Scheme::kAreaCode, "62000", "no county's code");
  ExpectRefused(Scheme::kAreaCode, "670003", "5 digits");
}

TEST(IdentifierTest, RefusesHostileInputUnderEveryScheme) {
  for (const Scheme scheme : AllIdentifierSchemes()) {
    ExpectRefused(scheme, "", "empty");
    ExpectRefused(scheme, " 　 ", "empty");
    ExpectRefused(scheme, std::string(kIdentifierBytesMax + 1, '1'), "longer than any");
    ExpectRefused(scheme, "A12\xFF", "UTF-8");
    ExpectRefused(scheme, absl::string_view("A12345678\0", 10), "");
    ExpectRefused(scheme, "王小明", "");
    ExpectRefused(scheme, "-", "");
  }
}

TEST(IdentifierTest, NamesOfSchemesAreUniqueAndReadBack) {
  for (const Scheme scheme : AllIdentifierSchemes()) {
    EXPECT_EQ(SchemeNamed(SchemeName(scheme)), scheme);
  }
  EXPECT_EQ(SchemeNamed("no_such_scheme"), std::nullopt);
}

}  // namespace
}  // namespace chayan::ident
