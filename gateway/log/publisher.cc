#include "gateway/log/publisher.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/judgement.h"
#include "gateway/log/open_publication.h"
#include "gateway/log/published_picture.h"
#include "gateway/log/timestamper.h"
#include "gateway/log/tree_reader.h"
#include "gateway/log/witness_client.h"
#include "gateway/log/witness_roster.h"

namespace chayan::log {
namespace {

using registry::WitnessPolicy;
using store::Publication;
using store::PublicationKind;

// Published checkpoints that still take cosignatures: half a minute's and more.
constexpr size_t kOpenPublicationsMax = 8;
// Findings of witnesses that dial in which wait for the next Tick: with a Tick several times a
// second, more is no honest witness. The ends of our own tasks, one a lane, always find room.
constexpr size_t kFindingsMax = 1024;

absl::StatusOr<std::optional<Publication>> OptionalOf(absl::StatusOr<Publication> read) {
  if (absl::IsNotFound(read.status())) return std::nullopt;
  CHAYAN_RETURN_IF_ERROR(read.status());
  return *std::move(read);
}

class TickingPublisher final : public Publisher {
 public:
  TickingPublisher(Options options, Committer& committer, store::Store& store,
                   AnchorTransport& transport, Lanes& lanes, const Clock& clock, Random& random)
      : options_(std::move(options)),
        committer_(committer),
        store_(store),
        publications_(store.publications()),
        transport_(transport),
        lanes_(lanes),
        clock_(clock),
        witnesses_(clock),
        timestamper_(transport, lanes, clock, random,
                     [this](absl::AnyInvocable<void()> news) { Post(std::move(news)); }),
        start_alarm_(options_.start_alarm) {}

  // What was published by the process before.
  absl::Status Recover();

  void Tick() override;
  std::string Published() const override { return Look()->published.note; }
  std::string Witnessed() const override { return Look()->witnessed.note; }
  std::string BestCheckpoint() const override;
  absl::StatusOr<Committed> Prove(uint64_t index) override;
  absl::Status TakeCosignature(absl::string_view member, absl::string_view system, uint64_t size,
                               absl::string_view line) override;
  absl::Status TakeConflict(absl::string_view member, absl::string_view system,
                            std::string note) override;
  PublisherStatus Status() const override { return Look()->status; }

 private:
  // From any thread.
  std::shared_ptr<const PublishedPicture> Look() const;
  void Post(absl::AnyInvocable<void()> news);
  absl::Status PostFinding(absl::AnyInvocable<void()> finding);

  // Tick's own.
  void TakeNews();
  void AdoptPolicy();
  void PublishIfDue();
  void AskWitnesses();
  void Ask(WitnessRoster::Due witness);
  void TakeReply(const std::string& vkey, uint64_t size, WitnessReply reply);
  void Cosigned(const std::string& vkey, uint64_t size, tlog::NoteSignature cosignature);
  void Conflicting(const std::string& vkey, const std::string& note);
  void CheckQuorum(OpenPublication& publication);
  void AskForTimestamp();
  void TakeTimestamp(const Stamp& stamp);
  void JudgeQuorum();
  void Save(const Publication& publication);
  void Show();
  const WitnessPolicy* policy() const {
    if (registry_ == nullptr || publications_ == nullptr) return nullptr;
    return registry_->witness_policy();
  }
  OpenPublication* FindOpen(uint64_t size);
  bool NewestIsWitnessed() const { return !open_.empty() && open_.back().row().witnessed; }

  const Options options_;
  Committer& committer_;
  store::Store& store_;
  store::Publications* const publications_;  // null: the engine keeps none, so nothing is published
  AnchorTransport& transport_;
  Lanes& lanes_;
  const Clock& clock_;

  // Tick's own (Recover's before it).
  WitnessRoster witnesses_;
  Timestamper timestamper_;
  std::string start_alarm_;
  std::shared_ptr<const registry::Snapshot> registry_;
  std::deque<OpenPublication> open_;  // by size; the last is the newest
  Publication witnessed_;             // size 0 and no note: none
  absl::Duration published_at_ = -absl::InfiniteDuration();
  std::optional<absl::Duration> missing_since_;  // the quorum
  bool quorum_lost_ = false;
  std::string store_fault_;

