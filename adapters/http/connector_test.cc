// Goal: honest answers of a system become true answers, and whatever else it sends ends in
// SOURCE_DOWN or NOT_COMPARED, never in a verdict. Method: a real HTTP server on sockets; settings
// as an agency writes them, those of the ID-card check among them.
#include "adapters/http/connector.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "adapters/connector/config.h"
#include "adapters/connector/json_tree.h"
#include "adapters/connector/testing_folder.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/fetch/test_server.h"
#include "google/protobuf/text_format.h"

namespace chayan::http_connector {
namespace {

using fetch::HttpAnswer;
using fetch::TestAnswer;
using fetch::TestRequest;
using fetch::TestServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Then = TestAnswer::Then;

constexpr char kKinds[] = R"(
document_kinds {
  code: "land.title" repeatable: true
  claims { code: "lot" type: VALUE_TYPE_LAND_LOT }
  claims { code: "owner_name" type: VALUE_TYPE_NAME }
  claims { code: "registered" type: VALUE_TYPE_DATE }
  fields { code: "share" type: VALUE_TYPE_TEXT }
}
document_kinds {
  code: "id.card"
  claims { code: "issue_date" type: VALUE_TYPE_DATE }
  claims { code: "issue_kind" type: VALUE_TYPE_CODE codes: "1" }
})";

constexpr char kHead[] = R"(member: "a" system: "b" trust_domain: "c" gateways: "127.0.0.1:1"
certificate_file: "c" key_file: "k" roots_file: "r" answer_key_file: "a" answer_log_file: "l"
kind_files: "kinds.textproto"
)";

constexpr char kTitles[] = R"text(
http { base_url: "$URL" connections: 2 timeout_ms: 1000 failures_max: 100 $SOURCE }
kinds {
  document_kind: "land.title"
  parameters { name: "lot" claim: "lot" }
  parameters { name: "name" subject: SUBJECT_PART_NAME }
  http {
    method: HTTP_METHOD_POST
    path: "/titles/{lot}"
    headers { name: "X-Exchange" value: "{exchange_id}" }
    json_body: '{"owner":{"name":"{name}"}}'
    answer_form: ANSWER_FORM_JSON
    values { name: "code" selector: "/code" optional: true }
    values { name: "as_of" selector: "/as_of" }
    rules { when { status { min: 404 } } outcome: OUTCOME_NOT_FOUND }
    rules { when { eq { value: "code" texts: "LOCK" } } outcome: OUTCOME_LOCKED attempts_left_plus_one: 1 }
    rules { when { eq { value: "code" texts: "SECRET" } } restricted: true }
    rules { when { range { value: "code" min: 500 max: 599 } } outcome: OUTCOME_SOURCE_DOWN }
    records: "/titles"
    columns { name: "number" selector: "/owner/id" transforms { trim: true } transforms { fold_width: true } }
    columns { name: "name" selector: "/owner/name" }
    columns { name: "lot" selector: "/lot" transforms { full_match: "No\\.([0-9]+)" } transforms { pad { width: 8 } } }
    columns { name: "registered" selector: "/registered" optional: true transforms { roc_date: true } }
    columns { name: "share" selector: "/share" optional: true transforms { map { entries { from: "W" to: "1/1" } } } }
    as_of_value: "as_of"
  }
  subject { number_column: "number" name_column: "name" }
  claims { claim: "lot" column: "lot" }
  claims { claim: "owner_name" column: "name" }
  claims { claim: "registered" column: "registered" }
  fields { field: "share" column: "share" }
})text";

constexpr char kGoodTitle[] =
    R"({"as_of":"2026-01-15T00:00:00Z","titles":[{"owner":{"id":" Ａ123456789","name":"王\"小\"明"},
        "lot":"No.480000","registered":"0770520","share":"W"}]})";

class HttpConnectorTest : public ::testing::Test {
 protected:
  HttpConnectorTest() { folder_.Write("kinds.textproto", kKinds); }

