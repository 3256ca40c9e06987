// Goal: the sample agencies' configurations answer as adapters/agencies/README.md says. Method: the
// real generator, the real templates in the layout that deploy/dev makes, questions from that
// table.
#include <filesystem>
#include <memory>
#include <string>

#include "absl/synchronization/notification.h"
#include "adapters/agencies/generate/sample_files.h"
#include "adapters/sql/config.h"
#include "adapters/sql/connector.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace chayan::agencies {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One deployment for all tests: the registers are only read.
class Deployment {
 public:
  static const Deployment& Get() {
    static const Deployment deployment;
    return deployment;
  }
  ~Deployment() { std::filesystem::remove_all(folder_); }

  std::string ConfigOf(const std::string& agency) const {
    return folder_ + "/agencies/" + agency + "/adapter.textproto";
  }

 private:
  Deployment() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "chayan-agencies-XXXXXX").string();
    CHAYAN_CHECK(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    sample::SampleOptions options;
    options.directory = folder_ + "/agencies";
    options.people = 200;
    CHAYAN_CHECK(MakeDirectories(options.directory).ok());
    CHAYAN_CHECK(sample::WriteSampleFiles(options).ok());
    std::filesystem::copy("adapters/agencies/registry", folder_ + "/registry");
    for (const std::string agency : {"land-ad", "land-qd", "nia"}) {
      auto text = ReadFile("adapters/agencies/" + agency + "/adapter.textproto");
      CHAYAN_CHECK(text.ok());
      CHAYAN_CHECK(MakeDirectories(folder_ + "/agencies/" + agency).ok());
      CHAYAN_CHECK(WriteFile(ConfigOf(agency), *text + "gateways: \"127.0.0.1:1\"\n").ok());
    }
  }
  std::string folder_;
};

class Agency {
 public:
  explicit Agency(const std::string& id) {
    auto settings = sql::LoadSettings(Deployment::Get().ConfigOf(id));
    CHAYAN_CHECK(settings.ok());
    connector_ = std::make_unique<sql::SqlConnector>(clock_, *std::move(settings));
  }

  // `text` is a VerifyDocumentRequest; all its claims and fields are permitted.
  connector::HolderAnswer Ask(const std::string& text) {
    v1::VerifyDocumentRequest request;
    CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(text, &request));
    v1::QuestionPermit permit;
    for (const v1::Claim& claim : request.claims()) permit.add_claims(claim.code());
    for (const std::string& field : request.requested_fields()) {
      permit.add_released_fields(field);
    }
    absl::Notification answered;
    connector::HolderAnswer answer;
    connector_->Answer({request, permit, absl::Minutes(1)}, [&](connector::HolderAnswer given) {
      answer = std::move(given);
      answered.Notify();
    });
    answered.WaitForNotification();
    return answer;
  }

 private:
  SystemClock clock_;
  std::unique_ptr<sql::SqlConnector> connector_;
};

std::string Person(const std::string& number, const std::string& name, const std::string& birth) {
  return "subject { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: '" + number +
         "' } name: \"" + name + "\" birth_date { " + birth + " } }";
}

const char kWangBirth[] = "era: ERA_ROC year: 77 month: 5 day: 20";

std::string Wang() { return Person("A123456789", "王小明", kWangBirth); }

std::string Text(const std::string& code, const std::string& value) {
  return "claims { code: '" + code + "' text: \"" + value + "\" }";
}

std::string Title(const std::string& office, const std::string& lot, const std::string& name) {
  return "document_kind: 'land.title'" + Text("land_office", office) + Text("section", "0863") +
         Text("lot", lot) + (name.empty() ? "" : Text("owner_name", name));
}

struct Case {
  const char* what;
  const char* agency;
  std::string question;
  v1::Outcome outcome;
  bool restricted = false;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.what; }

class ReadmeTest : public ::testing::TestWithParam<Case> {};

TEST_P(ReadmeTest, ComesOutAsTheReadmeSays) {
  const connector::HolderAnswer given = Agency(GetParam().agency).Ask(GetParam().question);
  EXPECT_EQ(given.answer.outcome(), GetParam().outcome) << given.answer.DebugString();
  EXPECT_EQ(given.restricted, GetParam().restricted);
}

