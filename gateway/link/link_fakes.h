// What the tests of links stand on: a stream whose worker is the test itself, a log that commits
// when told to, and an adapter that can misbehave.
#ifndef CHAYAN_GATEWAY_LINK_LINK_FAKES_H_
#define CHAYAN_GATEWAY_LINK_LINK_FAKES_H_

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/link/link_test_registry.h"
#include "gateway/link/links.h"
#include "gateway/tlog/frame.h"
#include "gtest/gtest.h"

namespace chayan::link {

// A stream whose worker is whoever calls Pump. Polices its users: nothing is written after Finish,
// nothing finishes twice, callbacks never run two at a time.
class FakeStream final : public rpc::StreamCall {
 public:
  explicit FakeStream(policy::Caller caller) : caller_(std::move(caller)) {}

  const policy::Caller& caller() const override { return caller_; }
  absl::string_view method() const override { return "Connect"; }
  bool TakeFromRate() override { return true; }
  void Write(std::string message) override {
    absl::MutexLock lock(&mu_);
    EXPECT_FALSE(finished_) << "written after Finish";
    v1::ToAdapter frame;
    EXPECT_TRUE(frame.ParseFromString(message));
    EXPECT_LE(message.size(), 1 << 20);
    if (!ended_) written_.push_back(std::move(frame));
  }
  size_t queued_bytes() const override {
    absl::MutexLock lock(&mu_);
    return queued_bytes_;
  }
  void Finish(std::optional<policy::Refusal> refusal) override {
    absl::MutexLock lock(&mu_);
    EXPECT_FALSE(finished_) << "finished twice";
    finished_ = true;
    refusal_ = std::move(refusal);
  }
  void Post(absl::AnyInvocable<void()> work) override {
    absl::MutexLock lock(&mu_);
    ++posts_;
    if (!ended_) work_.push_back(std::move(work));
  }
  void Pause() override {}
  void Resume() override {}

  void Attach(rpc::StreamEvents events) { events_ = std::move(events); }
  // Runs what was posted; after Finish, the end of the stream.
  void Pump() {
    while (true) {
      absl::AnyInvocable<void()> work;
      {
        absl::MutexLock lock(&mu_);
        if (!work_.empty()) {
          work = std::move(work_.front());
          work_.pop_front();
        } else if (!finished_ || ended_) {
          return;
        }
      }
      if (!work) return End();
      RunAlone([&] { work(); });
    }
  }
  void Deliver(const v1::FromAdapter& frame) { DeliverBytes(frame.SerializeAsString()); }
  void DeliverBytes(const std::string& bytes) {
    if (ended()) return;
    RunAlone([&] { events_.on_message(bytes); });
    Pump();
  }
  void HalfClose() {
    RunAlone([&] { events_.on_half_close(); });
    Pump();
  }
  // The connection breaks.
  void End() {
    {
      absl::MutexLock lock(&mu_);
      ASSERT_FALSE(ended_);
      ended_ = true;
      work_.clear();
    }
    RunAlone([&] { events_.on_end(); });
    events_ = {};
  }

  // What was written since the last call.
  std::vector<v1::ToAdapter> TakeWritten() {
    absl::MutexLock lock(&mu_);
    return std::exchange(written_, {});
  }
  void set_queued_bytes(size_t bytes) {
    absl::MutexLock lock(&mu_);
    queued_bytes_ = bytes;
  }
  bool ended() const {
    absl::MutexLock lock(&mu_);
    return ended_;
  }
  int posts() const {
    absl::MutexLock lock(&mu_);
    return posts_;
  }
  // The reason it was finished with; UNSPECIFIED while open and when it ended well.
  v1::ErrorReason reason() const {
    absl::MutexLock lock(&mu_);
    return refusal_ ? refusal_->reason : v1::ERROR_REASON_UNSPECIFIED;
  }
  bool finished() const {
    absl::MutexLock lock(&mu_);
    return finished_;
  }

 private:
  template <typename Work>
  void RunAlone(Work work) {
    ASSERT_FALSE(running_.exchange(true)) << "two callbacks at a time";
    work();
    running_ = false;
  }

  const policy::Caller caller_;
  rpc::StreamEvents events_;
  std::atomic<bool> running_ = false;
  mutable absl::Mutex mu_;
  std::deque<absl::AnyInvocable<void()>> work_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::ToAdapter> written_ ABSL_GUARDED_BY(mu_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  int posts_ ABSL_GUARDED_BY(mu_) = 0;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<policy::Refusal> refusal_ ABSL_GUARDED_BY(mu_);
};

// A log that commits at once, or when told to, or never.
class FakeCommitter final : public log::Committer {
 public:
  enum class Mode { kAtOnce, kHold, kFail };