  // The settings' faults, or a connector.
  absl::StatusOr<std::unique_ptr<HttpConnector>> Load(const std::string& text) {
    folder_.Write("adapter.textproto", kHead + text);
    auto file = connector::ConfigFile::Read(folder_.File("adapter.textproto"));
    CHAYAN_CHECK(file.ok());
    if (!(*file)->parsed()) return (*file)->ToStatus();
    Settings settings = LoadSettings(**file);
    const absl::Status faults = (*file)->ToStatus();
    if (!faults.ok()) return faults;
    return HttpConnector::Create(clock_, std::move(settings));
  }

  std::string Titles(const TestServer& server, const std::string& source = "") {
    return absl::StrReplaceAll(kTitles, {{"$URL", server.Url("")}, {"$SOURCE", source}});
  }

  connector::HolderAnswer Ask(HttpConnector& connector, const std::string& claims,
                              const std::string& kind = "land.title") {
    v1::VerifyDocumentRequest request;
    CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
        R"(request_id: "0b2f8d70-7b3a-4c39-9b6c-0d0f6a3c0001" requested_fields: "share"
           subject { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" }
                     name: "王\"小\"明" })" +
            claims,
        &request));
    request.set_document_kind(kind);
    v1::QuestionPermit permit;
    for (const v1::Claim& claim : request.claims()) permit.add_claims(claim.code());
    permit.add_released_fields("share");
    absl::Notification answered;
    connector::HolderAnswer answer;
    connector.Answer({request, permit, absl::Seconds(60), "11111111-2222-4333-8444-555555555555"},
                     [&](connector::HolderAnswer given) {
                       answer = std::move(given);
                       answered.Notify();
                     });
    answered.WaitForNotification();
    return answer;
  }

  v1::VerificationAnswer AskTitle(const TestAnswer& said) {
    TestServer server([&](const TestRequest&) { return said; });
    auto connector = Load(Titles(server));
    CHAYAN_CHECK(connector.ok());
    return Ask(**connector, kClaims).answer;
  }

  static constexpr char kClaims[] = R"(
      claims { code: "lot" text: "48" }
      claims { code: "owner_name" text: "王\"小\"明" }
      claims { code: "registered" date { era: ERA_ROC year: 77 month: 5 day: 20 } })";

  SystemClock clock_;
  connector::TestingFolder folder_;
};

TEST_F(HttpConnectorTest, AsksAndCompares) {
  TestServer server([](const TestRequest&) { return HttpAnswer(200, kGoodTitle); });
  auto connector = Load(Titles(server));
  ASSERT_OK(connector);
  const auto answer = Ask(**connector, kClaims).answer;
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH) << answer.DebugString();
  ASSERT_EQ(answer.released_fields_size(), 1);
  EXPECT_EQ(answer.released_fields(0).text(), "1/1");
  EXPECT_EQ(answer.as_of_time().seconds(), 1'768'435'200);
  const TestRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.first_line(), "POST /titles/00480000 HTTP/1.1");
  EXPECT_EQ(seen.body, R"({"owner":{"name":"王\"小\"明"}})");
  EXPECT_THAT(seen.head, AllOf(HasSubstr("X-Exchange: 11111111-2222-4333-8444-555555555555"),
                               HasSubstr("Content-Type: application/json")));
}

