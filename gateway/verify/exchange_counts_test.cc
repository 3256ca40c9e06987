// Goal: a question counts where it is recorded; who is locked out learns nothing, not even by many
// guesses at once; what was not recorded was not counted. Method: the exchange's fixture; a holder
// that finds mismatches.
#include "gateway/verify/exchange_fixture_for_test.h"

namespace chayan::verify {
namespace {

using store::TallyKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExchangeCountsTest : public ExchangeTest {
 protected:
  // Another request of the same question.
  v1::VerifyDocumentRequest Next() {
    v1::VerifyDocumentRequest question = Question();
    question.set_request_id(Uuid::Version7(clock_.Now(), random_).ToText());
    return question;
  }
  static link::Reply Differs(const v1::VerifyDocumentRequest& question) {
    link::Reply reply = Answered(question);
    v1::VerificationAnswer answer;
    EXPECT_TRUE(answer.ParseFromString(reply.answer));
    answer.set_outcome(v1::OUTCOME_MISMATCH);
    answer.mutable_verdicts(0)->set_verdict(v1::VERDICT_MISMATCH);
    answer.mutable_verdicts(0)->set_match_level(v1::MATCH_LEVEL_MISMATCH);
    reply.answer = answer.SerializeAsString();
    return reply;
  }
  static v1::Outcome OutcomeOf(const WaitingAsker& asker) {
    v1::VerificationAnswer answer;
    EXPECT_TRUE(answer.ParseFromString(asker.view->answer()));
    return answer.outcome();
  }
  static v1::LockState LockOf(const WaitingAsker& asker) {
    v1::NextStep step;
    EXPECT_TRUE(step.ParseFromString(asker.view->next_step()));
    return step.lock();
  }
  // Asks, is told MISMATCH, and gives what it says of locks.
  v1::LockState Mismatch() {
    const v1::VerifyDocumentRequest question = Next();
    const auto asker = Ask(question);
    links_.Reply(Differs(question));
    log_.Commit();
    EXPECT_EQ(OutcomeOf(*asker), v1::OUTCOME_MISMATCH);
    return LockOf(*asker);
  }
  int64_t CountAll(TallyKind kind) {
    int64_t sum = 0;
    for (const store::KeptTally& kept : book_.ledger->List(kind)) sum += kept.count;
    return sum;
  }
};

TEST_F(ExchangeCountsTest, MismatchesCountDownAndThenNothingIsAskedAnyMore) {
  EXPECT_EQ(Mismatch().attempts_left(), 2u);
  EXPECT_EQ(Mismatch().attempts_left(), 1u);
  EXPECT_EQ(Mismatch().scope(), v1::LOCK_SCOPE_PERSON_AND_SUBJECT);
  const auto asker = Ask(Next());
  EXPECT_THAT(links_.asked, IsEmpty());
  EXPECT_FALSE(asker->told());
  const log::Entry entry = log_.Commit();
  EXPECT_EQ(entry.type, log::EntryType::kVerification);
  EXPECT_EQ(entry.outcome, "LOCKED");
  EXPECT_EQ(entry.by, "gateway");
  EXPECT_EQ(OutcomeOf(*asker), v1::OUTCOME_LOCKED);
  EXPECT_FALSE(LockOf(*asker).lock().empty());
  EXPECT_FALSE(asker->view->receipt().has_holder_signature());
}

TEST_F(ExchangeCountsTest, GuessesAtOnceGainNothing) {
  std::vector<v1::VerifyDocumentRequest> guesses;
  std::vector<std::shared_ptr<WaitingAsker>> askers;
  for (int i = 0; i < 10; ++i) {
    guesses.push_back(Next());
    askers.push_back(Ask(guesses.back()));
  }
  ASSERT_THAT(links_.asked, SizeIs(10));
  // The last guess is right, and comes too late.
  for (int i = 0; i < 9; ++i) links_.Reply(Differs(guesses[static_cast<size_t>(i)]));
  links_.Reply(Answered(guesses[9]));
  std::vector<std::string> outcomes;
  for (size_t i = 0; i < askers.size(); ++i) {
    const log::Entry entry = log_.Commit();
    outcomes.push_back(entry.outcome);
    EXPECT_EQ(entry.hsig.has_value(), i < 3);
    EXPECT_EQ(OutcomeOf(*askers[i]), i < 3 ? v1::OUTCOME_MISMATCH : v1::OUTCOME_LOCKED);
  }
  EXPECT_EQ(outcomes[9], "LOCKED");
  // The sealed detail says what the holder said, and the adapter hears every index.
  EXPECT_EQ(vault_.detail.true_outcome(), v1::OUTCOME_MATCH);
  EXPECT_THAT(links_.recorded, SizeIs(10));
  EXPECT_EQ(CountAll(TallyKind::kPersonAndSubject), 3);
}

TEST_F(ExchangeCountsTest, WhatIsNotRecordedIsNotCounted) {
  const v1::VerifyDocumentRequest question = Next();
  const auto asker = Ask(question);
  links_.Reply(Differs(question));
  EXPECT_EQ(CountAll(TallyKind::kPersonAndSubject), 1);
  log_.Fail();
  EXPECT_TRUE(asker->failure.has_value());
  EXPECT_EQ(CountAll(TallyKind::kPersonAndSubject), 0);
  EXPECT_EQ(CountAll(TallyKind::kRequest), 0);
  EXPECT_EQ(Mismatch().attempts_left(), 2u);
}

TEST_F(ExchangeCountsTest, ARetryOfALostAnswerCountsOnce) {
  const v1::VerifyDocumentRequest question = Next();
  for (int i = 0; i < 3; ++i) {
    const auto asker = Ask(question);
    links_.Reply(Differs(question));
    log_.Commit();
    EXPECT_EQ(LockOf(*asker).attempts_left(), 2u);
    // The gateway forgets the answer, not the count.
    clock_.Advance(kTwinAgeMax);
  }
}

TEST_F(ExchangeCountsTest, CountsComeWithTheEntryThatCounts) {
  const v1::VerifyDocumentRequest question = Next();
  Ask(question);
  links_.Reply(Differs(question));
  ASSERT_THAT(log_.held, SizeIs(1));
  std::vector<TallyKind> kinds;
  for (const store::Tally& tally : log_.held[0].tallies) kinds.push_back(tally.kind);
  EXPECT_THAT(kinds,
              ElementsAre(TallyKind::kGrantUse, TallyKind::kPersonMisses, TallyKind::kRequest,
                          TallyKind::kPersonAndSubject, TallyKind::kSubject));
  log_.Commit();
}

TEST_F(ExchangeCountsTest, ARefusedSystemIsStoppedByItsBudget) {
  v1::VerifyDocumentRequest question = Question();
  question.mutable_purpose()->set_purpose_code("household.divorce");
  for (uint32_t i = 0; i < tally::kDenialsPerDay; ++i) {
    Ask(question);
    ASSERT_EQ(log_.Commit().reason, "PURPOSE_NOT_GRANTED");
  }
  Refused(Question(), v1::ERROR_REASON_DENIAL_BUDGET_EXHAUSTED);
  // Which does not count against it again.
  EXPECT_EQ(CountAll(TallyKind::kSystemDenials), tally::kDenialsPerDay);
}

TEST_F(ExchangeCountsTest, NotComparedWaitsForItsFloorAndSaysSo) {
  ChangeLandKinds("answer_mode: ", "not_compared_floor_ms: 300 answer_mode: ");
  const v1::VerifyDocumentRequest question = Next();
  const auto asker = Ask(question);
  clock_.Advance(absl::Milliseconds(20));
  v1::VerificationAnswer answer;
  answer.set_request_id(question.request_id());
  answer.set_outcome(v1::OUTCOME_NOT_COMPARED);
  answer.set_not_compared_reason(v1::NOT_COMPARED_REASON_ASK_HOLDER);
  answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
  link::Reply reply = Answered(question);
  reply.answer = answer.SerializeAsString();
  reply.restricted = true;
  const absl::Duration arrival = asker->arrival();
  links_.Reply(std::move(reply));
  delays_.Tick(arrival + absl::Milliseconds(299));
  EXPECT_THAT(log_.held, IsEmpty());
  delays_.Tick(arrival + absl::Milliseconds(300));
  const log::Entry entry = log_.Commit();
  EXPECT_EQ(entry.ms, 300u);
  EXPECT_EQ(entry.outcome, "NOT_COMPARED");
  EXPECT_TRUE(asker->view.has_value());
}

}  // namespace
}  // namespace chayan::verify
