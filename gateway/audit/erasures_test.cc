// Goal: what two auditors erase, and what its term ends, is gone from store and files; what was
// proved stays proved; one auditor alone, or a legal hold, erases nothing. Method: a real log,
// store and vault (test_rig.h); after each way the whole log is read again and the raw bytes of all
// files are searched for the wrapped secret and the sealed detail that were there.
#include "gateway/audit/erasures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "gateway/audit/holds.h"
#include "gateway/audit/log_reads.h"
#include "gateway/audit/search.h"
#include "gateway/audit/test_rig.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/test_log.h"

namespace chayan::audit {
namespace {

using ::testing::ElementsAre;

constexpr char kGrants[] = R"(
audit_grants { id: "all" member: "audit-office" access: AUDIT_ACCESS_DETAILS may_erase: true
  may_hold: true }
)";
constexpr absl::Duration kYear = absl::Hours(24 * 366);

class ErasuresTest : public ::testing::Test {
 protected:
  Told<v1::EraseDetailResponse> Erase(
      const std::string& system, const std::string& person, uint64_t index,
      std::optional<uint64_t> proposal = {},
      v1::ErasureReason reason = v1::ERASURE_REASON_PERSON_REQUEST) {
    v1::EraseDetailRequest request;
    request.set_index(index);
    *request.mutable_purpose() = Purpose(person);
    request.set_reason(reason);
    if (proposal.has_value()) request.set_proposal(*proposal);
    return rig_.Call<v1::EraseDetailRequest, v1::EraseDetailResponse>(
        system, "EraseDetail",
        [this](const Collaborators&, AuditCall call) {
          rig_.erasures().EraseDetail(std::move(call));
        },
        request);
  }
  uint64_t Propose(uint64_t index) {
    const auto proposed = Erase("auditor-1", "inspector-1", index);
    EXPECT_TRUE(proposed.ok());
    EXPECT_EQ(proposed.response.erasure().state(), v1::ERASURE_STATE_PROPOSED);
    EXPECT_EQ(proposed.response.erasure().proposal(), rig_.size() - 1);
    return proposed.response.erasure().proposal();
  }
  v1::DetailState StateOf(uint64_t index) {
    v1::GetEntryRequest request;
    request.set_index(index);
    request.set_open_detail(true);
    *request.mutable_purpose() = Purpose("inspector-1");
    return rig_
        .Call<v1::GetEntryRequest, v1::GetEntryResponse>("auditor-1", "GetEntry", GetEntry, request)
        .response.detail_state();
  }
  size_t CountAbout(const std::string& number) {
    v1::SearchEntriesRequest request;
    request.mutable_subject()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
    request.mutable_subject()->set_value(number);
    *request.mutable_purpose() = Purpose("inspector-1");
    request.mutable_filter()->set_type("verification");
    return static_cast<size_t>(rig_.Call<v1::SearchEntriesRequest, v1::SearchEntriesResponse>(
                                       "auditor-1", "SearchEntries", SearchEntries, request)
                                   .response.entries_size());
  }
  bool Hold(uint64_t index) {
    v1::PlaceHoldRequest request;
    request.set_index(index);
    *request.mutable_purpose() = Purpose("inspector-1");
    request.set_reason(v1::HOLD_REASON_LAWSUIT);
    return rig_
        .Call<v1::PlaceHoldRequest, v1::PlaceHoldResponse>("auditor-1", "PlaceHold", PlaceHold,
                                                           request)
        .ok();
  }
  bool Lift(uint64_t index) {
    v1::LiftHoldRequest request;
    request.set_index(index);
    *request.mutable_purpose() = Purpose("inspector-2");
    return rig_
        .Call<v1::LiftHoldRequest, v1::LiftHoldResponse>("auditor-2", "LiftHold", LiftHold, request)
        .ok();
  }
  std::vector<std::string> EntriesOfType(absl::string_view type) {
    std::vector<std::string> leaves;
    for (uint64_t i = 0; i < rig_.size(); ++i) {
      if (rig_.Entry(i).type == type) leaves.push_back(rig_.Leaf(i));
    }
    return leaves;
  }

