// What exchanges are tested with: the sample registry; a link, a log, a vault and an asker that say
// when things happen and fail the test when they happen twice or too early. For tests alone.
#ifndef CHAYAN_GATEWAY_VERIFY_EXCHANGE_FIXTURE_FOR_TEST_H_
#define CHAYAN_GATEWAY_VERIFY_EXCHANGE_FIXTURE_FOR_TEST_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/base/status_matchers.h"
#include "gateway/registry/sample_set.h"
#include "gateway/verify/answer.h"
#include "gateway/verify/exchange.h"

namespace chayan::verify {

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
  bool TellNone(absl::string_view, absl::string_view, const std::string&) override { return false; }
  void ReceiptRecorded(uint64_t, const link::RecordedReceipt&) override {}
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
  WaitingAsker(std::string request, absl::Duration arrival)
      : request_(std::move(request)), arrival_(arrival) {
    caller_.member = "hro-shanhua";
    caller_.system = "counter";
    caller_.role = v1::ROLE_HOUSEHOLD;
  }
  const policy::Caller& caller() const override { return caller_; }
  absl::string_view method() const override { return "VerifyDocument"; }
  absl::string_view request() const override { return request_; }
  absl::Duration arrival() const override { return arrival_; }
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
  const absl::Duration arrival_;
  policy::Caller caller_;
};

class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest() {
    std::vector<std::string> faults;
    auto snapshot = registry::Snapshot::Create(FilesWithoutFloors(), &faults);
    EXPECT_THAT(faults, ::testing::IsEmpty());
    snapshot_ = *snapshot;
  }

  // The sample set, whose kinds answer at once.
  static registry::Files FilesWithoutFloors() {
    registry::Files files = registry::SampleFiles();
    for (auto& [path, content] : files) {
      absl::StrReplaceAll({{"  not_compared_floor_ms: 300\n", ""}}, &content);
    }
    return files;
  }
  // From now on the first `from` of the land file is `to`.
  void ChangeLandKinds(const std::string& from, const std::string& to) {
    registry::Files files = FilesWithoutFloors();
    for (auto& [path, content] : files) {
      if (path != "land.textproto") continue;
      const size_t at = content.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      content.replace(at, from.size(), to);
    }
    std::vector<std::string> faults;
    auto snapshot = registry::Snapshot::Create(std::move(files), &faults);
    ASSERT_THAT(faults, ::testing::IsEmpty());
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
    auto asker = std::make_shared<WaitingAsker>(std::move(bytes), clock_.Elapsed());
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
  tally::Book book_{std::make_unique<tally::Ledger>(clock_), crypto::Secret32(random_), clock_};
  DelayLine delays_;
  Collaborators with_{
      [this] { return snapshot_; }, links_, log_, vault_, clock_, random_, twins_, book_, delays_};
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_EXCHANGE_FIXTURE_FOR_TEST_H_