  void set_mode(Mode mode) {
    absl::MutexLock lock(&mu_);
    mode_ = mode;
  }
  void Submit(log::Submission submission) override {
    Mode mode;
    {
      absl::MutexLock lock(&mu_);
      mode = mode_;
      if (mode == Mode::kHold) held_.push_back(std::move(submission));
    }
    if (mode == Mode::kFail) submission.done(absl::UnavailableError("full"));
    if (mode == Mode::kAtOnce) Commit(std::move(submission));
  }
  void CommitHeld() {
    std::vector<log::Submission> held;
    {
      absl::MutexLock lock(&mu_);
      held.swap(held_);
    }
    for (log::Submission& submission : held) Commit(std::move(submission));
  }
  // "OPENED land-a", …
  std::vector<std::string> Entries() const {
    absl::MutexLock lock(&mu_);
    return entries_;
  }
  std::vector<log::Entry> FullEntries() const {
    absl::MutexLock lock(&mu_);
    return full_entries_;
  }

  std::string Checkpoint() const override { return {}; }
  std::string LogKeys() const override { return {}; }
  log::CommitterStatus Status() const override { return {}; }
  absl::StatusOr<log::Committed> Prove(uint64_t) override {
    return absl::UnimplementedError("not for links");
  }
  std::shared_ptr<const tlog::RightEdge> Edge() const override { return nullptr; }
  void Hold(std::string) override {}
  absl::Status CheckTaking() const override { return absl::OkStatus(); }
  void Condemn(const absl::Status&) override {}
  void Stop() override {}

 private:
  void Commit(log::Submission submission) {
    log::Committed committed = {};
    {
      absl::MutexLock lock(&mu_);
      EXPECT_EQ(submission.entry.type, log::EntryType::kLink);
      log::RenderLeaf(submission.entry, absl::UnixEpoch(), "gw-1");  // aborts on what no leaf holds
      committed.index = full_entries_.size();
      entries_.push_back(absl::StrCat(submission.entry.reason, " ", submission.entry.member));
      full_entries_.push_back(std::move(submission.entry));
    }
    submission.done(std::move(committed));
  }

  mutable absl::Mutex mu_;
  Mode mode_ ABSL_GUARDED_BY(mu_) = Mode::kAtOnce;
  std::vector<log::Submission> held_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> entries_ ABSL_GUARDED_BY(mu_);
  std::vector<log::Entry> full_entries_ ABSL_GUARDED_BY(mu_);
};

// What an adapter saw and what it answers.
class FakeAdapter {
 public:
  FakeAdapter(Links& links, absl::string_view member, crypto::Ed25519Key key)
      : stream_(std::make_shared<FakeStream>(TestCaller(member))), key_(std::move(key)) {
    stream_->Attach(links.Connect(stream_));
  }
  ~FakeAdapter() {
    if (!stream_->ended()) stream_->End();
  }

  FakeStream& stream() { return *stream_; }
  const crypto::Ed25519Key& key() const { return key_; }
  void Hello(const v1::Hello& hello) {
    v1::FromAdapter frame;
    *frame.mutable_hello() = hello;
    stream_->Deliver(frame);
  }
  void SendDraining() {
    v1::FromAdapter frame;
    frame.mutable_draining();
    stream_->Deliver(frame);
  }
  void SendSourceHealth(const std::vector<std::string>& down_kinds) {
    v1::FromAdapter frame;
    *frame.mutable_source_health()->mutable_down_kinds() = {down_kinds.begin(), down_kinds.end()};
    stream_->Deliver(frame);
  }
  void SendHeartbeat() {
    v1::FromAdapter frame;
    frame.mutable_heartbeat();
    stream_->Deliver(frame);
  }

  // Pumps, and gives the questions that came; other frames go to the members below.
  std::vector<v1::Question> TakeQuestions() {
    stream_->Pump();
    std::vector<v1::Question> questions;
    for (v1::ToAdapter& frame : stream_->TakeWritten()) {
      if (frame.has_questions()) {
        ++question_frames;
        for (v1::Question& question : *frame.mutable_questions()->mutable_questions()) {
          questions.push_back(std::move(question));
        }
        for (std::string& id : *frame.mutable_questions()->mutable_cancelled_exchange_ids()) {
          cancelled.push_back(*Uuid::FromRaw(id));
        }
      } else if (frame.has_recorded()) {
        ++recorded_frames;
        for (const v1::RecordedAnswer& answer : frame.recorded().answers()) {
          recorded.emplace_back(*Uuid::FromRaw(answer.exchange_id()), answer.entry_index());
        }
      } else if (frame.has_welcome()) {
        welcome = frame.welcome();
      } else if (frame.has_heartbeat()) {
        ++heartbeats;
      } else if (frame.has_draining()) {
        draining = true;
      }
    }
    return questions;
  }
  int question_frames = 0;
  int recorded_frames = 0;
  int heartbeats = 0;
  bool draining = false;
  std::optional<v1::Welcome> welcome;
  std::vector<Uuid> cancelled;
  std::vector<std::pair<Uuid, uint64_t>> recorded;