  TestRig rig_{kGrants};
};

TEST_F(ErasuresTest, TwoAuditorsEraseWhatOneEntrySaysOfAPerson) {
  const uint64_t index = rig_.Record();
  const uint64_t other = rig_.Record();
  const store::VaultRow row = *rig_.store().ReadVault(index);
  const std::string leaf = rig_.Leaf(index);
  ASSERT_TRUE(absl::StrContains(rig_.RawFiles(), row.wrapped_secret));
  const uint64_t proposal = Propose(index);
  EXPECT_EQ(StateOf(index), v1::DETAIL_STATE_OPEN);

  const auto erased = Erase("auditor-2", "inspector-2", index, proposal);
  ASSERT_TRUE(erased.ok()) << rig_.last_refusal->message;
  const v1::Erasure& erasure = erased.response.erasure();
  EXPECT_EQ(erasure.state(), v1::ERASURE_STATE_COMPLETE);
  EXPECT_EQ(erasure.proposed_by(), "audit-office/auditor-1");
  EXPECT_EQ(erasure.confirmed_by(), "audit-office/auditor-2");
  EXPECT_EQ(erasure.complete_time().seconds(), absl::ToUnixSeconds(rig_.clock.Now()));
  const log::ParsedLeaf entry = rig_.Entry(erasure.erasure());
  EXPECT_EQ(entry.type, "erasure");
  EXPECT_EQ(entry.Get("ref"), absl::StrCat(index));
  EXPECT_EQ(entry.Get("reason"), "PERSON_REQUEST");

  EXPECT_EQ(StateOf(index), v1::DETAIL_STATE_NONE);
  EXPECT_EQ(StateOf(other), v1::DETAIL_STATE_OPEN);
  EXPECT_EQ(CountAbout("A123456789"), 1u);
  const std::string raw = rig_.RawFiles();
  EXPECT_FALSE(absl::StrContains(raw, row.wrapped_secret));
  EXPECT_FALSE(absl::StrContains(raw, row.sealed_detail));
  // The log is what it was, and goes on.
  EXPECT_EQ(rig_.Leaf(index), leaf);
  EXPECT_OK(log::CheckWholeLog(rig_.store()));
  EXPECT_OK(rig_.with().committer.Prove(index));
  rig_.Restart();
  EXPECT_EQ(StateOf(index), v1::DETAIL_STATE_NONE);
  EXPECT_OK(log::CheckWholeLog(rig_.store()));
}

TEST_F(ErasuresTest, OneAuditorAloneErasesNothing) {
  const uint64_t index = rig_.Record();
  const uint64_t another = rig_.Record();
  const uint64_t proposal = Propose(index);
  const auto refused = [&](const char* system, const char* person, uint64_t of, uint64_t by,
                           v1::ErasureReason reason = v1::ERASURE_REASON_PERSON_REQUEST) {
    return Erase(system, person, of, by, reason).reason == v1::ERROR_REASON_PROPOSAL_INVALID;
  };
  EXPECT_TRUE(refused("auditor-1", "inspector-2", index, proposal)) << "the same system";
  EXPECT_TRUE(refused("auditor-2", "inspector-1", index, proposal)) << "the same person";
  EXPECT_TRUE(refused("auditor-2", "inspector-2", another, proposal)) << "of another entry";
  EXPECT_TRUE(refused("auditor-2", "inspector-2", index, proposal, v1::ERASURE_REASON_ORDER));
  EXPECT_TRUE(refused("auditor-2", "inspector-2", index, index)) << "no proposal";
  rig_.clock.Advance(kProposalLifetime + absl::Seconds(2));
  EXPECT_TRUE(refused("auditor-2", "inspector-2", index, proposal)) << "too late";
  EXPECT_EQ(StateOf(index), v1::DETAIL_STATE_OPEN);
  EXPECT_THAT(EntriesOfType("erasure"), ElementsAre());
  // A proposal is used once.
  const uint64_t second = Propose(index);
  EXPECT_TRUE(Erase("auditor-2", "inspector-2", index, second).ok());
  EXPECT_EQ(Erase("auditor-2", "inspector-2", index, second).reason,
            v1::ERROR_REASON_DETAIL_ERASED);
  EXPECT_EQ(Erase("auditor-1", "inspector-1", index).reason, v1::ERROR_REASON_DETAIL_ERASED);
}

TEST_F(ErasuresTest, ALegalHoldKeepsAnEntry) {
  const uint64_t index = rig_.Record();
  const uint64_t proposal = Propose(index);
  ASSERT_TRUE(Hold(index));
  EXPECT_EQ(Erase("auditor-2", "inspector-2", index, proposal).reason, v1::ERROR_REASON_LEGAL_HOLD);
  EXPECT_EQ(Erase("auditor-1", "inspector-1", index).reason, v1::ERROR_REASON_LEGAL_HOLD);
  rig_.Restart();
  EXPECT_EQ(Erase("auditor-2", "inspector-2", index, proposal).reason, v1::ERROR_REASON_LEGAL_HOLD);
  v1::ListHoldsRequest list;
  const auto holds = rig_.Call<v1::ListHoldsRequest, v1::ListHoldsResponse>(
      "auditor-2", "ListHolds", ListHolds, list);
  ASSERT_EQ(holds.response.holds_size(), 1);
  EXPECT_EQ(holds.response.holds(0).index(), index);
  EXPECT_EQ(holds.response.holds(0).vault_key(), "2026-01.five-years");
  ASSERT_TRUE(Lift(index));
  EXPECT_FALSE(Lift(index));
  EXPECT_TRUE(Erase("auditor-2", "inspector-2", index, proposal).ok());
  EXPECT_FALSE(Hold(index)) << "nothing is left to hold";
}

TEST_F(ErasuresTest, ListsProposalsAndErasures) {
  const uint64_t first = rig_.Record(), second = rig_.Record();
  const uint64_t done = Propose(first);
  ASSERT_TRUE(Erase("auditor-2", "inspector-2", first, done).ok());
  const uint64_t open = Propose(second);
  rig_.clock.Advance(kProposalLifetime + absl::Seconds(2));
  v1::ListErasuresRequest request;
  request.set_page_size(1);
  std::vector<std::pair<uint64_t, v1::ErasureState>> told;
  do {
    const auto page = rig_.Call<v1::ListErasuresRequest, v1::ListErasuresResponse>(
        "auditor-1", "ListErasures",
        [this](const Collaborators&, AuditCall call) {
          rig_.erasures().ListErasures(std::move(call));
        },
        request);
    ASSERT_TRUE(page.ok());
    for (const v1::Erasure& erasure : page.response.erasures()) {
      told.emplace_back(erasure.proposal(), erasure.state());
    }
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(told, ElementsAre(std::pair(done, v1::ERASURE_STATE_COMPLETE),
                                std::pair(open, v1::ERASURE_STATE_EXPIRED)));
}

TEST_F(ErasuresTest, AMonthOfAClassIsForgottenWhenItsTermEnds) {
  const uint64_t five = rig_.Record();
  const uint64_t ten = rig_.Record({.retention_class = v1::RETENTION_CLASS_TEN_YEARS});
  const uint64_t permanent = rig_.Record({.retention_class = v1::RETENTION_CLASS_PERMANENT});
  const store::VaultRow row = *rig_.store().ReadVault(five);
  rig_.TickAll();
  EXPECT_THAT(EntriesOfType("erasure"), ElementsAre());
  // The month ends at 2026-02-01 in Taipei, five years later its last entry too is old enough.
  absl::Time due;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, "2031-02-01T00:00:00+08:00", &due, nullptr));
  rig_.clock.Advance(due - rig_.clock.Now() - absl::Seconds(1));
  rig_.TickAll();
  EXPECT_EQ(StateOf(five), v1::DETAIL_STATE_OPEN);
  rig_.clock.Advance(absl::Hours(24));
  rig_.TickAll();
  EXPECT_EQ(StateOf(five), v1::DETAIL_STATE_NONE);
  EXPECT_EQ(StateOf(ten), v1::DETAIL_STATE_OPEN);
  EXPECT_EQ(StateOf(permanent), v1::DETAIL_STATE_OPEN);
  const std::vector<std::string> erasures = EntriesOfType("erasure");
  ASSERT_EQ(erasures.size(), 1u);
  EXPECT_TRUE(absl::StrContains(erasures[0], "\"vault_key\":\"2026-01.five-years\""));
  const std::string raw = rig_.RawFiles();
  EXPECT_FALSE(absl::StrContains(raw, row.wrapped_secret));
  EXPECT_FALSE(absl::StrContains(raw, row.sealed_detail));
  EXPECT_EQ(CountAbout("A123456789"), 2u);
  rig_.clock.Advance(5 * kYear);
  rig_.TickAll();
  EXPECT_EQ(StateOf(ten), v1::DETAIL_STATE_NONE);
  rig_.clock.Advance(50 * kYear);
  rig_.TickAll();
  EXPECT_EQ(StateOf(permanent), v1::DETAIL_STATE_OPEN);
  EXPECT_OK(log::CheckWholeLog(rig_.store()));
}

