// Goal: what is published says everything of every kind, in both languages, with its unconfirmed
// marks, and no text of a registry becomes markup. Method: the sample registry and a hostile kind.
// How the page does before assistive technology is for tests/pages.
#include "gateway/cli/published_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"
#include "gateway/registry/describe.h"
#include "gateway/registry/sample_set.h"
#include "gateway/report/formats.h"

namespace chayan::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

DocumentKinds SampleKinds() {
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Create(registry::SampleFiles(), &faults);
  EXPECT_THAT(faults, IsEmpty());
  DocumentKinds kinds;
  for (const registry::Kind& kind : (*snapshot)->kinds()) {
    kinds.push_back(registry::Describe(**snapshot, kind));
  }
  return kinds;
}

DocumentKinds HostileKinds() {
  DocumentKinds kinds(1);
  kinds[0].set_document_kind("land.title");
  kinds[0].mutable_title()->set_zh_tw("<script>\"'&|");
  kinds[0].mutable_title()->set_en("a|b");
  v1::ElementDescription& claim = *kinds[0].add_claims();
  claim.set_code("lot");
  claim.set_type("LATER_TYPE");
  *claim.mutable_title() = kinds[0].title();
  return kinds;
}

TEST(PublishedCatalogueTest, EveryKindHasHolderBasisTermFormAndPaper) {
  for (const v1::DocumentKindDescription& kind : SampleKinds()) {
    std::vector<std::string> names;
    for (const CatalogueFact& fact : FactsOf(kind)) {
      names.emplace_back(fact.en);
      EXPECT_FALSE(fact.value.zh_tw().empty()) << kind.document_kind() << ": " << fact.en;
      EXPECT_FALSE(fact.value.en().empty()) << kind.document_kind() << ": " << fact.en;
    }
    EXPECT_THAT(names,
                ::testing::IsSupersetOf({"Holder", "Legal basis", "How it is answered",
                                         "A person answers within", "When the electronic way fails",
                                         "Paper it replaces", "Sensitivity", "Records are kept"}))
        << kind.document_kind();
  }
}

TEST(PublishedCatalogueTest, AllThreeFormsNameEveryKindAndEveryClaim) {
  const DocumentKinds kinds = SampleKinds();
  const std::string html = CatalogueHtml(kinds), markdown = CatalogueMarkdown(kinds);
  const report::Letter letter = CatalogueLetter(kinds);
  EXPECT_OK(report::WriteOdt(letter).status());
  size_t headings = 0;
  for (const auto& part : letter.parts) {
    headings += part.kind == report::Letter::Part::Kind::kHeading;
  }
  EXPECT_EQ(headings, kinds.size());
  for (const v1::DocumentKindDescription& kind : kinds) {
    EXPECT_THAT(html, HasSubstr(absl::StrCat("<code>", kind.document_kind(), "</code>")));
    EXPECT_THAT(markdown, HasSubstr(absl::StrCat("(", kind.document_kind(), ")")));
    for (const v1::ElementDescription& claim : kind.claims()) {
      EXPECT_THAT(markdown, HasSubstr(absl::StrCat("| ", claim.code(), " | ")));
    }
  }
}

TEST(PublishedCatalogueTest, WhatNoSourceConfirmsIsMarked) {
  DocumentKinds kinds = HostileKinds();
  EXPECT_THAT(CatalogueHtml(kinds), Not(HasSubstr("class=\"mark\"")));
  kinds[0].mutable_claims(0)->set_unconfirmed(true);
  EXPECT_THAT(CatalogueHtml(kinds), HasSubstr("class=\"mark\""));
  EXPECT_THAT(CatalogueMarkdown(kinds), HasSubstr("待確認 / unconfirmed |"));
}

TEST(PublishedCatalogueTest, NoTextOfARegistryBecomesMarkup) {
  EXPECT_THAT(CatalogueHtml(HostileKinds()),
              AllOf(HasSubstr("&lt;script&gt;&quot;&#39;&amp;|"), Not(HasSubstr("<script"))));
  EXPECT_THAT(CatalogueMarkdown(HostileKinds()),
              AllOf(HasSubstr("&lt;script"), HasSubstr("a\\|b"), Not(HasSubstr("<script"))));
}

TEST(PublishedCatalogueTest, ATypeOfALaterGatewayIsShownByItsName) {
  EXPECT_EQ(ValueTypeText("LATER_TYPE").en(), "LATER_TYPE");
}

}  // namespace
}  // namespace chayan::cli