TEST_F(HttpConnectorTest, RulesSpeakBeforeRecords) {
  EXPECT_EQ(AskTitle(HttpAnswer(404, "<html>no</html>")).outcome(), v1::OUTCOME_NOT_FOUND);
  const auto locked = AskTitle(HttpAnswer(200, R"({"as_of":"2026-01-15","code":"LOCK"})"));
  EXPECT_EQ(locked.outcome(), v1::OUTCOME_LOCKED);
  EXPECT_EQ(locked.attempts_left(), 0);
  const auto down = AskTitle(HttpAnswer(200, R"({"as_of":"2026-01-15","code":503})"));
  EXPECT_EQ(down.outcome(), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_TRUE(down.forwarded());
  EXPECT_EQ(AskTitle(HttpAnswer(200, R"({"as_of":"2026-01-15","titles":[]})")).outcome(),
            v1::OUTCOME_NOT_FOUND);
}

TEST_F(HttpConnectorTest, AProtectedPersonLooksLikeAnyAnswerThatComparedNothing) {
  TestServer server([](const TestRequest&) {
    return HttpAnswer(200, R"({"as_of":"2026-01-15","code":"SECRET"})");
  });
  auto connector = Load(Titles(server));
  ASSERT_OK(connector);
  const connector::HolderAnswer answer = Ask(**connector, kClaims);
  EXPECT_TRUE(answer.restricted);
  EXPECT_EQ(answer.answer.SerializeAsString(), AskTitle(HttpAnswer(200, "{}")).SerializeAsString());
}

// Nothing usable came.
TEST_F(HttpConnectorTest, WhatIsNoAnswerIsSourceDown) {
  const std::string deep(100'000, '[');
  const std::vector<TestAnswer> attacks = {
      HttpAnswer(200, ""),
      HttpAnswer(200, "not json"),
      HttpAnswer(200, deep),
      HttpAnswer(200, "\"\xC3\x28\""),
      HttpAnswer(200, std::string(2'000'000, ' ')),
      HttpAnswer(500, kGoodTitle),
      HttpAnswer(302, kGoodTitle, "Location: http://127.0.0.1:1/\r\n"),
      HttpAnswer(403, "{}"),
      {"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", Then::kClose},
      {"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", Then::kHang},
      {"", Then::kClose},
      {"\x16\x03\x01 what", Then::kClose}};
  for (size_t i = 0; i < attacks.size(); ++i) {
    const auto answer = AskTitle(attacks[i]);
    EXPECT_EQ(answer.outcome(), v1::OUTCOME_SOURCE_DOWN) << i;
    EXPECT_TRUE(answer.forwarded()) << i;
    EXPECT_TRUE(answer.verdicts().empty()) << i;
  }
}

// An answer came, but not the one that the settings describe.
TEST_F(HttpConnectorTest, AnotherAnswerThanConfiguredIsNotCompared) {
  const std::pair<const char*, const char*> edits[] = {{"\"titles\":[{", "\"titels\":[{"},
                                                       {"\"owner\":{", "\"owner\":5,\"x\":{"},
                                                       {"\"id\":\" Ａ123456789\"", "\"id\":{}"},
                                                       {"\"id\":", "\"di\":"},
                                                       {"No.480000", "Nr.480000"},
                                                       {"0770520", "yesterday"},
                                                       {"\"share\":\"W\"", "\"share\":\"?\""},
                                                       {"\"as_of\":", "\"asof\":"},
                                                       {"2026-01-15T00:00:00Z", "soon"},
                                                       {"\"lot\":\"No", "\"lot\":\"\\u0000No"}};
  for (const auto& [from, to] : edits) {
    const std::string body = absl::StrReplaceAll(kGoodTitle, {{from, to}});
    ASSERT_NE(body, kGoodTitle) << from;
    const auto answer = AskTitle(HttpAnswer(200, body));
    EXPECT_EQ(answer.outcome(), v1::OUTCOME_NOT_COMPARED) << to;
    EXPECT_TRUE(answer.verdicts().empty()) << to;
  }
}

TEST_F(HttpConnectorTest, AsksAgainOnlyWhereTheKindMayBe) {
  for (const bool repeatable : {true, false}) {
    CHAYAN_CHECK(
        WriteFile(folder_.File("kinds.textproto"),
                  repeatable ? kKinds : absl::StrReplaceAll(kKinds, {{"repeatable: true", ""}}))
            .ok());
    std::atomic<int> count = 0;
    TestServer server([&](const TestRequest&) {
      return ++count == 1 ? TestAnswer{"", Then::kClose} : HttpAnswer(200, kGoodTitle);
    });
    auto connector = Load(Titles(server));
    ASSERT_OK(connector);
    EXPECT_EQ(Ask(**connector, kClaims).answer.outcome(),
              repeatable ? v1::OUTCOME_MATCH : v1::OUTCOME_SOURCE_DOWN);
    EXPECT_EQ(count, repeatable ? 2 : 1);
  }
}

TEST_F(HttpConnectorTest, LeavesAFailingSystemAlone) {
  TestServer server([](const TestRequest&) { return HttpAnswer(503, ""); });
  auto connector =
      Load(absl::StrReplaceAll(Titles(server), {{"failures_max: 100", "failures_max: 2"}}));
  ASSERT_OK(connector);
  for (int i = 0; i < 5; ++i) {
    const auto answer = Ask(**connector, kClaims).answer;
    EXPECT_EQ(answer.outcome(), v1::OUTCOME_SOURCE_DOWN);
    EXPECT_EQ(answer.forwarded(), i < 2);
  }
  EXPECT_EQ(server.requests().size(), 2);
  EXPECT_TRUE((*connector)->Health().down);
}

TEST_F(HttpConnectorTest, GetsATokenOnceAndAnotherWhenItIsRefused) {
  std::atomic<int> tokens = 0;
  TestServer login([&](const TestRequest& request) {
    EXPECT_THAT(request.head, HasSubstr("Authorization: Basic " + Base64Encode("me:s%3Acret")));
    EXPECT_EQ(request.body, "grant_type=client_credentials&scope=read");
    return HttpAnswer(200,
                      absl::StrCat(R"({"access_token":"t)", ++tokens, R"(","expires_in":600})"));
  });
  std::atomic<bool> first_is_good = true;
  TestServer server([&](const TestRequest& request) {
    const bool good = absl::StrContains(request.head, "X-Token: t2\r\n") || first_is_good;
    return good ? HttpAnswer(200, kGoodTitle) : HttpAnswer(401, "");
  });
  folder_.Write("secret", "s:cret\n");
  const std::string text = absl::StrReplaceAll(
      Titles(server, absl::StrCat("oauth { token_url: \"", login.Url("/token"),
                                  "\" client_id: \"me\" client_secret: \"file:secret\" "
                                  "scope: \"read\" }")),
      {{"headers {", "headers { name: \"X-Token\" value: \"{access_token}\" } headers {"}});
  auto connector = Load(text);
  ASSERT_OK(connector);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask(**connector, kClaims).answer.outcome(), v1::OUTCOME_MATCH);
  }
  EXPECT_EQ(tokens, 1);
  first_is_good = false;
  EXPECT_EQ(Ask(**connector, kClaims).answer.outcome(), v1::OUTCOME_MATCH);
  EXPECT_EQ(tokens, 2);
}

constexpr char kIdCard[] = R"(
http { base_url: "$URL" jwt { key: "file:jwt.key" key_id: "k1" } }
kinds {
  document_kind: "id.card"
  parameters { name: "number" subject: SUBJECT_PART_NUMBER }
  parameters { name: "date" claim: "issue_date" date_form: DATE_FORM_ROC_MINUS }
  parameters { name: "kind" claim: "issue_kind" }
  http {
    method: HTTP_METHOD_GET
    path: "/idcard"
    headers { name: "Authorization" value: "Bearer {jwt}" }
    jwt_claims: '{"orgId":"382000000A","aud":"{unix_time}","jobId":"V2C201",'
                '"conditionMap":{"personId":"{number}","applyCode":"{kind}","applyYyymmdd":"{date}"}}'
    answer_form: ANSWER_FORM_JSON
    values { name: "rd" selector: "/rdCode" optional: true }
    values { name: "result" selector: "/responseData/checkIdCardApply" optional: true }
    compared_claims: "issue_date"
    compared_claims: "issue_kind"
    rules { when { in { value: "rd" texts: "RS7007" } } outcome: OUTCOME_SOURCE_DOWN }
    rules { when { not { eq { value: "rd" texts: "RS7009" } } } outcome: OUTCOME_NOT_COMPARED }
    rules { when { eq { value: "result" texts: "1" } } outcome: OUTCOME_MATCH }
    rules { when { eq { value: "result" texts: "2" } } outcome: OUTCOME_MISMATCH attempts_left_plus_one: 3 }
    rules { when { eq { value: "result" texts: "5" } } outcome: OUTCOME_LOCKED attempts_left_plus_one: 1 }
    rules { when { in { value: "result" texts: "6" texts: "7" } } outcome: OUTCOME_VOID }
  }
})";

