// Goal: whatever a system answers, reading it gives values or a clear refusal. Method: one answer
// an attack, and for each form one honest answer.
#include "adapters/http/document.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_matchers.h"

namespace chayan::http_connector {
namespace {

using connector::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Code = absl::StatusCode;

std::unique_ptr<Format> Json(const Selectors& selectors = {}) {
  auto format = NewJsonFormat(selectors);
  CHAYAN_CHECK(format.ok());
  return *std::move(format);
}

std::unique_ptr<Format> Xml(const Selectors& selectors = {}) {
  auto format = NewXmlFormat(selectors);
  CHAYAN_CHECK(format.ok());
  return *std::move(format);
}

absl::Status FaultOf(const Format& format, absl::string_view text) {
  const auto document = format.Parse(text);
  if (!document.ok()) return document.status();
  const auto values = (*document)->Values();
  if (!values.ok()) return values.status();
  return (*document)->ReadRecords().status();
}

TEST(JsonDocumentTest, ReadsValuesAndRecordsAsTheyAreWritten) {
  const auto format = Json({{"/code", "/sum", "/big", "/none", "/gone", "/ok", "/a~1b"},
                            "/titles",
                            {"/owner/name", "/lots/1"}});
  const auto document = format->Parse(
      R"({"code":"0\u5929","sum":1.10,"big":12345678901234567890123,"none":null,"ok":true,"a/b":"x",
          "titles":[{"owner":{"name":"王𠮷明"},"lots":["1","2"]},{"owner":{}}]})");
  ASSERT_OK(document);
  EXPECT_THAT(*(*document)->Values(),
              ElementsAre(Value("0天"), Value("1.10"), Value("12345678901234567890123"), Value(),
                          Value(), Value("true"), Value("x")));
  const auto records = (*document)->ReadRecords();
  ASSERT_OK(records);
  EXPECT_THAT(records->rows,
              ElementsAre(ElementsAre(Value("王𠮷明"), Value("2")), ElementsAre(Value(), Value())));
}

TEST(JsonDocumentTest, AnEmptyListIsNoRecordAndAMissingListIsAFault) {
  const auto format = Json({{}, "/titles", {}});
  EXPECT_TRUE((*(*format->Parse(R"({"titles":[]})"))->ReadRecords()).rows.empty());
  EXPECT_THAT(FaultOf(*format, "{}"), StatusIs(Code::kInvalidArgument, HasSubstr("no records")));
  EXPECT_THAT(FaultOf(*format, R"({"titles":"none"})"),
              StatusIs(Code::kInvalidArgument, HasSubstr("neither")));
  EXPECT_THAT(FaultOf(*format, R"({"titles":["x"]})"),
              StatusIs(Code::kInvalidArgument, HasSubstr("no object")));
}

TEST(JsonDocumentTest, RefusesWhatIsNoStrictJson) {
  for (const std::string text :
       {"", "{", "nul", "{'a':1}", "[1,]", "{\"a\":1}x", "\"\xC3\x28\"", "\"\xED\xA0\x80\"",
        "\"\xC0\x80\"", "\"\\ud800\"", "{\"a\":01}", "1e999999", "\"a\nb\"", "// c\n1"}) {
    EXPECT_THAT(Json()->Parse(text), StatusIs(Code::kInvalidArgument, HasSubstr("JSON"))) << text;
  }
}

TEST(JsonDocumentTest, RefusesDepthNumberAndKeysThatStandTwice) {
  EXPECT_THAT(Json()->Parse(std::string(1'000'000, '[')),
              StatusIs(Code::kInvalidArgument, HasSubstr("too deep")));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  EXPECT_THAT(Json()->Parse(deep), StatusIs(Code::kInvalidArgument, HasSubstr("too deep")));
  std::string many = "[0";
  for (size_t i = 0; i < kNodesMax; ++i) many += ",0";
  EXPECT_THAT(Json()->Parse(many + "]"), StatusIs(Code::kInvalidArgument, HasSubstr("too many")));
  EXPECT_THAT(Json()->Parse(R"({"a":1,"a":2})"),
              StatusIs(Code::kInvalidArgument, HasSubstr("twice")));
}

TEST(JsonDocumentTest, RefusesValuesOfAnotherType) {
  const auto format = Json({{"/a"}, "", {}});
  for (const std::string text : {R"({"a":{}})", R"({"a":[1]})", R"({"a":"x\u0000y"})"}) {
    const absl::Status fault = FaultOf(*format, text);
    EXPECT_THAT(fault, StatusIs(Code::kInvalidArgument, HasSubstr("a value"))) << text;
  }
  EXPECT_THAT(FaultOf(*format, absl::StrCat("{\"a\":\"", std::string(20'000, 'x'), "\"}")),
              StatusIs(Code::kInvalidArgument, Not(HasSubstr("xx"))));
}

TEST(JsonDocumentTest, StopsAtTheBoundOfRecords) {
  std::string text = "[{}";
  for (size_t i = 0; i < connector::kRowsMax; ++i) text += ",{}";
  const auto records = (*Json()->Parse(text + "]"))->ReadRecords();
  ASSERT_OK(records);
  EXPECT_TRUE(records->truncated);
  EXPECT_EQ(records->rows.size(), connector::kRowsMax);
}

TEST(JsonPointerTest, NamesASelectorThatCannotBeRead) {
  for (const std::string pointer : {"a", "/a~2", "/~"}) {
    EXPECT_THAT(NewJsonFormat({{pointer}, "", {}}),
                StatusIs(Code::kInvalidArgument, HasSubstr(pointer)));
  }
}

constexpr char kSoap[] = R"(<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<r:Answer xmlns:r="urn:x" code="0"><r:Title><r:Owner>王&#x5C0F;<![CDATA[明]]></r:Owner></r:Title>
<r:Title><r:Owner/></r:Title></r:Answer></s:Body></s:Envelope>)";

TEST(XmlDocumentTest, ReadsValuesAndRecords) {
  const auto format = Xml({{"//*[local-name()='Answer']/@code", "count(//*[local-name()='Title'])",
                            "//*[local-name()='Gone']"},
                           "//*[local-name()='Title']",
                           {"*[local-name()='Owner']"}});
  const auto document = format->Parse(kSoap);
  ASSERT_OK(document);
  EXPECT_THAT(*(*document)->Values(), ElementsAre(Value("0"), Value("2"), Value()));
  const auto records = (*document)->ReadRecords();
  ASSERT_OK(records);
  EXPECT_THAT(records->rows, ElementsAre(ElementsAre(Value("王小明")), ElementsAre(Value(""))));
}

TEST(XmlDocumentTest, RefusesEntityBombsAndExternalEntities) {
  for (const std::string text :
       {R"(<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>)",
        R"(<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>)",
        R"(<?xml version="1.0"?><!DOCTYPE a><a/>)"}) {
    EXPECT_THAT(Xml()->Parse(text), StatusIs(Code::kInvalidArgument, HasSubstr("document type")));
  }
}

TEST(XmlDocumentTest, RefusesDepthNumberAndEncoding) {
  std::string deep, end;
  for (int i = 0; i < 100'000; ++i) {
    deep += "<a>";
    end += "</a>";
  }
  EXPECT_THAT(Xml()->Parse(deep + end), StatusIs(Code::kInvalidArgument, HasSubstr("too deep")));
  std::string many = "<a>";
  for (size_t i = 0; i < kNodesMax; ++i) many += "<b/>";
  EXPECT_THAT(Xml()->Parse(many + "</a>"), StatusIs(Code::kInvalidArgument, HasSubstr("too many")));
  EXPECT_THAT(Xml()->Parse("<?xml version=\"1.0\" encoding=\"Big5\"?><a/>"),
              StatusIs(Code::kInvalidArgument, HasSubstr("encoding")));
  EXPECT_THAT(Xml()->Parse("<a>\xC3\x28</a>"),
              StatusIs(Code::kInvalidArgument, HasSubstr("UTF-8")));
}

TEST(XmlDocumentTest, RefusesWhatIsNoXml) {
  for (const std::string text : {"", "text", "<a>", "<a></b>", "<a b></a>", "{\"a\":1}"}) {
    EXPECT_THAT(Xml()->Parse(text), StatusIs(Code::kInvalidArgument, HasSubstr("XML"))) << text;
  }
}

TEST(XmlDocumentTest, RefusesValuesOfAnotherShape) {
  const auto format = Xml({{"//a"}, "", {}});
  EXPECT_THAT(FaultOf(*format, "<r><a>1</a><a>2</a></r>"),
              StatusIs(Code::kInvalidArgument, HasSubstr("several")));
  EXPECT_THAT(FaultOf(*format, "<r><a><b>1</b></a></r>"),
              StatusIs(Code::kInvalidArgument, HasSubstr("elements")));
}

TEST(XPathTest, NamesASelectorThatCannotBeRead) {
  EXPECT_THAT(NewXmlFormat({{"//a["}, "", {}}),
              StatusIs(Code::kInvalidArgument, HasSubstr("//a[")));
  EXPECT_THAT(NewXmlFormat({{}, "count(//a)", {}}),
              StatusIs(Code::kInvalidArgument, HasSubstr("no elements")));
}

}  // namespace
}  // namespace chayan::http_connector
