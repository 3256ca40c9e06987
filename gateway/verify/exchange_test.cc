// Goal: every question ends in exactly one recorded outcome, told only after it is recorded, with
// bytes that prove themselves. Method: the fixture's link, log, vault and asker, which say when
// things happen.
#include "gateway/verify/exchange_fixture_for_test.h"

namespace chayan::verify {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ExchangeTest, AnAnswerIsToldOnlyAfterItIsRecordedInTheHoldersBytes) {
  const auto asker = Ask(Question());
  ASSERT_THAT(links_.asked, SizeIs(1));
  EXPECT_EQ(links_.asked[0].holder, "land-ad");
  EXPECT_EQ(links_.asked[0].area, "AD");
  EXPECT_EQ(links_.asked[0].request, Question().SerializeAsString());
  EXPECT_EQ(links_.asked[0].timeout, kHolderTimeoutDefault);
  const link::Reply reply = Answered(Question());
  const std::string bytes = reply.answer;
  links_.Reply(reply);
  EXPECT_FALSE(asker->told());
  EXPECT_EQ(vault_.response, bytes);
  EXPECT_EQ(vault_.subject, "A123456789");
  EXPECT_EQ(vault_.person, std::string("hro-shanhua\0clerk-7", 19));
  EXPECT_EQ(vault_.detail.case_number(), "113-0042");

  const log::Entry entry = log_.Commit();
  EXPECT_EQ(entry.type, log::EntryType::kVerification);
  EXPECT_EQ(entry.outcome, "MATCH");
  EXPECT_EQ(entry.by, "holder");
  EXPECT_EQ(entry.holder, "land-ad");
  EXPECT_EQ(entry.grant, "shanhua-land-title");
  EXPECT_TRUE(entry.hsig.has_value());
  ASSERT_TRUE(asker->view.has_value());
  EXPECT_EQ(asker->view->answer(), bytes);
  EXPECT_EQ(asker->view->receipt().leaf(), "leaf");
  EXPECT_EQ(asker->view->receipt().request_opening(), std::string(32, 'q'));
  EXPECT_TRUE(asker->view->receipt().has_holder_signature());
  EXPECT_THAT(links_.recorded, ::testing::ElementsAre(std::pair<uint64_t, uint64_t>(3, 7)));
}

TEST_F(ExchangeTest, WhatIsNotUnderstoodIsRecordedAndRefused) {
  const auto asker = AskBytes("\xff\xff");
  EXPECT_EQ(log_.Commit().type, log::EntryType::kFailed);
  EXPECT_EQ(asker->failure->refusal.reason, v1::ERROR_REASON_MESSAGE_MALFORMED);

  std::string with_unknown_field = Question().SerializeAsString();
  with_unknown_field += "\xa0\x06\x01";  // field 100, varint 1
  const auto newer = AskBytes(with_unknown_field);
  log_.Commit();
  EXPECT_EQ(newer->failure->refusal.reason, v1::ERROR_REASON_MESSAGE_MALFORMED);
}

TEST_F(ExchangeTest, AQuestionBeyondTheBoundIsRefused) {
  v1::VerifyDocumentRequest question = Question();
  question.mutable_purpose()->set_reason(std::string(kQuestionBytesMax, 'x'));
  Refused(question, v1::ERROR_REASON_MESSAGE_TOO_LARGE);
  EXPECT_TRUE(vault_.detail.reason().empty());
}

TEST_F(ExchangeTest, ARightThatIsMissingIsDeniedAndNobodyIsAsked) {
  v1::VerifyDocumentRequest question = Question();
  question.mutable_purpose()->set_purpose_code("nosiness");
  const log::Entry entry = Refused(question, v1::ERROR_REASON_PURPOSE_NOT_GRANTED);
  EXPECT_EQ(entry.type, log::EntryType::kDenied);
  EXPECT_EQ(entry.purpose, "unknown");
  EXPECT_EQ(vault_.detail.unknown_codes().at("purpose.purpose_code"), "nosiness");
  EXPECT_THAT(links_.asked, IsEmpty());
}

