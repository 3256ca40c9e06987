// Goal: what is published says everything of every kind, in both languages, with its unconfirmed
// marks, and no text of a registry becomes markup. Method: the sample registry and a hostile kind.
// How the page does before assistive technology is for tests/pages.
#include "gateway/cli/published_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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

Catalogue SampleCatalogue() {
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Create(registry::SampleFiles(), &faults);
  EXPECT_THAT(faults, IsEmpty());
  Catalogue catalogue;
  for (const registry::Kind& kind : (*snapshot)->kinds()) {
    catalogue.documents.push_back(registry::Describe(**snapshot, kind));
  }
  for (const v1::NoticeKind* kind : (*snapshot)->notice_kinds()) {
    catalogue.notices.push_back(registry::Describe(**snapshot, *kind));
  }
  return catalogue;
}

Catalogue HostileCatalogue() {
  Catalogue catalogue;
  DocumentKinds& kinds = catalogue.documents;
  kinds.resize(1);
  kinds[0].set_document_kind("land.title");
  kinds[0].mutable_title()->set_zh_tw("<script>\"'&|");
  kinds[0].mutable_title()->set_en("a|b");
  v1::ElementDescription& claim = *kinds[0].add_claims();
  claim.set_code("lot");
  claim.set_type("LATER_TYPE");
  *claim.mutable_title() = kinds[0].title();
  v1::NoticeKindDescription& notice = catalogue.notices.emplace_back();
  notice.set_notice_kind("land.title");  // a document has this code too
  *notice.mutable_title() = kinds[0].title();
  v1::NoticeRecipientDescription& recipient = *notice.add_recipient_descriptions();
  *recipient.mutable_name() = kinds[0].title();
  *recipient.mutable_consent() = kinds[0].title();
  return catalogue;
}

TEST(PublishedCatalogueTest, EveryKindHasHolderBasisTermFormAndPaper) {
  for (const v1::DocumentKindDescription& kind : SampleCatalogue().documents) {
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
  const Catalogue catalogue = SampleCatalogue();
  const DocumentKinds& kinds = catalogue.documents;
  EXPECT_GE(catalogue.notices.size(), 30u);
  const std::string html = CatalogueHtml(catalogue), markdown = CatalogueMarkdown(catalogue);
  const report::Letter letter = CatalogueLetter(catalogue);
  EXPECT_OK(report::WriteOdt(letter).status());
  size_t headings = 0;
  for (const auto& part : letter.parts) {
    headings += part.kind == report::Letter::Part::Kind::kHeading;
  }
  EXPECT_EQ(headings, kinds.size() + catalogue.notices.size());
  for (const v1::NoticeKindDescription& kind : catalogue.notices) {
    EXPECT_THAT(html, HasSubstr(absl::StrCat("<code>", kind.notice_kind(), "</code>")));
    EXPECT_THAT(markdown, HasSubstr(absl::StrCat("(", kind.notice_kind(), ")")));
    for (const v1::NoticeRecipientDescription& recipient : kind.recipient_descriptions()) {
      EXPECT_THAT(html, HasSubstr(recipient.name().zh_tw()));
      EXPECT_THAT(markdown, HasSubstr(recipient.name().en()));
    }
    for (const v1::LegalBasisDescription& basis : kind.basis_descriptions()) {
      EXPECT_THAT(html, HasSubstr(basis.title().zh_tw()));
    }
  }
  for (const v1::DocumentKindDescription& kind : kinds) {
    EXPECT_THAT(html, HasSubstr(absl::StrCat("<code>", kind.document_kind(), "</code>")));
    EXPECT_THAT(markdown, HasSubstr(absl::StrCat("(", kind.document_kind(), ")")));
    for (const v1::ElementDescription& claim : kind.claims()) {
      EXPECT_THAT(markdown, HasSubstr(absl::StrCat("| ", claim.code(), " | ")));
    }
  }
}

TEST(PublishedCatalogueTest, WhatNoSourceConfirmsIsMarked) {
  Catalogue catalogue = HostileCatalogue();
  EXPECT_THAT(CatalogueHtml(catalogue), Not(HasSubstr("class=\"mark\"")));
  catalogue.documents[0].mutable_claims(0)->set_unconfirmed(true);
  EXPECT_THAT(CatalogueHtml(catalogue), HasSubstr("class=\"mark\""));
  EXPECT_THAT(CatalogueMarkdown(catalogue), HasSubstr("待確認 / unconfirmed |"));
}

TEST(PublishedCatalogueTest, ARecipientOfNoticesIsNamedWithItsConsentAndItsMark) {
  const Catalogue catalogue = SampleCatalogue();
  const auto moves =
      std::find_if(catalogue.notices.begin(), catalogue.notices.end(),
                   [](const auto& kind) { return kind.notice_kind() == "household.move"; });
  ASSERT_NE(moves, catalogue.notices.end());
  std::string by_law, with_consent;
  for (const CatalogueFact& fact : FactsOf(*moves)) {
    if (fact.en == "Sent by law to") by_law = fact.value.en();
    if (fact.en == "Sent with the applicant's consent to") with_consent = fact.value.en();
  }
  EXPECT_THAT(by_law, HasSubstr("Shanhua"));
  EXPECT_THAT(with_consent, HasSubstr("; unconfirmed)"));
  EXPECT_THAT(with_consent, Not(HasSubstr("taipower")));
}

TEST(PublishedCatalogueTest, NoTextOfARegistryBecomesMarkup) {
  EXPECT_THAT(CatalogueHtml(HostileCatalogue()),
              AllOf(HasSubstr("&lt;script&gt;&quot;&#39;&amp;|"), Not(HasSubstr("<script"))));
  EXPECT_THAT(CatalogueMarkdown(HostileCatalogue()),
              AllOf(HasSubstr("&lt;script"), HasSubstr("a\\|b"), Not(HasSubstr("<script"))));
}

TEST(PublishedCatalogueTest, ATypeOfALaterGatewayIsShownByItsName) {
  EXPECT_EQ(ValueTypeText("LATER_TYPE").en(), "LATER_TYPE");
}

}  // namespace
}  // namespace chayan::cli
