// Goal: an auditor finds and opens what a grant covers, nothing else, and every look leaves an
// entry that is found under the person looked at. Method: a real log, store and vault (test_rig.h)
// with questions about two people over two months and two classes.
#include "gateway/audit/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "gateway/audit/log_reads.h"
#include "gateway/audit/test_rig.h"
#include "gateway/base/status_matchers.h"
#include "gateway/tlog/commitment.h"

namespace chayan::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kGrants[] = R"(
audit_grants { id: "all" member: "audit-office" systems: "auditor-1" access: AUDIT_ACCESS_DETAILS }
audit_grants { id: "shanhua-leaves" member: "audit-office" systems: "auditor-2" members: "hro-shanhua"
  access: AUDIT_ACCESS_LEAVES entries_from_time: "2026-01-01T00:00:00Z" }
)";

class SearchTest : public ::testing::Test {
 protected:
  Told<v1::SearchEntriesResponse> Search(const v1::SearchEntriesRequest& request,
                                         const std::string& system = "auditor-1") {
    return rig_.Call<v1::SearchEntriesRequest, v1::SearchEntriesResponse>(system, "SearchEntries",
                                                                          SearchEntries, request);
  }
  Told<v1::GetEntryResponse> Open(uint64_t index, const std::string& system = "auditor-1") {
    v1::GetEntryRequest request;
    request.set_index(index);
    request.set_open_detail(true);
    *request.mutable_purpose() = Purpose("inspector-1");
    return rig_.Call<v1::GetEntryRequest, v1::GetEntryResponse>(system, "GetEntry", GetEntry,
                                                                request);
  }
  static v1::SearchEntriesRequest About(const std::string& number) {
    v1::SearchEntriesRequest request;
    request.mutable_subject()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
    request.mutable_subject()->set_value(number);
    *request.mutable_purpose() = Purpose("inspector-1");
    return request;
  }
  static std::vector<uint64_t> Indexes(const v1::SearchEntriesResponse& response) {
    std::vector<uint64_t> indexes;
    for (const auto& entry : response.entries()) indexes.push_back(entry.index());
    return indexes;
  }
  static v1::SearchEntriesRequest Verifications() {
    v1::SearchEntriesRequest request;
    request.mutable_filter()->set_type("verification");
    return request;
  }

  TestRig rig_{kGrants};
};

TEST_F(SearchTest, FindsASubjectAcrossMonthsAndClassesAndThenTheSearchItself) {
  const uint64_t first = rig_.Record();
  rig_.Record({.subject = "B220000019"});
  const uint64_t permanent = rig_.Record({.retention_class = v1::RETENTION_CLASS_PERMANENT});
  rig_.clock.Advance(absl::Hours(24 * 31));
  const uint64_t later = rig_.Record();
  // In lower case and with blanks it is the same person.
  const auto found = Search(About(" a123456789 "));
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(Indexes(found.response), ElementsAre(first, permanent, later));
  EXPECT_TRUE(found.response.next_page_token().empty());
  const uint64_t read = rig_.size() - 1;
  EXPECT_EQ(rig_.Entry(read).type, "read");
  EXPECT_THAT(Indexes(Search(About("A123456789")).response),
              ElementsAre(first, permanent, later, read));
  // The leaf of the search says nothing of whom it was about.
  EXPECT_FALSE(absl::StrContains(rig_.Leaf(read), "A123456789"));
}

TEST_F(SearchTest, FindsByPersonAndByCase) {
  const uint64_t index = rig_.Record();
  rig_.Record({.member = "hro-banqiao"});
  v1::SearchEntriesRequest request;
  *request.mutable_purpose() = Purpose("inspector-1");
  request.mutable_person()->set_member("hro-shanhua");
  request.mutable_person()->set_person_id("clerk-7");
  EXPECT_THAT(Indexes(Search(request).response), ElementsAre(index));
  request.mutable_case_of_office()->set_office("hro-shanhua");
  request.mutable_case_of_office()->set_case_number("113-0042");
  EXPECT_THAT(Indexes(Search(request).response), ElementsAre(index));
  request.mutable_case_of_office()->set_case_number("113-0043");
  EXPECT_THAT(Indexes(Search(request).response), IsEmpty());
  // The auditor's own file is a case too.
  request.mutable_case_of_office()->set_office("audit-office");
  request.mutable_case_of_office()->set_case_number("115-audit-1");
  EXPECT_EQ(Search(request).response.entries_size(), 3);
}