TEST_F(HttpConnectorTest, ASystemThatComparesByItself) {
  const crypto::PkeyPtr key(EVP_RSA_gen(2048));
  const crypto::BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  folder_.Write("jwt.key", crypto::TestPem(bio.get()));
  std::string result;
  std::string rd = "RS7009";
  TestServer server([&](const TestRequest&) {
    return HttpAnswer(200, absl::StrCat(R"({"rdCode":")", rd, R"(","responseData":{)",
                                        result.empty() ? "" : R"("checkIdCardApply":")", result,
                                        result.empty() ? "" : "\"", "}}"));
  });
  auto connector = Load(absl::StrReplaceAll(kIdCard, {{"$URL", server.Url("")}}));
  ASSERT_OK(connector);
  const std::string claims =
      "claims { code: 'issue_kind' text: '1' } "
      "claims { code: 'issue_date' date { era: ERA_ROC year: 94 month: 7 day: 1 } }";
  const auto outcome = [&](const std::string& said) {
    result = said;
    return Ask(**connector, claims, "id.card").answer;
  };
  EXPECT_EQ(outcome("1").outcome(), v1::OUTCOME_MATCH);
  const auto wrong = outcome("2");
  EXPECT_EQ(wrong.outcome(), v1::OUTCOME_MISMATCH);
  EXPECT_EQ(wrong.attempts_left(), 2);
  // It does not say which of the two is wrong.
  EXPECT_EQ(wrong.verdicts(0).verdict(), v1::VERDICT_UNCOMPARABLE);
  EXPECT_EQ(outcome("5").outcome(), v1::OUTCOME_LOCKED);
  EXPECT_EQ(outcome("7").outcome(), v1::OUTCOME_VOID);
  // A code that no rule knows, and none at all.
  EXPECT_EQ(outcome("9").outcome(), v1::OUTCOME_NOT_COMPARED);
  EXPECT_EQ(outcome("").outcome(), v1::OUTCOME_NOT_COMPARED);
  rd = "RS3822";
  EXPECT_EQ(outcome("1").outcome(), v1::OUTCOME_NOT_COMPARED);

  const std::string head = server.requests().at(0).head;
  const size_t at = head.find("Bearer ") + 7;
  const std::vector<std::string> parts =
      absl::StrSplit(head.substr(at, head.find("\r\n", at) - at), '.');
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(*Base64UrlDecode(parts[0]), R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
  const auto payload = connector::ParseJson(*Base64UrlDecode(parts[1]), 8, 100);
  ASSERT_OK(payload);
  const auto text = [&](const std::string& pointer) {
    const connector::JsonNode* node = connector::JsonPointer::Create(pointer)->Find(*payload);
    return node == nullptr ? "(none)" : node->text;
  };
  EXPECT_EQ(text("/jti"), "11111111-2222-4333-8444-555555555555");
  EXPECT_EQ(text("/conditionMap/personId"), "A123456789");
  EXPECT_EQ(text("/conditionMap/applyYyymmdd"), "0940701");
  EXPECT_EQ(std::stoll(text("/exp")) - std::stoll(text("/iat")), 180);
  const std::string message = parts[0] + "." + parts[1];
  const std::string signature = *Base64UrlDecode(parts[2]);
  const crypto::MdContextPtr context(EVP_MD_CTX_new());
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  EXPECT_EQ(EVP_DigestVerify(context.get(), crypto::Bytes(signature), signature.size(),
                             crypto::Bytes(message), message.size()),
            1);
}

