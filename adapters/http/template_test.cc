// Goal: no value becomes syntax. Method: in each context, values made to break out.
#include "adapters/http/template.h"

#include "gateway/base/check.h"
#include "gateway/base/status_matchers.h"

namespace chayan::http_connector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Code = absl::StatusCode;

std::string Filled(const std::string& text, Context context, const std::string& value) {
  const auto made = Template::Create(text, context);
  CHAYAN_CHECK(made.ok());
  const auto filled = made->Fill({{"v", value}});
  return filled.ok() ? *filled : std::string(filled.status().message());
}

TEST(TemplateTest, EscapesForTheContext) {
  EXPECT_EQ(Filled("/a/{v}?b=1", Context::kUrl, "x/../y?&=王 %"),
            "/a/x%2F..%2Fy%3F%26%3D%E7%8E%8B%20%25?b=1");
  EXPECT_EQ(Filled(R"({"a":"{v}"})", Context::kJson, "\"}\\\n王"), R"({"a":"\"}\\\n王"})");
  EXPECT_EQ(Filled("<a b=\"{v}\">{v}</a>", Context::kXml, "<&\"'>"),
            "<a b=\"&lt;&amp;&quot;&apos;&gt;\">&lt;&amp;&quot;&apos;&gt;</a>");
  EXPECT_EQ(Filled("Bearer {v}", Context::kHeader, "a.b-c"), "Bearer a.b-c");
}

TEST(TemplateTest, RefusesValuesThatTheContextCannotCarry) {
  EXPECT_THAT(Filled("X {v}", Context::kHeader, "a\r\nY: b"), HasSubstr("{v} has a character"));
  EXPECT_THAT(Filled("X {v}", Context::kHeader, "王"), HasSubstr("{v}"));
  EXPECT_THAT(Filled("<a>{v}</a>", Context::kXml, "a\x01"), HasSubstr("control character"));
  EXPECT_THAT(Filled("/{v}", Context::kUrl, "\xC3\x28"), HasSubstr("UTF-8"));
}

TEST(TemplateTest, OnlyNamesInBracesArePlaceholders) {
  const auto made = Template::Create(R"({"a":{"b":"{x_1}{y}"},"c":"{}{ }{Z}"})", Context::kJson);
  ASSERT_OK(made);
  EXPECT_THAT(made->names(), ElementsAre("x_1", "y"));
  EXPECT_EQ(*made->Fill({{"x_1", "1"}, {"y", "2"}}), R"({"a":{"b":"12"},"c":"{}{ }{Z}"})");
}

TEST(TemplateTest, RefusesPlaceholdersWhereEscapingDoesNotHold) {
  for (const std::string text : {R"({"a":{v}})", R"({v})", R"({"{v}":1})", R"({"a":"{v}")"}) {
    EXPECT_THAT(Template::Create(text, Context::kJson),
                StatusIs(Code::kInvalidArgument, HasSubstr("quotes")))
        << text;
  }
  for (const std::string text : {"<{v}/>", "<a {v}='1'/>", "<a b={v}/>", "<a>"}) {
    EXPECT_THAT(Template::Create(text, Context::kXml),
                StatusIs(Code::kInvalidArgument, HasSubstr("XML")))
        << text;
  }
}

TEST(TemplateTest, AValueIsNotReadAsATemplate) {
  EXPECT_EQ(Filled("{v}", Context::kHeader, "{v}{w}"), "{v}{w}");
}

}  // namespace
}  // namespace chayan::http_connector