TEST_F(ExchangeTest, AWrongFieldIsNamedAndNobodyIsAsked) {
  v1::VerifyDocumentRequest question = Question();
  question.mutable_subject()->mutable_identifier()->set_value("A123456788");
  Refused(question, v1::ERROR_REASON_FIELD_INVALID);
  EXPECT_THAT(vault_.detail.refused_fields(), ::testing::ElementsAre("subject.identifier.value"));
  EXPECT_THAT(links_.asked, IsEmpty());
}

TEST_F(ExchangeTest, AnAreaThatNobodyHoldsNamesTheClaim) {
  v1::VerifyDocumentRequest question = Question();
  question.mutable_claims(0)->set_text("ZZ");
  const auto asker = Ask(question);
  log_.Commit();
  ASSERT_EQ(asker->failure->refusal.reason, v1::ERROR_REASON_NO_ROUTE);
  EXPECT_EQ(asker->failure->refusal.violations[0].field, "claims[0].text");
}

TEST_F(ExchangeTest, NoLinkIsSourceDownWithRetryAdvice) {
  const auto asker = Ask(Question());
  link::Reply reply;
  reply.kind = link::Reply::Kind::kNoLink;
  links_.Reply(std::move(reply));
  const log::Entry entry = log_.Commit();
  EXPECT_EQ(entry.outcome, "SOURCE_DOWN");
  EXPECT_EQ(entry.by, "gateway");
  EXPECT_EQ(entry.reason, "NO_LINK");
  EXPECT_FALSE(entry.hsig.has_value());
  EXPECT_FALSE(asker->answer().forwarded());
  v1::NextStep step;
  ASSERT_TRUE(step.ParseFromString(asker->view->next_step()));
  EXPECT_EQ(step.code(), v1::NEXT_STEP_CODE_RETRY_LATER);
  EXPECT_TRUE(step.has_earliest_retry_time());
}

// 2026-02-02 is a Monday; the New Year's holidays from the 15th to the 20th do not count.
TEST_F(ExchangeTest, WhatAPersonAnswersIsNotForwardedAndSaysByWhenTheDeskAnswers) {
  for (const auto& [mode, request_id] :
       {std::pair("ANSWER_MODE_HUMAN", "01890a5d-ac96-774b-bcce-b302099a8057"),
        {"ANSWER_MODE_ASYNC", "01890a5d-ac96-774b-bcce-b302099a8058"}}) {
    ChangeLandKinds("answer_mode: ANSWER_MODE_SYNC\n  service_level_workdays: 1",
                    absl::StrCat("log_before_forward: true answer_mode: ", mode,
                                 " service_level_workdays: 10"));
    v1::VerifyDocumentRequest question = Question();
    question.set_request_id(request_id);
    const auto asker = Ask(question);
    EXPECT_THAT(links_.asked, IsEmpty());
    EXPECT_FALSE(asker->told()) << "before it is recorded";
    const log::Entry entry = log_.Commit();
    EXPECT_EQ(entry.outcome, "NOT_COMPARED");
    EXPECT_EQ(entry.by, "gateway");
    EXPECT_EQ(entry.reason, "ANSWERED_AT_DESK");
    EXPECT_EQ(entry.holder, "land-ad");
    EXPECT_THAT(log_.held, IsEmpty());
    ASSERT_TRUE(asker->view.has_value());
    EXPECT_EQ(asker->answer().not_compared_reason(), v1::NOT_COMPARED_REASON_ASK_HOLDER);
    EXPECT_FALSE(asker->answer().forwarded());
    v1::NextStep step;
    ASSERT_TRUE(step.ParseFromString(asker->view->next_step()));
    EXPECT_EQ(step.code(), v1::NEXT_STEP_CODE_ASK_HOLDER);
    EXPECT_EQ(step.fallback_form(), "戶政地政聯繫單");
    EXPECT_EQ(step.desk().phone(), "02-2700-0001");
    EXPECT_EQ(step.due_date(), "2026-02-23");
  }
}

TEST_F(ExchangeTest, WhatIsAnsweredFromNoticesIsAskedOfTheAdapter) {
  ChangeLandKinds("answer_mode: ANSWER_MODE_SYNC", "answer_mode: ANSWER_MODE_NOTICE");
  const auto asker = Ask(Question());
  links_.Reply(Answered(Question()));
  EXPECT_EQ(log_.Commit().outcome, "MATCH");
}

