// Goal: every question ends in exactly one recorded outcome, told only after it is recorded, with
// bytes that prove themselves. Method: the sample registry; a link, a log, a vault and an asker of
// the test's own that say when things happen and fail the test when they happen twice or too early.
#include "gateway/verify/exchange.h"

#include <deque>

#include "absl/strings/str_cat.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/base/status_matchers.h"
#include "gateway/registry/sample_set.h"
#include "gateway/verify/answer.h"

namespace chayan::verify {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Holds submissions until Commit; a leaf stands for its entry.
class HeldLog final : public log::Committer {
 public:
  void Submit(log::Submission submission) override {
    if (broken) return submission.done(absl::UnavailableError("disk full"));
    held.push_back(std::move(submission));
  }
  // Commits the oldest submission; returns its entry.
  log::Entry Commit() {
    EXPECT_FALSE(held.empty());
    log::Submission submission = std::move(held.front());
    held.pop_front();
    submission.done(log::Committed{next_index++, "leaf", "proof"});
    return submission.entry;
  }
  void Fail() {
    log::Submission submission = std::move(held.front());
    held.pop_front();
    submission.done(absl::UnavailableError("disk full"));
  }
  std::string Checkpoint() const override { return {}; }
  std::string LogKeys() const override { return {}; }
  log::CommitterStatus Status() const override { return {}; }
  absl::StatusOr<log::Committed> Prove(uint64_t) override { return absl::NotFoundError(""); }
  std::shared_ptr<const tlog::RightEdge> Edge() const override { return nullptr; }
  void Hold(std::string) override {}
  absl::Status CheckTaking() const override { return taking; }
  void Condemn(const absl::Status&) override {}
  void Stop() override {}

  std::deque<log::Submission> held;
  bool broken = false;
  absl::Status taking;
  uint64_t next_index = 7;
};

// Keeps what it was given, in the clear.
class OpenVault final : public log::Vault {
 public:
  absl::StatusOr<log::VaultOutput> Seal(const log::VaultInput& input) override {
    if (broken) return absl::UnavailableError("key folder lost");
    request = std::string(input.request);
    response = std::string(input.response);
    subject = input.subject;
    person = input.person;
    EXPECT_TRUE(detail.ParseFromArray(input.detail.data(), static_cast<int>(input.detail.size())));
    log::VaultOutput output;
    output.request_opening = std::string(32, 'q');
    output.response_opening = std::string(32, 's');
    return output;
  }
  absl::StatusOr<log::OpenedDetail> Open(const Uuid&, const store::VaultRow&) override {
    return absl::UnimplementedError("not asked for here");
  }
  absl::StatusOr<std::vector<store::KeyedTag>> Tags(absl::string_view, absl::string_view) override {
    return absl::UnimplementedError("not asked for here");
  }
  absl::StatusOr<std::vector<std::string>> KeyIds() override { return std::vector<std::string>(); }
  absl::Status DestroyKey(absl::string_view) override {
    return absl::UnimplementedError("not asked for here");
  }

  std::string request, response, subject, person;
  v1::EntryDetail detail;
  bool broken = false;
};

class HeldLinks final : public link::Links {
 public:
  rpc::StreamEvents Connect(std::shared_ptr<rpc::StreamCall>) override { return {}; }
  void Ask(struct link::Ask ask) override { asked.push_back(std::move(ask)); }
  bool Cancel(const Uuid& exchange_id) override {
    for (auto it = asked.begin(); it != asked.end(); ++it) {
      if (it->exchange_id != exchange_id) continue;
      asked.erase(it);
      return true;
    }
    return false;
  }
  void Recorded(uint64_t link, const Uuid&, uint64_t index) override {
    recorded.emplace_back(link, index);
  }
  void SetNoticeSink(link::NoticeSink*) override {}
  link::NoticePlace PlaceForNotices(absl::string_view, absl::string_view) const override {
    return {};
  }
  bool SendNotices(uint64_t, std::vector<link::OutgoingNotice>) override { return false; }
  void ReceiptRecorded(uint64_t, const Uuid&, uint64_t) override {}
  void Tick() override {}
  std::vector<link::LinkInfo> List() const override { return {}; }
  link::LinkCounts Counts() const override { return {}; }
  bool Drain(absl::string_view) override { return false; }
  void DrainAll() override {}

  void Reply(link::Reply reply) {
    ASSERT_FALSE(asked.empty());
    struct link::Ask ask = std::move(asked.front());
    asked.pop_front();
    ask.done(std::move(reply));
  }

  std::deque<struct link::Ask> asked;
  std::vector<std::pair<uint64_t, uint64_t>> recorded;
};

class WaitingAsker final : public Asker {
 public:
  explicit WaitingAsker(std::string request) : request_(std::move(request)) {
    caller_.member = "hro-shanhua";
    caller_.system = "counter";
    caller_.role = v1::ROLE_HOUSEHOLD;
  }
  const policy::Caller& caller() const override { return caller_; }
  absl::string_view method() const override { return "VerifyDocument"; }
  absl::string_view request() const override { return request_; }
  absl::Duration arrival() const override {
    return absl::FromUnixSeconds(1770000000) - absl::UnixEpoch();
  }
  absl::Duration timeout() const override { return deadline; }
  void Answer(std::shared_ptr<const std::string> response) override {
    EXPECT_FALSE(told()) << "told twice";
    v1::VerifyDocumentResponseView parsed;
    EXPECT_TRUE(parsed.ParseFromString(*response));
    view = std::move(parsed);
  }
  void Fail(const Failure& told_failure) override {
    EXPECT_FALSE(told()) << "told twice";
    failure = told_failure;
  }
  void OnCancel(absl::AnyInvocable<void()> on_cancel) override { cancel = std::move(on_cancel); }

