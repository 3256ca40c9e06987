// Goal: three mismatches lock a person out of a subject, three such persons lock everybody out,
// until midnight or until another person lifts it; the same request never counts twice; what is
// kept says nothing of anybody. Method: attempts by name over a ledger without a store.
#include "gateway/tally/locks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/registry/sample_set.h"

namespace chayan::tally {
namespace {

using store::TallyKind;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// 2026-01-15, 12:00 in Taipei.
const absl::Time kNoon = absl::FromUnixSeconds(1768449600);

policy::Caller CounterOf(const char* member) {
  policy::Caller caller;
  caller.member = member;
  caller.system = "counter";
  return caller;
}

class LocksTest : public ::testing::Test {
 protected:
  Attempt By(absl::string_view person, absl::string_view subject = "A123456789") {
    return {.kind = *kind_,
            .caller = caller_,
            .person_id = person,
            .subject_number = subject,
            .method = "VerifyDocument",
            .request_id = request_id_};
  }
  // A mismatch of a request of its own.
  v1::LockState Mismatch(absl::string_view person, absl::string_view subject = "A123456789") {
    request_id_ = absl::StrCat("request-", ++requests_);
    const v1::LockState state = locks_.CountMismatch(By(person, subject), charge_);
    Commit();
    return state;
  }
  void Commit() {
    charge_.Submit();
    charge_.Settle(/*committed=*/true);
  }
  v1::LockScope Locked(absl::string_view person, absl::string_view subject = "A123456789") {
    const auto lock = locks_.Find(By(person, subject));
    return lock.has_value() ? lock->scope : v1::LOCK_SCOPE_UNSPECIFIED;
  }
  void Exchange(const std::string& from, const std::string& to) {
    registry::Files files = registry::SampleFiles();
    for (auto& [path, text] : files) {
      const size_t at = text.find(from);
      if (at != std::string::npos) text.replace(at, from.size(), to);
    }
    snapshot_ = *registry::Snapshot::Create(files, nullptr);
    kind_ = snapshot_->FindKind("land.title")->proto;
  }