  // A frame with one answer to each question, signed by `signer`.
  static v1::FromAdapter Answers(const std::vector<v1::Question>& questions,
                                 const crypto::Ed25519Key& signer) {
    v1::FromAdapter message;
    v1::AnswerFrame& frame = *message.mutable_answers();
    std::vector<crypto::Digest> digests;
    for (const v1::Question& question : questions) {
      v1::Answer& answer = *frame.add_answers();
      answer.set_exchange_id(question.exchange_id());
      answer.set_answer(absl::StrCat("answer to ", question.request()));
      digests.push_back(tlog::AnswerDigest(*Uuid::FromRaw(question.exchange_id()),
                                           question.request(), answer.answer()));
    }
    frame.set_signature(tlog::Frame(digests).Sign(signer)->ToString());
    frame.set_key_id(crypto::KeyId(signer.public_key()).ToString());
    return message;
  }
  void Answer(const std::vector<v1::Question>& questions) {
    stream_->Deliver(Answers(questions, key_));
  }

 private:
  std::shared_ptr<FakeStream> stream_;
  const crypto::Ed25519Key key_;
};

// One gateway's links, and everything around them.
struct LinkWorld {
  explicit LinkWorld(double signature_share = 0.0) {
    links = Links::Create(
        {.gateway = "gw-1", .signature_share = signature_share},
        [this] {
          absl::MutexLock lock(&mu);
          return snapshot;
        },
        committer, clock, random);
  }
  void Apply(const std::string& text) {
    auto next = MakeSnapshot(text);
    absl::MutexLock lock(&mu);
    snapshot = std::move(next);
  }
  // An adapter of land-a that has said its hello.
  std::unique_ptr<FakeAdapter> Open(const std::vector<std::string>& kinds = {"entry.record",
                                                                             "land.title"}) {
    auto adapter = std::make_unique<FakeAdapter>(*links, "land-a", TestKey(1));
    adapter->Hello(TestHello(*snapshot, adapter->key(), kinds));
    return adapter;
  }
  // Asks; the reply lands in `replies`.
  Uuid Ask(absl::string_view kind, absl::string_view area, absl::string_view request,
           bool check_signature = false, absl::string_view holder = "land-a",
           absl::string_view member = "hro-1") {
    const Uuid id = Uuid::Version7(clock.Now(), random);
    policy::Permit permit;
    permit.grant = "grant-1";
    permit.claims = {"owner_name"};
    const policy::Caller caller = TestCaller(member);
    links->Ask({.exchange_id = id,
                .holder = std::string(holder),
                .kind = std::string(kind),
                .area = std::string(area),
                .request = request,
                .request_digest = crypto::Sha256(request),
                .caller = &caller,
                .acting_for = "hro-1",
                .permit = &permit,
                .share = share,
                .timeout = absl::Seconds(10),
                .repeatable = kind == "land.title",
                .check_signature = check_signature,
                .done = [this, id](Reply reply) {
                  absl::MutexLock lock(&mu);
                  EXPECT_FALSE(std::any_of(replies.begin(), replies.end(), [&](const auto& other) {
                    return other.first == id;
                  })) << "answered twice";
                  replies.emplace_back(id, std::move(reply));
                }});
    return id;
  }
  // The kinds of the replies so far, in order.
  std::vector<Reply::Kind> Kinds() {
    absl::MutexLock lock(&mu);
    std::vector<Reply::Kind> kinds;
    for (const auto& [id, reply] : replies) kinds.push_back(reply.kind);
    return kinds;
  }

  SimulatedClock clock{absl::FromCivil(absl::CivilDay(2026, 1, 15), absl::UTCTimeZone())};
  SeededRandom random{42};
  FakeCommitter committer;
  absl::Mutex mu;
  std::shared_ptr<const registry::Snapshot> snapshot = MakeSnapshot(TestRegistry());
  std::vector<std::pair<Uuid, Reply>> replies;
  uint32_t share = 100;  // of the members: one alone may fill a link
  std::unique_ptr<Links> links;
};

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_LINK_FAKES_H_