INSTANTIATE_TEST_SUITE_P(
    All, ReadmeTest,
    ::testing::Values(
        Case{"Match", "land-ad", Wang() + Title("AD", "48", "王小明"), v1::OUTCOME_MATCH},
        Case{"Mismatch", "land-ad",
             Person("A123456789", "王大明", kWangBirth) + Title("AD", "48", "王大明"),
             v1::OUTCOME_MISMATCH},
        Case{"Address", "land-ad",
             Wang() + Title("AD", "48", "") +
                 Text("address", "臺北市松山區東光里005鄰南京東路四段16號11樓之2"),
             v1::OUTCOME_MATCH},
        Case{"Void", "land-ad", Wang() + Title("AD", "51", "王小明"), v1::OUTCOME_VOID},
        Case{"NoSuchLot", "land-ad", Wang() + Title("AD", "1", "王小明"), v1::OUTCOME_NOT_FOUND},
        Case{"CoOwner", "land-ad",
             Wang() + Title("AD", "179-1065", "王小明") + Text("share", "2分之1"),
             v1::OUTCOME_MATCH},
        Case{"OtherCoOwner", "land-ad",
             Person("A220000036", "李美玉", "era: ERA_ROC year: 79 month: 2 day: 28") +
                 Title("AD", "179之1065", "李美玉"),
             v1::OUTCOME_MATCH},
        Case{"VariantName", "land-ad",
             Person("F120000020", "林青峰", "era: ERA_ROC year: 65 month: 3 day: 8") +
                 Title("AD", "49", "林青峰"),
             v1::OUTCOME_VARIANT},
        Case{"MissingGlyph", "land-ad",
             Person("B220000019", "陳𤧟英", "era: ERA_ROC year: 50 month: 12 day: 1") +
                 Title("AD", "50", "陳𤧟英"),
             v1::OUTCOME_UNCOMPARABLE},
        Case{"NineCharacterNumber", "land-ad",
             Person("G120000085", "李金土", "era: ERA_ROC year: 15 month: 1 day: 31") +
                 Title("AD", "52", "李金土"),
             v1::OUTCOME_UNCOMPARABLE},
        Case{"BeforeTheRepublicAtAd", "land-ad",
             Person("E220000058", "林罔市", "era: ERA_BEFORE_ROC year: 10 month: 3 day: 2") +
                 Title("AD", "53", "林罔市"),
             v1::OUTCOME_MATCH},
        Case{"BeforeTheRepublicAtQd", "land-qd",
             Person("E220000058", "林罔市", "era: ERA_BEFORE_ROC year: 10 month: 3 day: 2") +
                 Title("QD", "50", "林罔市"),
             v1::OUTCOME_MATCH},
        Case{"IndigenousName", "land-ad",
             Person("U120000040", "Kacaw’ Mayaw", "era: ERA_ROC year: 84 month: 8 day: 1") +
                 Title("AD", "54", "Kacaw’ Mayaw"),
             v1::OUTCOME_MATCH},
        Case{"FormerNumber", "land-ad",
             Person("A800000014", "NGUYEN VAN AN", "era: ERA_ROC year: 74 month: 11 day: 11") +
                 Title("AD", "55", "NGUYEN VAN AN") + Text("owner_number", "A800000014"),
             v1::OUTCOME_MATCH},
        Case{"ProtectedOwner", "land-ad",
             Person("T220000078", "張雅婷", "era: ERA_ROC year: 80 month: 6 day: 15") +
                 Title("AD", "56", "張雅婷"),
             v1::OUTCOME_NOT_COMPARED, true},
        Case{"OtherOffice", "land-qd",
             Person("D100000004", "蔡志宏", "era: ERA_ROC year: 60 month: 4 day: 4") +
                 Title("QD", "48", "蔡志宏"),
             v1::OUTCOME_MATCH},
        Case{"Building", "land-ad",
             Wang() + "document_kind: 'land.building'" + Text("land_office", "AD") +
                 Text("section", "0863") + Text("building_number", "173") +
                 Text("owner_name", "王小明"),
             v1::OUTCOME_MATCH},
        Case{"Crossing", "nia",
             Wang() + "document_kind: 'immigration.entry_exit'" + Text("direction", "in") +
                 Text("passport", "312345678") +
                 "claims { code: 'date' date { era: ERA_ROC year: 114 month: 2 day: 3 } }",
             v1::OUTCOME_MATCH},
        Case{"CrossingOnAnotherDay", "nia",
             Wang() + "document_kind: 'immigration.entry_exit'" + Text("direction", "in") +
                 "claims { code: 'date' date { era: ERA_ROC year: 114 month: 2 day: 4 } }",
             v1::OUTCOME_MISMATCH},
        Case{"ProtectedTraveller", "nia",
             Person("T220000078", "張雅婷", "era: ERA_ROC year: 80 month: 6 day: 15") +
                 "document_kind: 'immigration.entry_exit'" + Text("direction", "in"),
             v1::OUTCOME_NOT_COMPARED, true},
        Case{"NeverTravelled", "nia",
             Person("A123456789", "王大明", "era: ERA_ROC year: 1 month: 1 day: 1") +
                 "document_kind: 'immigration.entry_exit'" + Text("direction", "in"),
             v1::OUTCOME_NOT_FOUND}),
    [](const auto& one) { return std::string(one.param.what); });

TEST(AgenciesTest, AMatchReleasesFieldsReferenceAndState) {
  const v1::VerificationAnswer answer =
      Agency("land-ad")
          .Ask(Wang() + Title("AD", "48", "王小明") +
               "requested_fields: 'share' requested_fields: 'registered_date'")
          .answer;
  ASSERT_EQ(answer.released_fields_size(), 2);
  EXPECT_EQ(answer.released_fields(0).text(), "1/1");
  EXPECT_EQ(answer.released_fields(1).date().year(), 108);
  EXPECT_EQ(answer.document_reference(), "松山108-000001");
  EXPECT_EQ(absl::FromUnixSeconds(answer.as_of_time().seconds()),
            absl::FromCivil(absl::CivilSecond(2026, 1, 15, 0, 0, 0), absl::UTCTimeZone()));
}

TEST(AgenciesTest, TheLastCrossingIsReleased) {
  const v1::VerificationAnswer answer =
      Agency("nia")
          .Ask(Wang() + "document_kind: 'immigration.entry_exit'" + Text("direction", "out") +
               "requested_fields: 'last_direction' requested_fields: 'last_date'")
          .answer;
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH);
  ASSERT_EQ(answer.released_fields_size(), 2);
  EXPECT_EQ(answer.released_fields(0).text(), "in");
  EXPECT_EQ(answer.released_fields(1).date().year(), 114);
}

}  // namespace
}  // namespace chayan::agencies