  std::shared_ptr<const registry::Snapshot> snapshot_ =
      *registry::Snapshot::Create(registry::SampleFiles(), nullptr);
  const v1::DocumentKind* kind_ = snapshot_->FindKind("land.title")->proto;
  policy::Caller caller_ = CounterOf("hro-shanhua");
  SimulatedClock clock_{kNoon};
  SeededRandom random_{1};
  Ledger ledger_{clock_};
  Locks locks_{crypto::Secret32(random_), ledger_, clock_};
  Charge charge_{ledger_};
  std::string request_id_ = "request";
  int requests_ = 0;
};

TEST_F(LocksTest, TheThirdMismatchLocksThisPersonOutOfThisSubjectAndKind) {
  EXPECT_EQ(Mismatch("clerk").attempts_left(), 2u);
  const v1::LockState second = Mismatch("clerk");
  EXPECT_EQ(second.attempts_left(), 1u);
  EXPECT_EQ(second.scope(), v1::LOCK_SCOPE_UNSPECIFIED);
  EXPECT_THAT(second.lock(), IsEmpty());
  EXPECT_EQ(Locked("clerk"), v1::LOCK_SCOPE_UNSPECIFIED);
  const v1::LockState third = Mismatch("clerk");
  EXPECT_EQ(third.attempts_left(), 0u);
  EXPECT_EQ(third.scope(), v1::LOCK_SCOPE_PERSON_AND_SUBJECT);
  // Midnight in Taipei, twelve hours on.
  EXPECT_EQ(third.until_time().seconds(), absl::ToUnixSeconds(kNoon + absl::Hours(12)));

  EXPECT_EQ(Locked("clerk"), v1::LOCK_SCOPE_PERSON_AND_SUBJECT);
  EXPECT_EQ(Locked("clerk", "B123456780"), v1::LOCK_SCOPE_UNSPECIFIED);
  EXPECT_EQ(Locked("colleague"), v1::LOCK_SCOPE_UNSPECIFIED);
  kind_ = snapshot_->FindKind("land.building")->proto;
  EXPECT_EQ(Locked("clerk"), v1::LOCK_SCOPE_UNSPECIFIED);
}

TEST_F(LocksTest, TheThirdPersonWithAMismatchLocksEverybodyOut) {
  Mismatch("a");
  Mismatch("a");
  Mismatch("b");
  EXPECT_EQ(Locked("d"), v1::LOCK_SCOPE_UNSPECIFIED);
  EXPECT_EQ(Mismatch("c").scope(), v1::LOCK_SCOPE_SUBJECT);
  EXPECT_EQ(Locked("d"), v1::LOCK_SCOPE_SUBJECT);
  // The same id in another office is another person.
  caller_.member = "hro-banqiao";
  EXPECT_EQ(Locked("a"), v1::LOCK_SCOPE_SUBJECT);
  EXPECT_EQ(Locked("d", "B123456780"), v1::LOCK_SCOPE_UNSPECIFIED);
}

TEST_F(LocksTest, ThePersonsLockIsNamedFirst) {
  for (const char* person : {"a", "a", "a", "b", "c"}) Mismatch(person);
  EXPECT_EQ(Locked("a"), v1::LOCK_SCOPE_PERSON_AND_SUBJECT);
  EXPECT_EQ(Locked("b"), v1::LOCK_SCOPE_SUBJECT);
}

TEST_F(LocksTest, InventedPersonsHaveSevenTries) {
  int tries = 0;
  for (int person = 0; person < 100; ++person) {
    const std::string id = absl::StrCat("invented-", person);
    while (Locked(id) == v1::LOCK_SCOPE_UNSPECIFIED) {
      Mismatch(id);
      ASSERT_LE(++tries, 7);
    }
  }
}

TEST_F(LocksTest, ARetryNeverCountsTwice) {
  for (int i = 0; i < 10; ++i) {
    request_id_ = "the same";
    EXPECT_EQ(locks_.CountMismatch(By("clerk"), charge_).attempts_left(), 2u);
    Commit();
  }
  EXPECT_EQ(ledger_.List(TallyKind::kRequest).size(), 1u);
}

TEST_F(LocksTest, MidnightInTaipeiEndsLocks) {
  for (int i = 0; i < 3; ++i) Mismatch("clerk");
  clock_.Advance(absl::Hours(12) - absl::Seconds(1));
  EXPECT_EQ(Locked("clerk"), v1::LOCK_SCOPE_PERSON_AND_SUBJECT);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Locked("clerk"), v1::LOCK_SCOPE_UNSPECIFIED);
  EXPECT_THAT(locks_.List(*snapshot_), IsEmpty());
}

TEST_F(LocksTest, AKindMayHaveOtherBounds) {
  Exchange("code: \"land.title\"", "code: \"land.title\" mismatches_per_person_max: 1");
  EXPECT_EQ(Mismatch("clerk").scope(), v1::LOCK_SCOPE_PERSON_AND_SUBJECT);
}

TEST_F(LocksTest, OnlyAnotherPersonLiftsALock) {
  for (int i = 0; i < 3; ++i) Mismatch("clerk");
  const std::vector<Lock> listed = locks_.List(*snapshot_);
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].kind, "land.title");
  EXPECT_EQ(listed[0].member, "hro-shanhua");
  EXPECT_EQ(listed[0].count, 3);
  EXPECT_EQ(listed[0].id, locks_.Find(By("clerk"))->id);
  const auto own = locks_.Lift(listed[0], "hro-shanhua", "clerk", charge_);
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->reason, v1::ERROR_REASON_SECOND_PERSON_REQUIRED);
  EXPECT_EQ(Locked("clerk"), v1::LOCK_SCOPE_PERSON_AND_SUBJECT);
  EXPECT_FALSE(locks_.Lift(listed[0], "operator", "clerk", charge_).has_value());
  Commit();
  EXPECT_EQ(Locked("clerk"), v1::LOCK_SCOPE_UNSPECIFIED);
  EXPECT_FALSE(locks_.FindById(listed[0].id, *snapshot_).has_value());
  // Counting begins anew.
  EXPECT_EQ(Mismatch("clerk").attempts_left(), 2u);
}