TEST_F(SearchTest, AFilterIsHeldAgainstEachValueAndTime) {
  const uint64_t one = rig_.Record();
  rig_.clock.Advance(absl::Hours(1));
  const uint64_t two = rig_.Record({.member = "hro-banqiao", .kind = "immigration.entry_exit"});
  const auto count = [this](auto set) {
    v1::SearchEntriesRequest request = Verifications();
    set(*request.mutable_filter());
    return Indexes(Search(request).response);
  };
  using F = v1::EntryFilter;
  EXPECT_THAT(count([](F&) {}), ElementsAre(one, two));
  EXPECT_THAT(count([](F& f) { f.set_member("hro-shanhua"); }), ElementsAre(one));
  EXPECT_THAT(count([](F& f) { f.set_acting_for("hro-banqiao"); }), ElementsAre(two));
  EXPECT_THAT(count([](F& f) { f.set_document_kind("land.title"); }), ElementsAre(one));
  // A part of a value is not the value.
  EXPECT_THAT(count([](F& f) { f.set_document_kind("land"); }), IsEmpty());
  EXPECT_THAT(count([](F& f) { f.set_outcome("MATCH"); }), ElementsAre(one, two));
  EXPECT_THAT(count([](F& f) { f.set_outcome("MISMATCH"); }), IsEmpty());
  EXPECT_THAT(count([](F& f) {
                f.set_purpose("household.move");
                f.set_system("counter");
              }),
              ElementsAre(one, two));
  const int64_t begin = absl::ToUnixSeconds(rig_.Entry(two).time);
  EXPECT_THAT(count([&](F& f) { f.mutable_from_time()->set_seconds(begin); }), ElementsAre(two));
  EXPECT_THAT(count([&](F& f) { f.mutable_until_time()->set_seconds(begin); }), ElementsAre(one));
  EXPECT_THAT(count([&](F& f) { f.set_first_index(two); }), ElementsAre(two));
  EXPECT_THAT(count([&](F& f) { f.set_end_index(two); }), ElementsAre(one));
  v1::SearchEntriesRequest bad = Verifications();
  bad.mutable_filter()->set_member("a\",\"b");
  EXPECT_EQ(Search(bad).reason, v1::ERROR_REASON_FIELD_INVALID);
  EXPECT_EQ(rig_.last_refusal->violations.at(0).field, "filter.member");
}

TEST_F(SearchTest, PagesAreBoundToTheirQuestionAndEndThoughTheyAreEntriesThemselves) {
  std::vector<uint64_t> recorded;
  for (int i = 0; i < 7; ++i) recorded.push_back(rig_.Record());
  for (const bool by_subject : {false, true}) {
    v1::SearchEntriesRequest request = by_subject ? About("A123456789") : Verifications();
    request.set_page_size(2);
    std::vector<uint64_t> all;
    int pages = 0;
    do {
      const auto page = Search(request);
      ASSERT_TRUE(page.ok());
      for (const uint64_t index : Indexes(page.response)) all.push_back(index);
      request.set_page_token(page.response.next_page_token());
      ASSERT_LT(++pages, 20);
    } while (!request.page_token().empty());
    EXPECT_EQ(all, recorded);
  }
  v1::SearchEntriesRequest request = Verifications();
  request.set_page_size(2);
  const std::string token = Search(request).response.next_page_token();
  ASSERT_FALSE(token.empty());
  v1::SearchEntriesRequest other = About("A123456789");
  other.set_page_token(token);
  EXPECT_EQ(Search(other).reason, v1::ERROR_REASON_PAGE_TOKEN_INVALID);
  request.set_page_token(token);
  EXPECT_EQ(Search(request, "auditor-2").reason, v1::ERROR_REASON_PAGE_TOKEN_INVALID);
  // Another size of page is the same question.
  request.set_page_size(5);
  EXPECT_EQ(Search(request).response.entries_size(), 5);
  request.set_page_token(token + "A");
  EXPECT_EQ(Search(request).reason, v1::ERROR_REASON_PAGE_TOKEN_INVALID);
  request.set_page_size(-1);
  EXPECT_EQ(Search(request).reason, v1::ERROR_REASON_FIELD_INVALID);
}

TEST_F(SearchTest, ANarrowGrantSeesItsOwnAndIsDeniedAndRecordedOutside) {
  const uint64_t own = rig_.Record();
  rig_.Record({.member = "hro-banqiao"});
  EXPECT_THAT(Indexes(Search(Verifications(), "auditor-2").response), ElementsAre(own));
  v1::SearchEntriesRequest outside = Verifications();
  outside.mutable_filter()->set_member("hro-banqiao");
  EXPECT_EQ(Search(outside, "auditor-2").reason, v1::ERROR_REASON_AUDIT_NOT_GRANTED);
  const log::ParsedLeaf denied = rig_.Entry(rig_.size() - 1);
  EXPECT_EQ(denied.type, "denied");
  EXPECT_EQ(denied.Get("reason"), "AUDIT_NOT_GRANTED");
  EXPECT_EQ(denied.Get("system"), "auditor-2");
  // Searching by person and opening need details; who tried it about whom is found by one who may.
  EXPECT_EQ(Search(About("A123456789"), "auditor-2").reason, v1::ERROR_REASON_AUDIT_NOT_GRANTED);
  const uint64_t tried = rig_.size() - 1;
  EXPECT_THAT(Indexes(Search(About("A123456789")).response), ElementsAre(own, own + 1, tried));
  EXPECT_EQ(Open(own, "auditor-2").reason, v1::ERROR_REASON_AUDIT_NOT_GRANTED);
  EXPECT_EQ(rig_.Entry(rig_.size() - 1).Get("ref"), absl::StrCat(own));
}