TEST_F(ExchangeTest, AnAnswerThatExceedsThePermitIsWithheldAndRecorded) {
  const auto asker = Ask(Question());
  v1::VerificationAnswer answer;
  link::Reply reply = Answered(Question());
  answer.ParseFromString(reply.answer);
  v1::ReleasedField* field = answer.add_released_fields();
  field->set_code("share");
  field->set_text("1/2");
  reply.answer = answer.SerializeAsString();
  links_.Reply(std::move(reply));
  const log::Entry entry = log_.Commit();
  EXPECT_EQ(entry.type, log::EntryType::kFailed);
  EXPECT_EQ(entry.reason, "HOLDER_FAULT");
  EXPECT_TRUE(entry.hsig.has_value());
  ASSERT_TRUE(asker->failure.has_value());
  EXPECT_THAT(asker->failure->status_bytes, Not(HasSubstr("1/2")));
}

TEST_F(ExchangeTest, ARestrictedPersonLooksLikeNotCompared) {
  const auto asker = Ask(Question());
  v1::VerificationAnswer answer;
  answer.set_request_id(Question().request_id());
  answer.set_outcome(v1::OUTCOME_NOT_COMPARED);
  answer.set_not_compared_reason(v1::NOT_COMPARED_REASON_ASK_HOLDER);
  answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
  link::Reply reply = Answered(Question());
  reply.answer = answer.SerializeAsString();
  reply.restricted = true;
  links_.Reply(std::move(reply));
  EXPECT_EQ(log_.Commit().outcome, "NOT_COMPARED");
  EXPECT_TRUE(vault_.detail.restricted());
  EXPECT_EQ(asker->view->answer(), answer.SerializeAsString());
}

TEST_F(ExchangeTest, WhatCannotBeRecordedIsNotAnswered) {
  const auto lost_in_commit = Ask(Question());
  links_.Reply(Answered(Question()));
  log_.Fail();
  ASSERT_TRUE(lost_in_commit->failure.has_value());
  EXPECT_EQ(lost_in_commit->failure->refusal.reason, v1::ERROR_REASON_LOG_UNAVAILABLE);
  EXPECT_TRUE(lost_in_commit->failure->receipt_bytes.empty());

  vault_.broken = true;
  const auto vault_lost = Ask(Question());
  links_.Reply(Answered(Question()));
  EXPECT_EQ(vault_lost->failure->refusal.reason, v1::ERROR_REASON_LOG_UNAVAILABLE);
}

TEST_F(ExchangeTest, AClosedLogAsksNoHolder) {
  log_.taking = absl::FailedPreconditionError("no quorum of witnesses");
  const auto asker = Ask(Question());
  ASSERT_TRUE(asker->failure.has_value());
  EXPECT_EQ(asker->failure->refusal.reason, v1::ERROR_REASON_LOG_UNAVAILABLE);
  EXPECT_THAT(asker->failure->refusal.message, HasSubstr("no quorum of witnesses"));
  EXPECT_THAT(links_.asked, IsEmpty());
}

TEST_F(ExchangeTest, ATwinInFlightIsToldTheSameBytesAndAsksNobody) {
  const auto first = Ask(Question());
  const auto twin = Ask(Question());
  EXPECT_THAT(links_.asked, SizeIs(1));
  links_.Reply(Answered(Question()));
  log_.Commit();
  EXPECT_EQ(first->view->SerializeAsString(), twin->view->SerializeAsString());
  const auto later = Ask(Question());
  EXPECT_EQ(later->view->SerializeAsString(), first->view->SerializeAsString());
  EXPECT_THAT(log_.held, IsEmpty());
}

TEST_F(ExchangeTest, ATwinWithOtherBytesIsRefusedAndTheFirstGoesOn) {
  const auto first = Ask(Question());
  v1::VerifyDocumentRequest other = Question();
  other.mutable_claims(2)->set_text("49");
  Refused(other, v1::ERROR_REASON_REQUEST_ID_REUSED);
  links_.Reply(Answered(Question()));
  log_.Commit();
  EXPECT_TRUE(first->view.has_value());
}