constexpr char kSoap[] = R"text(
http { base_url: "$URL" }
kinds {
  document_kind: "land.title"
  parameters { name: "name" subject: SUBJECT_PART_NAME }
  http {
    method: HTTP_METHOD_POST
    headers { name: "SOAPAction" value: "find" }
    xml_body: "<e:Envelope xmlns:e='x'><e:Body><Find name='{name}'/></e:Body></e:Envelope>"
    answer_form: ANSWER_FORM_XML
    values { name: "count" selector: "string(//Titles/@count)" optional: true }
    rules { when { eq { value: "count" texts: "0" } } outcome: OUTCOME_NOT_FOUND }
    records: "//Title"
    columns { name: "number" selector: "No" }
    columns { name: "lot" selector: "Lot" }
  }
  subject { number_column: "number" }
  claims { claim: "lot" column: "lot" }
})text";

TEST_F(HttpConnectorTest, SpeaksSoap) {
  std::string body =
      "<e:Envelope xmlns:e='x'><e:Body><Titles count='1'><Title><No>A123456789</No><Lot>48</Lot>"
      "</Title></Titles></e:Body></e:Envelope>";
  TestServer server([&](const TestRequest&) { return HttpAnswer(200, body); });
  auto connector = Load(absl::StrReplaceAll(kSoap, {{"$URL", server.Url("/soap")}}));
  ASSERT_OK(connector);
  const std::string claims = "claims { code: 'lot' text: '48' }";
  EXPECT_EQ(Ask(**connector, claims).answer.outcome(), v1::OUTCOME_MATCH);
  EXPECT_THAT(server.requests()[0].body, HasSubstr("<Find name='王&quot;小&quot;明'/>"));
  body = "<Titles count='0'/>";
  EXPECT_EQ(Ask(**connector, claims).answer.outcome(), v1::OUTCOME_NOT_FOUND);
  body = "<Fault/>";
  EXPECT_EQ(Ask(**connector, claims).answer.outcome(), v1::OUTCOME_NOT_COMPARED);
  body = "<!DOCTYPE a [<!ENTITY b 'x'>]><Titles count='0'>&b;</Titles>";
  EXPECT_EQ(Ask(**connector, claims).answer.outcome(), v1::OUTCOME_SOURCE_DOWN);
}

TEST_F(HttpConnectorTest, TellsEveryFaultOfItsSettings) {
  TestServer server([](const TestRequest&) { return HttpAnswer(200, ""); });
  const absl::Status faults =
      Load(absl::StrReplaceAll(
               Titles(server, "jwt { key: \"file:gone.key\" }"),
               {{"\"{name}\"", "{name}"},
                {"/titles/{lot}", "/titles/{lott}"},
                {"value: \"code\" texts: \"LOCK\"", "value: \"cod\" texts: \"LOCK\""},
                {"No\\\\.([0-9]+)", "(("},
                {"selector: \"/owner/id\"", "selector: \"owner\""},
                {"column: \"registered\"", "column: \"registerd\""}}))
          .status();
  EXPECT_THAT(
      faults,
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("gone.key"), HasSubstr("json_body: is no JSON"),
                     HasSubstr(":lott is not defined"), HasSubstr("no value \"cod\""),
                     HasSubstr("full_match"), HasSubstr("is no JSON Pointer"),
                     HasSubstr("gives no column registerd"), HasSubstr("adapter.textproto:"))));
}

}  // namespace
}  // namespace chayan::http_connector