TEST_F(ErasuresTest, AHoldOnOneEntryKeepsItsWholeMonth) {
  const uint64_t held = rig_.Record();
  const uint64_t beside = rig_.Record();
  ASSERT_TRUE(Hold(held));
  rig_.clock.Advance(6 * kYear);
  rig_.TickAll();
  EXPECT_EQ(StateOf(held), v1::DETAIL_STATE_OPEN);
  EXPECT_EQ(StateOf(beside), v1::DETAIL_STATE_OPEN);
  v1::ListRetentionRequest request;
  const auto told = rig_.Call<v1::ListRetentionRequest, v1::ListRetentionResponse>(
      "auditor-1", "ListRetention",
      [this](const Collaborators&, AuditCall call) {
        rig_.retention().ListRetention(std::move(call));
      },
      request);
  ASSERT_GE(told.response.keys_size(), 1);
  EXPECT_EQ(told.response.keys(0).vault_key(), "2026-01.five-years");
  EXPECT_TRUE(told.response.keys(0).due());
  EXPECT_THAT(told.response.keys(0).held_by(), ElementsAre(held));
  ASSERT_TRUE(Lift(held));
  rig_.clock.Advance(absl::Hours(25));
  rig_.TickAll();
  EXPECT_EQ(StateOf(held), v1::DETAIL_STATE_NONE);
  EXPECT_EQ(StateOf(beside), v1::DETAIL_STATE_NONE);
}