TEST_F(ExchangeTest, SourceDownIsNotKept) {
  Ask(Question());
  link::Reply reply;
  reply.kind = link::Reply::Kind::kTimedOut;
  links_.Reply(std::move(reply));
  log_.Commit();
  Ask(Question());
  EXPECT_THAT(links_.asked, SizeIs(1));
}

TEST_F(ExchangeTest, ACallerThatGivesUpIsRecordedAndTheHolderIsTold) {
  const auto asker = Ask(Question());
  asker->cancel();
  EXPECT_THAT(links_.asked, IsEmpty());
  const log::Entry entry = log_.Commit();
  EXPECT_EQ(entry.type, log::EntryType::kFailed);
  EXPECT_EQ(entry.reason, "CANCELLED");
  ASSERT_TRUE(asker->failure.has_value());
  EXPECT_EQ(asker->failure->refusal.reason, v1::ERROR_REASON_CANCELLED);
}

TEST_F(ExchangeTest, AfterACancelTheSameQuestionIsAskedAnew) {
  const auto first = Ask(Question());
  first->cancel();
  const auto again = Ask(Question());
  EXPECT_THAT(links_.asked, SizeIs(1));
  log_.Commit();
  EXPECT_FALSE(again->told());
  links_.Reply(Answered(Question()));
  log_.Commit();
  EXPECT_TRUE(again->view.has_value());
}

TEST_F(ExchangeTest, ATwinThatGivesUpLeavesTheOtherWaiting) {
  const auto first = Ask(Question());
  const auto twin = Ask(Question());
  first->cancel();
  EXPECT_TRUE(first->failure.has_value());
  EXPECT_THAT(links_.asked, SizeIs(1));
  links_.Reply(Answered(Question()));
  log_.Commit();
  EXPECT_TRUE(twin->view.has_value());
}

TEST_F(ExchangeTest, ADeadlineWithoutTimeForTheHolderIsRefused) {
  auto asker = std::make_shared<WaitingAsker>(Question().SerializeAsString(), clock_.Elapsed());
  asker->deadline = kReturnMargin;
  Exchange::Start(with_, asker);
  log_.Commit();
  EXPECT_EQ(asker->failure->refusal.reason, v1::ERROR_REASON_DEADLINE_TOO_SHORT);
  EXPECT_THAT(links_.asked, IsEmpty());
}

TEST_F(ExchangeTest, AKindThatDisclosesByBeingAskedIsRecordedBeforeItIsForwarded) {
  RecordBeforeForwarding();
  const auto asker = Ask(Question());
  EXPECT_THAT(links_.asked, IsEmpty());
  EXPECT_EQ(log_.Commit().type, log::EntryType::kForward);
  links_.Reply(Answered(Question()));
  EXPECT_EQ(log_.Commit().ref, 7u);
  EXPECT_TRUE(asker->view.has_value());
}

TEST_F(ExchangeTest, AQuestionGivenUpBeforeItIsForwardedIsNotForwarded) {
  RecordBeforeForwarding();
  const auto asker = Ask(Question());
  asker->cancel();
  log_.Commit();
  EXPECT_THAT(links_.asked, IsEmpty());
  EXPECT_EQ(log_.Commit().reason, "CANCELLED");
  EXPECT_TRUE(asker->failure.has_value());
}

TEST_F(ExchangeTest, AnAnswerThatHidesAValueBehindAnotherIsWithheld) {
  const auto asker = Ask(Question());
  link::Reply reply = Answered(Question());
  v1::VerificationAnswer hidden;
  hidden.set_document_reference("what nobody checks");
  v1::VerificationAnswer shown;
  shown.set_document_reference("x");
  reply.answer = hidden.SerializeAsString() + reply.answer + shown.SerializeAsString();
  links_.Reply(std::move(reply));
  EXPECT_EQ(log_.Commit().reason, "HOLDER_FAULT");
  EXPECT_TRUE(asker->failure.has_value());
}

}  // namespace
}  // namespace chayan::verify
