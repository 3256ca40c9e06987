// What an agency's system answers, from bytes to the answer that is signed: no input crashes, every
// answer keeps the rules of answers, and what cannot be read is never a finding.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "adapters/connector/testing_folder.h"
#include "adapters/http/config.h"
#include "adapters/http/connector.h"
#include "gateway/answer/answer_rules.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "google/protobuf/text_format.h"

namespace {

using namespace chayan;

constexpr char kSettings[] = R"(
member: "land-ad" system: "adapter-1" trust_domain: "chayan.example" gateways: "127.0.0.1:1"
certificate_file: "a" key_file: "a" roots_file: "a" answer_key_file: "a" answer_log_file: "a"
kind_files: "kinds.textproto"
http { base_url: "https://agency.example" }
kinds {
  document_kind: "land.title" areas: "AD"
  http {
    method: HTTP_METHOD_GET path: "/" answer_form: ANSWER_FORM_$FORM
    values { name: "code" selector: "$CODE" }
    values { name: "time" selector: "$TIME" }
    rules { when { eq { value: "code" texts: "NONE" } } outcome: OUTCOME_NOT_FOUND }
    rules { when { eq { value: "code" texts: "LOCKED" } } outcome: OUTCOME_LOCKED attempts_left_plus_one: 1 }
    records: "$RECORDS"
    columns { name: "number" selector: "$NUMBER" transforms { fold_width: true } }
    columns { name: "name" selector: "$NAME" transforms { trim: true } }
    columns { name: "lot" selector: "$LOT" optional: true transforms { pad { width: 8 } } }
  }
  subject { number_column: "number" name_column: "name" }
  claims { claim: "owner_name" column: "name" }
  claims { claim: "lot" column: "lot" }
  fields { field: "share" column: "lot" }
  several_rows: SEVERAL_ROWS_BEST
})";

http_connector::Settings SettingsOf(const std::string& text) {
  const connector::TestingFolder folder;
  const auto kinds = ReadFile("adapters/agencies/registry/land.textproto");
  CHAYAN_CHECK(kinds.ok());  // run it from the source root
  folder.Write("kinds.textproto", *kinds);
  folder.Write("adapter.textproto", text);
  const auto file = connector::ConfigFile::Read(folder.File("adapter.textproto"));
  CHAYAN_CHECK(file.ok());
  http_connector::Settings settings = http_connector::LoadSettings(**file);
  CHAYAN_CHECK((*file)->ToStatus().ok());
  return settings;
}

const http_connector::KindPlan& PlanFor(bool xml) {
  static const http_connector::Settings& json =
      *new http_connector::Settings(SettingsOf(absl::StrReplaceAll(kSettings, {{"$FORM", "JSON"},
                                                                               {"$CODE", "/code"},
                                                                               {"$TIME", "/time"},
                                                                               {"$RECORDS", "/r"},
                                                                               {"$NUMBER", "/n"},
                                                                               {"$NAME", "/o"},
                                                                               {"$LOT", "/l"}})));
  static const http_connector::Settings& markup = *new http_connector::Settings(
      SettingsOf(absl::StrReplaceAll(kSettings, {{"$FORM", "XML"},
                                                 {"$CODE", "/a/@code"},
                                                 {"$TIME", "/a/@time"},
                                                 {"$RECORDS", "/a/r"},
                                                 {"$NUMBER", "n"},
                                                 {"$NAME", "o"},
                                                 {"$LOT", "l"}})));
  return (xml ? markup : json).kinds.front();
}

}  // namespace

// The first byte picks the form and the status, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static const v1::VerifyDocumentRequest& request = *[] {
    auto* made = new v1::VerifyDocumentRequest();
    CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
        R"(request_id: "00000000-0000-4000-8000-000000000001" document_kind: "land.title"
           subject { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" } name: "王小明" }
           claims { code: "owner_name" text: "王小明" } claims { code: "lot" text: "48" }
           requested_fields: "share")",
        made));
    return made;
  }();
  v1::QuestionPermit permit;
  permit.add_claims("owner_name");
  permit.add_claims("lot");
  permit.add_released_fields("share");
  const http_connector::KindPlan& plan = PlanFor(/*xml=*/data[0] & 1);
  const fetch::Response response{
      data[0] & 2 ? 500 : 200, {}, std::string(reinterpret_cast<const char*>(data) + 1, size - 1)};
  const connector::HolderAnswer given = http_connector::AnswerFromResponse(
      plan, request, permit, response, absl::FromUnixSeconds(1'768'000'000));
  CHAYAN_CHECK(
      answer::CheckAnswer(given.answer, given.restricted, request, [](absl::string_view code) {
        return code == "share";
      }).ok());
  if (!plan.format->Parse(response.body).ok()) {
    CHAYAN_CHECK(given.answer.outcome() == v1::OUTCOME_SOURCE_DOWN);
  }
  return 0;
}