  mutable absl::Mutex mu_;
  std::vector<absl::AnyInvocable<void()>> inbox_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const PublishedPicture> picture_ ABSL_GUARDED_BY(mu_) =
      std::make_shared<PublishedPicture>();
};

absl::Status TickingPublisher::Recover() {
  if (publications_ == nullptr) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const auto newest,
                          OptionalOf(publications_->ReadNewest(PublicationKind::kAny)));
  CHAYAN_ASSIGN_OR_RETURN(const auto witnessed,
                          OptionalOf(publications_->ReadNewest(PublicationKind::kWitnessed)));
  CHAYAN_ASSIGN_OR_RETURN(const auto stamped,
                          OptionalOf(publications_->ReadNewest(PublicationKind::kTimestamped)));
  if (witnessed.has_value()) witnessed_ = *witnessed;
  if (stamped.has_value())
    timestamper_.Recall(stamped->size, absl::FromUnixMillis(stamped->time_ms));
  if (!newest.has_value()) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(OpenPublication open, OpenPublication::Create(*newest));
  open_.push_back(std::move(open));
  published_at_ = clock_.Elapsed();
  if (newest->witnessed) return absl::OkStatus();
  // The grace does not begin anew with the process.
  const uint64_t first_size = witnessed.has_value() ? witnessed->size + 1 : 0;
  CHAYAN_ASSIGN_OR_RETURN(const auto first_missing,
                          OptionalOf(publications_->ReadFirst(first_size, PublicationKind::kAny)));
  const absl::Duration age =
      clock_.Now() - absl::FromUnixMillis(first_missing.value_or(*newest).time_ms);
  missing_since_ = clock_.Elapsed() - std::max(age, absl::ZeroDuration());
  return absl::OkStatus();
}

// --- from any thread ---------------------------------------------------------------------------

std::shared_ptr<const PublishedPicture> TickingPublisher::Look() const {
  absl::MutexLock lock(&mu_);
  return picture_;
}

void TickingPublisher::Post(absl::AnyInvocable<void()> news) {
  absl::MutexLock lock(&mu_);
  inbox_.push_back(std::move(news));
}

absl::Status TickingPublisher::PostFinding(absl::AnyInvocable<void()> finding) {
  absl::MutexLock lock(&mu_);
  if (inbox_.size() >= kFindingsMax) {
    return absl::ResourceExhaustedError("too many findings wait to be taken");
  }
  inbox_.push_back(std::move(finding));
  return absl::OkStatus();
}

std::string TickingPublisher::BestCheckpoint() const {
  std::string best = Look()->Best();
  return best.empty() ? committer_.Checkpoint() : best;
}

absl::StatusOr<Committed> TickingPublisher::Prove(uint64_t index) {
  return Look()->Prove(index, committer_, store_);
}

absl::Status TickingPublisher::TakeCosignature(absl::string_view member, absl::string_view system,
                                               uint64_t size, absl::string_view line) {
  const auto picture = Look();
  const tlog::VerifierKey* const key = picture->KeyOf(member, system);
  if (key == nullptr) return absl::PermissionDeniedError("no witness dials in by this system");
  const auto open = picture->open.find(size);
  if (open == picture->open.end()) {
    return absl::NotFoundError("no checkpoint of this size is on offer; fetch the newest");
  }
  CHAYAN_ASSIGN_OR_RETURN(tlog::NoteSignature cosignature,
                          FindCosignature(line, *key, open->second));
  return PostFinding(
      [this, vkey = key->ToString(), size, cosignature = std::move(cosignature)]() mutable {
        Cosigned(vkey, size, std::move(cosignature));
      });
}

absl::Status TickingPublisher::TakeConflict(absl::string_view member, absl::string_view system,
                                            std::string note) {
  const auto picture = Look();
  const tlog::VerifierKey* const key = picture->KeyOf(member, system);
  if (key == nullptr) return absl::PermissionDeniedError("no witness dials in by this system");
  return PostFinding(
      [this, vkey = key->ToString(), note = std::move(note)] { Conflicting(vkey, note); });
}

// --- Tick --------------------------------------------------------------------------------------

void TickingPublisher::Tick() {
  TakeNews();
  AdoptPolicy();
  if (!committer_.Status().stopped_by_fault) {
    if (publications_ != nullptr) PublishIfDue();
    if (policy() != nullptr) {
      AskWitnesses();
      AskForTimestamp();
    }
  }
  JudgeQuorum();
  Show();
}

void TickingPublisher::TakeNews() {
  std::vector<absl::AnyInvocable<void()>> news;
  {
    absl::MutexLock lock(&mu_);
    news.swap(inbox_);
  }
  for (absl::AnyInvocable<void()>& each : news) each();
}

void TickingPublisher::AdoptPolicy() {
  auto registry = options_.registry();
  if (registry == registry_) return;
  registry_ = std::move(registry);
  if (publications_ == nullptr) store_fault_.clear();
  if (publications_ == nullptr && registry_->witness_policy() != nullptr) {
    store_fault_ = "the store's engine keeps no published checkpoints, so no witness is asked";
    diag::Error("publication.not_stored", {{"cause", store_fault_}});
  }
  witnesses_.Adopt(policy());
  if (policy() == nullptr) {
    missing_since_.reset();
    return;
  }
  // A first policy is not to blame for what nobody was asked to cosign.
  if (!missing_since_.has_value() && !open_.empty() && !NewestIsWitnessed()) {
    missing_since_ = clock_.Elapsed();
  }
  // What came before may be a quorum of the new policy.
  for (OpenPublication& publication : open_) CheckQuorum(publication);
}

void TickingPublisher::PublishIfDue() {
  const absl::Duration now = clock_.Elapsed();
  const bool waits_for_quorum = policy() != nullptr && !open_.empty() && !NewestIsWitnessed();
  const absl::Duration pause = waits_for_quorum ? kQuorumPatience : kPublishPause;
  if (now - published_at_ < pause) return;
  auto publication = OpenPublication::Create({.size = 0,
                                              .note = committer_.Checkpoint(),
                                              .time_ms = absl::ToUnixMillis(clock_.Now()),
                                              .witnessed = false,
                                              .timestamp = ""});
  // The committer signed it.
  CHAYAN_CHECK(publication.ok());
  if (!open_.empty() && publication->row().size <= open_.back().row().size) return;
  published_at_ = now;
  Save(publication->row());
  open_.push_back(*std::move(publication));
  if (open_.size() > kOpenPublicationsMax) open_.pop_front();
  if (policy() == nullptr) return;
  if (!missing_since_.has_value()) missing_since_ = now;
  // The policy may ask for nobody.
  CheckQuorum(open_.back());
}

void TickingPublisher::AskWitnesses() {
  if (open_.empty()) return;
  for (WitnessRoster::Due& witness : witnesses_.TakeDue(open_.back(), published_at_)) {
    Ask(std::move(witness));
  }
}

void TickingPublisher::Ask(WitnessRoster::Due witness) {
  CosignRequest request{.origin = open_.back().origin(),
                        .note = open_.back().log_note(),
                        .size = open_.back().row().size,
                        .known_size = witness.known_size};
  const std::string lane = witness.vkey;
  lanes_.Run(lane, [this, witness = std::move(witness), request = std::move(request)] {
    const auto edge = committer_.Edge();
    WitnessReply reply = AskWitness(
        witness.target, request,
        [this, &edge](uint64_t old_size, uint64_t new_size) {
          return ConsistencyPath(store_, *edge, old_size, new_size);
        },
        transport_);
    Post([this, vkey = witness.vkey, size = request.size, reply = std::move(reply)]() mutable {
      TakeReply(vkey, size, std::move(reply));
    });
  });
}

void TickingPublisher::TakeReply(const std::string& vkey, uint64_t size, WitnessReply reply) {
  witnesses_.Replied(vkey, reply);
  if (reply.cosignature.has_value()) {
    Cosigned(vkey, size, *std::move(reply.cosignature));
  } else if (!reply.shown.empty()) {
    Conflicting(vkey, reply.shown);
  }
}

void TickingPublisher::Cosigned(const std::string& vkey, uint64_t size,
                                tlog::NoteSignature cosignature) {
  if (witnesses_.Find(vkey) == nullptr) return;  // no witness of the policy any more
  witnesses_.Cosigned(vkey, size);
  start_alarm_.clear();
  OpenPublication* const publication = FindOpen(size);
  if (publication == nullptr) return;  // too late
  publication->Add(std::move(cosignature));
  Save(publication->row());
  CheckQuorum(*publication);
}

void TickingPublisher::Conflicting(const std::string& vkey, const std::string& note) {
  const WitnessState* const witness = witnesses_.Find(vkey);
  if (witness == nullptr) return;
  const auto judgement = JudgeCheckpoint(note, options_.own_keys, store_);
  if (!judgement.ok()) {
    store_fault_ = std::string(judgement.status().message());
    return;
  }
  switch (judgement->verdict) {
    case Judgement::Verdict::kConsistent:
      return witnesses_.SetFault(vkey, "would not cosign, and shows a checkpoint of this very log");
    case Judgement::Verdict::kNotOurs:
      return witnesses_.SetFault(vkey, judgement->how);
    case Judgement::Verdict::kProof:
      witnesses_.SetFault(vkey, judgement->how);
      committer_.Condemn(absl::FailedPreconditionError(
          absl::StrCat("witness ", witness->name, " shows ", judgement->how)));
  }
}

// Once witnessed, always witnessed: a later policy does not take it back.
void TickingPublisher::CheckQuorum(OpenPublication& publication) {
  if (publication.row().witnessed || policy() == nullptr) return;
  if (!publication.IsQuorum(*policy())) return;
  publication.SetWitnessed();
  Save(publication.row());
  if (publication.row().size > witnessed_.size || witnessed_.note.empty()) {
    witnessed_ = publication.row();
  }
  // Since the first one behind it that lacks the quorum, if there is one.
  missing_since_.reset();
  for (const OpenPublication& later : open_) {
    if (later.row().size <= witnessed_.size || later.row().witnessed) continue;
    const absl::Duration age = clock_.Now() - absl::FromUnixMillis(later.row().time_ms);
    missing_since_ = clock_.Elapsed() - std::max(age, absl::ZeroDuration());
    break;
  }
}

void TickingPublisher::AskForTimestamp() {
  if (open_.empty() || !policy()->proto.has_timestamp_authority()) return;
  const Publication& subject = witnessed_.note.empty() ? open_.back().row() : witnessed_;
  timestamper_.AskIfDue(policy()->proto.timestamp_authority(), subject,
                        [this](Stamp stamp) { TakeTimestamp(stamp); });
}

// The row as it stands now: cosignatures may have come meanwhile.
void TickingPublisher::TakeTimestamp(const Stamp& stamp) {
  if (OpenPublication* const open = FindOpen(stamp.size); open != nullptr) {
    open->SetTimestamp(stamp.reply);
    return Save(open->row());
  }
  auto row = publications_->ReadFirst(stamp.size, PublicationKind::kAny);
  if (row.ok() && row->size == stamp.size) {
    row->timestamp = stamp.reply;
    Save(*row);
  }
}

void TickingPublisher::JudgeQuorum() {
  const bool lost = policy() != nullptr && missing_since_.has_value() &&
                    clock_.Elapsed() - *missing_since_ > policy()->grace;
  const bool closes = lost && policy()->closed;
  if (lost != quorum_lost_) {
    quorum_lost_ = lost;
    if (lost) {
      diag::Error("quorum.missing", {{"closed", closes ? "yes" : "no"},
                                     {"published_size", open_.back().row().size},
                                     {"witnessed_size", witnessed_.size}});
    } else {
      diag::Info("quorum.back", {{"witnessed_size", witnessed_.size}});
    }
  }
  committer_.Hold(closes ? absl::StrCat("no quorum of witnesses has cosigned for more than ",
                                        absl::FormatDuration(policy()->grace),
                                        "; the policy closes the log until one does")
                         : "");
}

void TickingPublisher::Save(const Publication& publication) {
  const absl::Status status = publications_->Put(publication);
  if (status.ok()) {
    store_fault_.clear();
  } else if (absl::string_view(store_fault_) != status.message()) {
    store_fault_ = std::string(status.message());
    diag::Error("publication.not_stored", {{"cause", store_fault_}});
  }
}

OpenPublication* TickingPublisher::FindOpen(uint64_t size) {
  for (OpenPublication& publication : open_) {
    if (publication.row().size == size) return &publication;
  }
  return nullptr;
}

void TickingPublisher::Show() {
  auto picture = std::make_shared<PublishedPicture>();
  picture->registry = registry_;
  PublisherStatus& status = picture->status;
  status.publishing = policy() != nullptr;
  if (status.publishing) picture->witnessed = witnessed_;
  if (!open_.empty()) {
    picture->published = open_.back().row();
    for (const OpenPublication& each : open_)
      picture->open.emplace(each.row().size, each.log_note());
    status.published_size = picture->published.size;
    status.published_time = absl::FromUnixMillis(picture->published.time_ms);
  }
  status.witnessed_size = witnessed_.size;
  status.quorum_present = !quorum_lost_;
  status.closed = quorum_lost_ && policy() != nullptr && policy()->closed;
  bool fault = !start_alarm_.empty();
  if (policy() != nullptr) {
    for (const v1::Witness& witness : policy()->proto.witnesses()) {
      status.witnesses.push_back(*witnesses_.Find(witness.vkey()));
      fault = fault || !status.witnesses.back().fault.empty();
    }
    status.timestamp_fault = timestamper_.fault();
  }
  status.timestamp_time = timestamper_.last_time();
  status.timestamp_size = timestamper_.last_size();
  if (fault) status.alarms.push_back("witness.fault");
  if (quorum_lost_) status.alarms.push_back("quorum.missing");
  if (!status.timestamp_fault.empty()) status.alarms.push_back("timestamp.fault");
  if (!store_fault_.empty()) status.alarms.push_back("publication.fault");
  absl::MutexLock lock(&mu_);
  picture_ = std::move(picture);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Publisher>> Publisher::Create(Options options, Committer& committer,
                                                             store::Store& store,
                                                             AnchorTransport& transport,
                                                             Lanes& lanes, const Clock& clock,
                                                             Random& random) {
  auto publisher = std::make_unique<TickingPublisher>(std::move(options), committer, store,
                                                      transport, lanes, clock, random);
  CHAYAN_RETURN_IF_ERROR(Annotate(publisher->Recover(), "read the published checkpoints"));
  return publisher;
}

}  // namespace chayan::log