// A process may end after the entry and before the key, or after the key and before its rows.
TEST_F(ErasuresTest, AnErasureByTermThatWasCutOffIsFinishedAndNotRecordedTwice) {
  const uint64_t index = rig_.Record();
  const std::string key_file = rig_.KeyFile("2026-01.five-years");
  const absl::StatusOr<std::string> key = ReadFile(key_file);
  ASSERT_OK(key);
  rig_.clock.Advance(6 * kYear);
  // The look destroys the key; its rows go later.
  rig_.Restart();
  ASSERT_OK(rig_.vault().DestroyKey("2026-01.five-years"));
  EXPECT_EQ(StateOf(index), v1::DETAIL_STATE_KEY_DESTROYED);
  ASSERT_OK(WriteFile(key_file, *key, 0600));
  rig_.TickAll();
  ASSERT_EQ(EntriesOfType("erasure").size(), 1u);
  EXPECT_EQ(StateOf(index), v1::DETAIL_STATE_NONE);
  // The key is there again, as after a crash before its end, or because somebody put a copy back:
  // it is destroyed without another entry.
  ASSERT_OK(WriteFile(key_file, *key, 0600));
  rig_.Restart();
  rig_.TickAll();
  EXPECT_EQ(EntriesOfType("erasure").size(), 1u);
  EXPECT_TRUE(absl::IsNotFound(ReadFile(key_file).status()));
  EXPECT_FALSE(absl::StrContains(rig_.RawFiles(), *key));
}

}  // namespace
}  // namespace chayan::audit