TEST_F(SearchTest, ACallThatConcernsAPersonNamesWhoMakesIt) {
  const uint64_t index = rig_.Record();
  v1::SearchEntriesRequest request = About("A123456789");
  request.mutable_purpose()->clear_person_id();
  EXPECT_EQ(Search(request).reason, v1::ERROR_REASON_FIELD_MISSING);
  EXPECT_EQ(rig_.last_refusal->violations.at(0).field, "purpose.person_id");
  v1::GetEntryRequest open;
  open.set_index(index);
  open.set_open_detail(true);
  open.mutable_purpose()->set_person_id("inspector-1");
  const auto told =
      rig_.Call<v1::GetEntryRequest, v1::GetEntryResponse>("auditor-1", "GetEntry", GetEntry, open);
  EXPECT_EQ(told.reason, v1::ERROR_REASON_FIELD_MISSING);
  EXPECT_EQ(rig_.last_refusal->violations.at(0).field, "purpose.case_number");
  // Without the detail nobody needs to be named.
  open.set_open_detail(false);
  open.clear_purpose();
  EXPECT_TRUE(
      (rig_.Call<v1::GetEntryRequest, v1::GetEntryResponse>("auditor-1", "GetEntry", GetEntry, open)
           .ok()));
}

TEST_F(SearchTest, AnOpenedDetailIsWhatTheEntryCommitsTo) {
  const uint64_t index = rig_.Record();
  const auto opened = Open(index);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened.response.detail_state(), v1::DETAIL_STATE_OPEN);
  v1::EntryDetail detail;
  ASSERT_TRUE(detail.ParseFromString(opened.response.detail()));
  EXPECT_EQ(detail.subject().name(), "王小明");
  const absl::StatusOr<std::string> committed = Base64Decode(rig_.Entry(index).Get("c_detail"));
  ASSERT_OK(committed);
  EXPECT_OK(tlog::VerifyCommitment(tlog::Committed::kDetail, opened.response.detail_opening(),
                                   opened.response.detail(), *committed));
  // The read is an entry with its own sealed detail: who, in which file, what was opened.
  const uint64_t read = rig_.size() - 1;
  EXPECT_EQ(rig_.Entry(read).Get("ref"), absl::StrCat(index));
  EXPECT_EQ(rig_.Entry(read).Get("grant"), "all");
  const auto of_read = Open(read);
  ASSERT_TRUE(detail.ParseFromString(of_read.response.detail()));
  EXPECT_EQ(detail.person_id(), "inspector-1");
  EXPECT_EQ(detail.case_number(), "115-audit-1");
  EXPECT_THAT(detail.opened_indexes(), ElementsAre(index));
  // What has none says so.
  EXPECT_EQ(Open(0).response.detail_state(), v1::DETAIL_STATE_NONE);
}

TEST_F(SearchTest, ListsWhoAskedAndWhoLooked) {
  const uint64_t asked = rig_.Record();
  rig_.Record({.subject = "B220000019"});
  Open(asked);
  const uint64_t looked = rig_.size() - 1;
  v1::ListAccessesRequest request;
  request.mutable_subject()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  request.mutable_subject()->set_value("A123456789");
  *request.mutable_purpose() = Purpose("inspector-2");
  request.set_page_size(1);
  std::vector<uint64_t> indexes;
  do {
    const auto page = rig_.Call<v1::ListAccessesRequest, v1::ListAccessesResponse>(
        "auditor-1", "ListAccesses", ListAccesses, request);
    ASSERT_TRUE(page.ok());
    for (const v1::Access& access : page.response.accesses()) {
      indexes.push_back(access.index());
      EXPECT_EQ(access.leaf(), rig_.Leaf(access.index()));
      v1::EntryDetail detail;
      ASSERT_TRUE(detail.ParseFromString(access.detail()));
      EXPECT_EQ(detail.person_id(), access.index() == asked ? "clerk-7" : "inspector-1");
    }
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(indexes, ElementsAre(asked, looked));
}

}  // namespace
}  // namespace chayan::audit