TEST_F(LocksTest, WhoTookPartDoesNotLiftASubjectsLock) {
  for (const char* person : {"a", "b", "c"}) Mismatch(person);
  const Lock lock = locks_.List(*snapshot_).at(0);
  EXPECT_EQ(lock.scope, v1::LOCK_SCOPE_SUBJECT);
  EXPECT_TRUE(locks_.Lift(lock, "hro-shanhua", "b", charge_).has_value());
  EXPECT_FALSE(locks_.Lift(lock, "hro-shanhua", "d", charge_).has_value());
  EXPECT_EQ(Locked("d"), v1::LOCK_SCOPE_UNSPECIFIED);
}

TEST_F(LocksTest, APersonIsStoppedAfterManyMissesOverAllSubjects) {
  for (uint32_t i = 0; i < kPersonMissesPerDay; ++i) {
    EXPECT_FALSE(locks_.CheckPerson(caller_, "clerk", *snapshot_).has_value()) << i;
    locks_.CountMiss(caller_, "clerk", charge_);
  }
  const auto refusal = locks_.CheckPerson(caller_, "clerk", *snapshot_);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason, v1::ERROR_REASON_PERSON_STOPPED);
  EXPECT_EQ(refusal->retry_delay, absl::Hours(12));
  EXPECT_FALSE(locks_.CheckPerson(caller_, "colleague", *snapshot_).has_value());
  const Lock lock = locks_.List(*snapshot_).at(0);
  EXPECT_EQ(lock.scope, v1::LOCK_SCOPE_PERSON);
  EXPECT_TRUE(locks_.Lift(lock, "hro-shanhua", "clerk", charge_).has_value());
  EXPECT_FALSE(locks_.Lift(lock, "hro-shanhua", "supervisor", charge_).has_value());
  EXPECT_FALSE(locks_.CheckPerson(caller_, "clerk", *snapshot_).has_value());
}

TEST_F(LocksTest, APersonIsStoppedAfterManyQuestionsWhereTheMemberSaysSo) {
  locks_.CountQuestion(caller_, "clerk", *snapshot_, charge_);
  EXPECT_FALSE(ledger_.HasAny(TallyKind::kPersonQuestions));
  Exchange("id: \"hro-shanhua\"", "id: \"hro-shanhua\" person_questions_per_day: 2");
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(locks_.CheckPerson(caller_, "clerk", *snapshot_).has_value());
    locks_.CountQuestion(caller_, "clerk", *snapshot_, charge_);
  }
  EXPECT_EQ(locks_.CheckPerson(caller_, "clerk", *snapshot_)->reason,
            v1::ERROR_REASON_PERSON_STOPPED);
}

TEST_F(LocksTest, ASystemIsStoppedAfterManyRefusals) {
  for (uint32_t i = 0; i < kDenialsPerDay; ++i) locks_.CountDenial(caller_, charge_);
  const auto refusal = locks_.CheckSystem(caller_, *snapshot_);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason, v1::ERROR_REASON_DENIAL_BUDGET_EXHAUSTED);
  EXPECT_FALSE(locks_.CheckSystem(CounterOf("hro-banqiao"), *snapshot_).has_value());
  const Lock lock = locks_.List(*snapshot_).at(0);
  EXPECT_EQ(lock.system, "counter");
  EXPECT_FALSE(locks_.Lift(lock, "operator", "on-call", charge_).has_value());
  EXPECT_FALSE(locks_.CheckSystem(caller_, *snapshot_).has_value());
}

TEST_F(LocksTest, NothingKeptNamesPersonOrSubject) {
  for (const char* person : {"clerk-07", "clerk-08", "clerk-09"}) {
    request_id_ = absl::StrCat("request of ", person);
    locks_.CountMismatch(By(person), charge_);
    locks_.CountMiss(caller_, person, charge_);
  }
  for (const store::Tally& tally : charge_.Submit()) {
    for (const char* word : {"clerk-0", "A123456789", "request"}) {
      EXPECT_FALSE(absl::StrContains(tally.key, word));
      EXPECT_FALSE(absl::StrContains(tally.label, word));
    }
  }
  charge_.Settle(true);
}

}  // namespace
}  // namespace chayan::tally
