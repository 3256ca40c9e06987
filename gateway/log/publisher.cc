#include "gateway/log/publisher.h"

#include <algorithm>
#include <deque>
#include <map>
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
#include "gateway/log/timestamper.h"
#include "gateway/log/tree_reader.h"
#include "gateway/log/witness_client.h"
#include "gateway/tlog/proof_file.h"

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

// A witness as Tick knows it.
struct Slot {
  WitnessTarget target;
  bool dials_in = false;
  bool busy = false;  // a task of its lane is under way
  uint64_t known_size = 0;
  absl::Duration next_try = -absl::InfiniteDuration();
  absl::Duration retry = kWitnessRetryMin;
  WitnessState state;
};

// What readers see. Immutable.
struct Picture {
  std::shared_ptr<const registry::Snapshot> registry;
  Publication published;
  Publication witnessed;
  std::map<uint64_t, std::string> open;  // size → note
  PublisherStatus status;
};

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
  std::shared_ptr<const Picture> Look() const;
  void Post(absl::AnyInvocable<void()> news);
  absl::Status PostFinding(absl::AnyInvocable<void()> finding);
  static const tlog::VerifierKey* KeyOf(const Picture& picture, absl::string_view member,
                                        absl::string_view system);

  // Tick's own.
  void TakeNews();
  void AdoptPolicy();
  void PublishIfDue();
  void AskWitnesses();
  void Ask(const std::string& vkey, Slot& slot);
  void TakeReply(const std::string& vkey, uint64_t size, WitnessReply reply);
  void Cosigned(const std::string& vkey, uint64_t size, tlog::NoteSignature cosignature);
  void Conflicting(const std::string& vkey, const std::string& note);
  void SetFault(Slot& slot, std::string fault);
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
  Timestamper timestamper_;
  std::string start_alarm_;
  std::shared_ptr<const registry::Snapshot> registry_;
  std::map<std::string, Slot> slots_;  // by vkey
  std::deque<OpenPublication> open_;   // by size; the last is the newest
  Publication witnessed_;              // size 0 and no note: none
  absl::Duration published_at_ = -absl::InfiniteDuration();
  std::optional<absl::Duration> missing_since_;  // the quorum
  bool quorum_lost_ = false;
  std::string store_fault_;

  mutable absl::Mutex mu_;
  std::vector<absl::AnyInvocable<void()>> inbox_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const Picture> picture_ ABSL_GUARDED_BY(mu_) = std::make_shared<Picture>();
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

std::shared_ptr<const Picture> TickingPublisher::Look() const {
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
  const auto picture = Look();
  if (!picture->status.publishing) return committer_.Checkpoint();
  if (!picture->witnessed.note.empty()) return picture->witnessed.note;
  return picture->published.note.empty() ? committer_.Checkpoint() : picture->published.note;
}

absl::StatusOr<Committed> TickingPublisher::Prove(uint64_t index) {
  const auto picture = Look();
  const Publication& under =
      picture->witnessed.size > index ? picture->witnessed : picture->published;
  const auto edge = committer_.Edge();
  if (under.size <= index || under.size > edge->size()) return committer_.Prove(index);
  CHAYAN_ASSIGN_OR_RETURN(std::vector<std::string> leaves, store_.ReadLeaves(index, 1, 0));
  CHAYAN_ASSIGN_OR_RETURN(std::vector<tlog::Hash> path,
                          InclusionPath(store_, *edge, under.size, index));
  return Committed{.index = index,
                   .leaf = std::move(leaves[0]),
                   .tlog_proof = tlog::FormatProofFile({.extra = std::nullopt,
                                                        .index = index,
                                                        .path = std::move(path),
                                                        .checkpoint = under.note})};
}

const tlog::VerifierKey* TickingPublisher::KeyOf(const Picture& picture, absl::string_view member,
                                                 absl::string_view system) {
  const WitnessPolicy* const policy =
      picture.registry == nullptr ? nullptr : picture.registry->witness_policy();
  if (policy == nullptr) return nullptr;
  for (int i = 0; i < policy->proto.witnesses_size(); ++i) {
    const v1::WitnessSystem& dials_in = policy->proto.witnesses(i).dials_in();
    if (policy->proto.witnesses(i).has_dials_in() && dials_in.member() == member &&
        dials_in.system() == system) {
      return &policy->keys[static_cast<size_t>(i)];
    }
  }
  return nullptr;
}