  bool told() const { return view.has_value() || failure.has_value(); }
  v1::VerificationAnswer answer() const {
    v1::VerificationAnswer parsed;
    EXPECT_TRUE(parsed.ParseFromString(view->answer()));
    return parsed;
  }

  std::optional<v1::VerifyDocumentResponseView> view;
  std::optional<Failure> failure;
  absl::AnyInvocable<void()> cancel;
  absl::Duration deadline = absl::Seconds(20);

 private:
  const std::string request_;
  policy::Caller caller_;
};

class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest() {
    std::vector<std::string> faults;
    auto snapshot = registry::Snapshot::Create(registry::SampleFiles(), &faults);
    EXPECT_THAT(faults, IsEmpty());
    snapshot_ = *snapshot;
  }

  // From now on the first `from` of the land file is `to`.
  void ChangeLandKinds(const std::string& from, const std::string& to) {
    registry::Files files = registry::SampleFiles();
    for (auto& [path, content] : files) {
      if (path != "land.textproto") continue;
      const size_t at = content.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      content.replace(at, from.size(), to);
    }
    std::vector<std::string> faults;
    auto snapshot = registry::Snapshot::Create(std::move(files), &faults);
    ASSERT_THAT(faults, IsEmpty());
    snapshot_ = *snapshot;
  }
  void RecordBeforeForwarding() {
    ChangeLandKinds("answer_mode: ", "log_before_forward: true answer_mode: ");
  }
  static v1::VerifyDocumentRequest Question() {
    v1::VerifyDocumentRequest request;
    request.set_request_id("01890a5d-ac96-774b-bcce-b302099a8057");
    request.set_acting_for("hro-shanhua");
    request.mutable_purpose()->mutable_person()->set_id("clerk-7");
    request.mutable_purpose()->mutable_person()->set_role("clerk");
    request.mutable_purpose()->set_purpose_code("household.move");
    request.mutable_purpose()->set_legal_basis("household-act-68");
    request.mutable_purpose()->set_case_number("113-0042");
    request.set_document_kind("land.title");
    request.mutable_subject()->mutable_identifier()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
    request.mutable_subject()->mutable_identifier()->set_value("a123456789");
    request.mutable_subject()->set_name("王小明");
    for (const auto& [code, text] :
         {std::pair("land_office", "AD"), {"section", "0863"}, {"lot", "48"}}) {
      v1::Claim* claim = request.add_claims();
      claim->set_code(code);
      claim->set_text(text);
    }
    return request;
  }
  static link::Reply Answered(const v1::VerifyDocumentRequest& question) {
    v1::VerificationAnswer answer;
    answer.set_request_id(question.request_id());
    answer.set_outcome(v1::OUTCOME_MATCH);
    answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
    answer.mutable_as_of_time()->set_seconds(1);
    for (const v1::Claim& claim : question.claims()) {
      v1::ClaimVerdict* verdict = answer.add_verdicts();
      verdict->set_code(claim.code());
      verdict->set_verdict(v1::VERDICT_MATCH);
      verdict->set_match_level(v1::MATCH_LEVEL_EXACT);
    }
    link::Reply reply;
    reply.kind = link::Reply::Kind::kAnswered;
    reply.answer = answer.SerializeAsString();
    reply.link = 3;
    return reply;
  }
  std::shared_ptr<WaitingAsker> Ask(const v1::VerifyDocumentRequest& question) {
    return AskBytes(question.SerializeAsString());
  }
  std::shared_ptr<WaitingAsker> AskBytes(std::string bytes) {
    auto asker = std::make_shared<WaitingAsker>(std::move(bytes));
    Exchange::Start(with_, asker);
    return asker;
  }
  // Asks, commits the refusal and returns its entry.
  log::Entry Refused(const v1::VerifyDocumentRequest& question, v1::ErrorReason reason) {
    const auto asker = Ask(question);
    EXPECT_FALSE(asker->told());
    const log::Entry entry = log_.Commit();
    EXPECT_TRUE(asker->failure.has_value());
    EXPECT_EQ(asker->failure->refusal.reason, reason);
    EXPECT_EQ(asker->failure->status_bytes, vault_.response);
    EXPECT_FALSE(asker->failure->receipt_bytes.empty());
    EXPECT_EQ(entry.reason, policy::ReasonName(reason));
    return entry;
  }

  std::shared_ptr<const registry::Snapshot> snapshot_;
  SimulatedClock clock_{absl::FromUnixSeconds(1770000000)};
  SeededRandom random_{1};
  HeldLinks links_;
  HeldLog log_;
  OpenVault vault_;
  Twins twins_{clock_};
  Quota quota_;
  Collaborators with_{
      [this] { return snapshot_; }, links_, log_, vault_, clock_, random_, twins_, quota_};
};

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
  auto asker = std::make_shared<WaitingAsker>(Question().SerializeAsString());
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