absl::Status TickingPublisher::TakeCosignature(absl::string_view member, absl::string_view system,
                                               uint64_t size, absl::string_view line) {
  const auto picture = Look();
  const tlog::VerifierKey* const key = KeyOf(*picture, member, system);
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
  const tlog::VerifierKey* const key = KeyOf(*picture, member, system);
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

// A witness that stays keeps its state; what is known of one goes with its key.
void TickingPublisher::AdoptPolicy() {
  auto registry = options_.registry();
  if (registry == registry_) return;
  registry_ = std::move(registry);
  std::map<std::string, Slot> before;
  before.swap(slots_);
  if (publications_ == nullptr) store_fault_.clear();
  if (publications_ == nullptr && registry_->witness_policy() != nullptr) {
    store_fault_ = "the store's engine keeps no published checkpoints, so no witness is asked";
    diag::Error("publication.not_stored", {{"cause", store_fault_}});
  }
  if (policy() == nullptr) {
    missing_since_.reset();
    return;
  }
  for (int i = 0; i < policy()->proto.witnesses_size(); ++i) {
    const v1::Witness& witness = policy()->proto.witnesses(i);
    const auto known = before.find(witness.vkey());
    Slot slot =
        known == before.end()
            ? Slot{.target = {policy()->keys[static_cast<size_t>(i)], "", "", ""}, .state = {}}
            : std::move(known->second);
    slot.target.url = witness.url();
    slot.target.monitoring_url = witness.monitoring_url();
    slot.target.root_pem = witness.root_certificate_pem();
    slot.dials_in = witness.has_dials_in();
    slot.state.name = witness.name();
    slots_.insert_or_assign(witness.vkey(), std::move(slot));
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
  const uint64_t size = open_.back().row().size;
  const absl::Duration now = clock_.Elapsed();
  for (auto& [vkey, slot] : slots_) {
    const bool has_cosigned = open_.back().IsCosignedBy(slot.target.key);
    if (slot.dials_in) {
      if (!has_cosigned && now - published_at_ > kDialInSilenceMax) {
        SetFault(slot, absl::StrCat("has not dialled in to cosign ", size, " entries"));
      }
    } else if (!has_cosigned && !slot.busy && now >= slot.next_try) {
      Ask(vkey, slot);
    }
  }
}

void TickingPublisher::Ask(const std::string& vkey, Slot& slot) {
  const Publication& newest = open_.back().row();
  slot.busy = true;
  CosignRequest request{.origin = open_.back().origin(),
                        .note = open_.back().log_note(),
                        .size = newest.size,
                        .known_size = slot.known_size};
  lanes_.Run(vkey, [this, vkey, target = slot.target, request = std::move(request)] {
    const auto edge = committer_.Edge();
    WitnessReply reply = AskWitness(
        target, request,
        [this, &edge](uint64_t old_size, uint64_t new_size) {
          return ConsistencyPath(store_, *edge, old_size, new_size);
        },
        transport_);
    Post([this, vkey, size = request.size, reply = std::move(reply)]() mutable {
      TakeReply(vkey, size, std::move(reply));
    });
  });
}

void TickingPublisher::TakeReply(const std::string& vkey, uint64_t size, WitnessReply reply) {
  const auto found = slots_.find(vkey);
  if (found == slots_.end()) return;  // no witness of the policy any more
  Slot& slot = found->second;
  slot.busy = false;
  slot.known_size = reply.known_size;
  if (reply.cosignature.has_value()) {
    slot.retry = kWitnessRetryMin;
    Cosigned(vkey, size, *std::move(reply.cosignature));
    return;
  }
  slot.next_try = clock_.Elapsed() + slot.retry;
  slot.retry = std::min(2 * slot.retry, kWitnessRetryMax);
  SetFault(slot, std::move(reply.fault));
  if (!reply.shown.empty()) Conflicting(vkey, reply.shown);
}

void TickingPublisher::Cosigned(const std::string& vkey, uint64_t size,
                                tlog::NoteSignature cosignature) {
  const auto found = slots_.find(vkey);
  if (found == slots_.end()) return;
  WitnessState& state = found->second.state;
  if (!state.fault.empty()) diag::Info("witness.back", {{"witness", state.name}});
  state.fault.clear();
  state.cosigned_size = std::max(state.cosigned_size, size);
  state.cosigned_time = clock_.Now();
  start_alarm_.clear();
  OpenPublication* const publication = FindOpen(size);
  if (publication == nullptr) return;  // too late
  publication->Add(std::move(cosignature));
  Save(publication->row());
  CheckQuorum(*publication);
}

void TickingPublisher::Conflicting(const std::string& vkey, const std::string& note) {
  const auto found = slots_.find(vkey);
  if (found == slots_.end()) return;
  Slot& slot = found->second;
  const auto judgement = JudgeCheckpoint(note, options_.own_keys, store_);
  if (!judgement.ok()) {
    store_fault_ = std::string(judgement.status().message());
    return;
  }
  switch (judgement->verdict) {
    case Judgement::Verdict::kConsistent:
      return SetFault(slot, "would not cosign, and shows a checkpoint of this very log");
    case Judgement::Verdict::kNotOurs:
      return SetFault(slot, judgement->how);
    case Judgement::Verdict::kProof:
      SetFault(slot, judgement->how);
      committer_.Condemn(absl::FailedPreconditionError(
          absl::StrCat("witness ", slot.state.name, " shows ", judgement->how)));
  }
}

void TickingPublisher::SetFault(Slot& slot, std::string fault) {
  if (slot.state.fault == fault) return;
  diag::Warning("witness.fault", {{"witness", slot.state.name}, {"cause", fault}});
  slot.state.fault = std::move(fault);
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
  auto picture = std::make_shared<Picture>();
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
      status.witnesses.push_back(slots_.at(witness.vkey()).state);
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
