#include "gateway/tally/locks.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/registry/calendar.h"

namespace chayan::tally {
namespace {

using store::KeptTally;
using store::TallyKind;

// Of a subject and of a person. A day has far too few of them for two to meet.
constexpr size_t kKeyBytes = 16;

// Ids begin with the scope, so that nobody lifts one kind of lock for another.
constexpr absl::string_view kPersonAndSubject = "person-subject-";
constexpr absl::string_view kSubject = "subject-";
constexpr absl::string_view kPerson = "person-";
constexpr absl::string_view kSystem = "system-";

uint32_t OrDefault(uint32_t value, uint32_t otherwise) { return value == 0 ? otherwise : value; }

uint32_t MismatchesMax(const v1::DocumentKind& kind) {
  return OrDefault(kind.mismatches_per_person_max(), kMismatchesPerPerson);
}
uint32_t PersonsMax(const v1::DocumentKind& kind) {
  return OrDefault(kind.mismatched_persons_max(), kMismatchedPersons);
}

std::string SystemKey(absl::string_view member, absl::string_view system) {
  return absl::StrCat(member, "/", system);
}

Lock LockOf(v1::LockScope scope, absl::string_view prefix, absl::string_view key, int64_t count) {
  Lock lock;
  lock.id = absl::StrCat(prefix, HexEncode(key));
  lock.scope = scope;
  lock.count = count;
  return lock;
}

policy::Refusal Stopped(v1::ErrorReason reason, const char* message, int64_t count,
                        absl::Duration until_midnight, std::string lock) {
  policy::Refusal refusal;
  refusal.reason = reason;
  refusal.message = message;
  refusal.metadata = {{"count", absl::StrCat(count)}, {"lock", std::move(lock)}};
  refusal.retry_delay = until_midnight;
  return refusal;
}

}  // namespace

Locks::Locks(const crypto::Secret32& key, Ledger& ledger, const Clock& clock)
    : key_(key), ledger_(ledger), clock_(clock) {}

std::string Locks::SubjectKey(const Attempt& attempt) const {
  const absl::string_view end("\0", 1);
  const crypto::Digest digest =
      key_.Sign({"subject", end, attempt.kind.code(), end, attempt.subject_number});
  return std::string(digest.raw().substr(0, kKeyBytes));
}

std::string Locks::PersonKey(absl::string_view member, absl::string_view person_id) const {
  const absl::string_view end("\0", 1);
  const crypto::Digest digest = key_.Sign({"person", end, member, end, person_id});
  return std::string(digest.raw().substr(0, kKeyBytes));
}

std::optional<Lock> Locks::Find(const Attempt& attempt) const {
  // Every mismatch begins with a person's first, which counts toward the subject.
  if (attempt.subject_number.empty() || !ledger_.HasAny(TallyKind::kSubject)) return std::nullopt;
  const std::string subject = SubjectKey(attempt);
  const int64_t persons = ledger_.Count(TallyKind::kSubject, subject);
  if (persons <= 0) return std::nullopt;
  const std::string own =
      absl::StrCat(subject, PersonKey(attempt.caller.member, attempt.person_id));
  const int64_t mismatches = ledger_.Count(TallyKind::kPersonAndSubject, own);
  if (mismatches >= MismatchesMax(attempt.kind)) {
    return LockOf(v1::LOCK_SCOPE_PERSON_AND_SUBJECT, kPersonAndSubject, own, mismatches);
  }
  if (persons >= PersonsMax(attempt.kind)) {
    return LockOf(v1::LOCK_SCOPE_SUBJECT, kSubject, subject, persons);
  }
  return std::nullopt;
}

v1::LockState Locks::CountMismatch(const Attempt& attempt, Charge& charge) const {
  const std::string subject = SubjectKey(attempt);
  const std::string own =
      absl::StrCat(subject, PersonKey(attempt.caller.member, attempt.person_id));
  const absl::string_view end("\0", 1);
  const std::string request =
      std::string(key_.Sign({"request", end, attempt.caller.member, end, attempt.caller.system, end,
                             attempt.method, end, attempt.request_id})
                      .raw()
                      .substr(0, kKeyBytes));
  int64_t mismatches = ledger_.Count(TallyKind::kPersonAndSubject, own);
  // The first of twins that the memory of answers has lost, after a restart say, counted.
  if (charge.Add(TallyKind::kRequest, request, {}) > 1) {
    charge.TakeBackLast();
  } else {
    mismatches = charge.Add(TallyKind::kPersonAndSubject, own,
                            absl::StrCat(attempt.kind.code(), " ", attempt.caller.member));
    if (mismatches == 1) charge.Add(TallyKind::kSubject, subject, attempt.kind.code());
  }
  if (const std::optional<Lock> lock = Find(attempt); lock.has_value()) return Show(*lock);
  v1::LockState state;
  state.set_attempts_left(
      static_cast<uint32_t>(std::max<int64_t>(MismatchesMax(attempt.kind) - mismatches, 0)));
  state.mutable_until_time()->set_seconds(
      absl::ToUnixSeconds(registry::NextMidnight(clock_.Now())));
  return state;
}

v1::LockState Locks::Show(const Lock& lock) const {
  v1::LockState state;
  state.set_scope(lock.scope);
  state.set_lock(lock.id);
  state.mutable_until_time()->set_seconds(
      absl::ToUnixSeconds(registry::NextMidnight(clock_.Now())));
  return state;
}

// --- stops -------------------------------------------------------------------------------------

std::optional<policy::Refusal> Locks::CheckSystem(const policy::Caller& caller,
                                                  const registry::Snapshot& snapshot) const {
  if (!ledger_.HasAny(TallyKind::kSystemDenials)) return std::nullopt;
  const v1::System* const system = snapshot.FindSystem(caller.member, caller.system);
  if (system == nullptr) return std::nullopt;  // refused for that
  const std::string key = SystemKey(caller.member, caller.system);
  const int64_t denials = ledger_.Count(TallyKind::kSystemDenials, key);
  if (denials < OrDefault(system->denials_per_day(), kDenialsPerDay)) return std::nullopt;
  const absl::Time now = clock_.Now();
  return Stopped(v1::ERROR_REASON_DENIAL_BUDGET_EXHAUSTED,
                 "the system was refused so often today that it is stopped; mend what it asks, "
                 "then have the lock lifted",
                 denials, registry::NextMidnight(now) - now, absl::StrCat(kSystem, HexEncode(key)));
}

std::optional<policy::Refusal> Locks::CheckPerson(const policy::Caller& caller,
                                                  absl::string_view person_id,
                                                  const registry::Snapshot& snapshot) const {
  if (!ledger_.HasAny(TallyKind::kPersonMisses) && !ledger_.HasAny(TallyKind::kPersonQuestions)) {
    return std::nullopt;
  }
  const v1::Member* const member = snapshot.FindMember(caller.member);
  if (member == nullptr) return std::nullopt;
  const std::string key = PersonKey(caller.member, person_id);
  const int64_t misses = ledger_.Count(TallyKind::kPersonMisses, key);
  const int64_t questions = ledger_.Count(TallyKind::kPersonQuestions, key);
  const uint32_t questions_max = member->person_questions_per_day();
  const bool missed = misses >= OrDefault(member->person_misses_per_day(), kPersonMissesPerDay);
  if (!missed && (questions_max == 0 || questions < questions_max)) return std::nullopt;
  const absl::Time now = clock_.Now();
  return Stopped(v1::ERROR_REASON_PERSON_STOPPED,
                 missed
                     ? "this person was told so often today that something differs or is not "
                       "there that it is stopped; have the lock lifted by another person"
                     : "this person asked so much today that it is stopped; have the lock lifted "
                       "by another person",
                 missed ? misses : questions, registry::NextMidnight(now) - now,
                 absl::StrCat(kPerson, HexEncode(key)));
}

void Locks::CountDenial(const policy::Caller& caller, Charge& charge) const {
  charge.Add(TallyKind::kSystemDenials, SystemKey(caller.member, caller.system),
             absl::StrCat(caller.member, " ", caller.system));
}

void Locks::CountMiss(const policy::Caller& caller, absl::string_view person_id,
                      Charge& charge) const {
  charge.Add(TallyKind::kPersonMisses, PersonKey(caller.member, person_id), caller.member);
}

void Locks::CountQuestion(const policy::Caller& caller, absl::string_view person_id,
                          const registry::Snapshot& snapshot, Charge& charge) const {
  const v1::Member* const member = snapshot.FindMember(caller.member);
  if (member == nullptr || member->person_questions_per_day() == 0) return;
  charge.Add(TallyKind::kPersonQuestions, PersonKey(caller.member, person_id), caller.member);
}

// --- listing and lifting -----------------------------------------------------------------------

std::vector<Lock> Locks::List(const registry::Snapshot& snapshot) const {
  std::vector<Lock> locks;
  // A kind, member or system that the set has no more keeps the bounds of one that states nothing.
  const auto kind_of = [&](const std::string& code) -> const v1::DocumentKind& {
    const registry::Kind* const kind = snapshot.FindKind(code);
    return kind == nullptr ? v1::DocumentKind::default_instance() : *kind->proto;
  };
  const auto member_of = [&](const std::string& id) -> const v1::Member& {
    const v1::Member* const member = snapshot.FindMember(id);
    return member == nullptr ? v1::Member::default_instance() : *member;
  };
  for (const KeptTally& kept : ledger_.List(TallyKind::kPersonAndSubject)) {
    const std::pair<std::string, std::string> label = absl::StrSplit(kept.label, ' ');
    if (kept.count < MismatchesMax(kind_of(label.first))) continue;
    locks.push_back(
        LockOf(v1::LOCK_SCOPE_PERSON_AND_SUBJECT, kPersonAndSubject, kept.key, kept.count));
    std::tie(locks.back().kind, locks.back().member) = label;
  }
  for (const KeptTally& kept : ledger_.List(TallyKind::kSubject)) {
    if (kept.count < PersonsMax(kind_of(kept.label))) continue;
    locks.push_back(LockOf(v1::LOCK_SCOPE_SUBJECT, kSubject, kept.key, kept.count));
    locks.back().kind = kept.label;
  }
  for (const TallyKind kind : {TallyKind::kPersonMisses, TallyKind::kPersonQuestions}) {
    for (const KeptTally& kept : ledger_.List(kind)) {
      const v1::Member& member = member_of(kept.label);
      const uint32_t max = kind == TallyKind::kPersonMisses
                               ? OrDefault(member.person_misses_per_day(), kPersonMissesPerDay)
                               : member.person_questions_per_day();
      if (max == 0 || kept.count < max) continue;
      locks.push_back(LockOf(v1::LOCK_SCOPE_PERSON, kPerson, kept.key, kept.count));
      locks.back().member = kept.label;
    }
  }
  for (const KeptTally& kept : ledger_.List(TallyKind::kSystemDenials)) {
    const std::pair<std::string, std::string> label = absl::StrSplit(kept.label, ' ');
    const v1::System* const system = snapshot.FindSystem(label.first, label.second);
    if (kept.count < OrDefault(system == nullptr ? 0 : system->denials_per_day(), kDenialsPerDay)) {
      continue;
    }
    locks.push_back(LockOf(v1::LOCK_SCOPE_SYSTEM, kSystem, kept.key, kept.count));
    std::tie(locks.back().member, locks.back().system) = label;
  }
  const auto by_id = [](const Lock& a, const Lock& b) { return a.id < b.id; };
  std::stable_sort(locks.begin(), locks.end(), by_id);
  // A person stopped for two causes has one lock.
  const auto same_id = [](const Lock& a, const Lock& b) { return a.id == b.id; };
  locks.erase(std::unique(locks.begin(), locks.end(), same_id), locks.end());
  return locks;
}

std::optional<Lock> Locks::FindById(absl::string_view id,
                                    const registry::Snapshot& snapshot) const {
  for (Lock& lock : List(snapshot)) {
    if (lock.id == id) return std::move(lock);
  }
  return std::nullopt;
}

bool Locks::TookPart(const Lock& lock, absl::string_view member,
                     absl::string_view person_id) const {
  if (lock.scope == v1::LOCK_SCOPE_SYSTEM) return false;
  const std::string person = HexEncode(PersonKey(member, person_id));
  if (lock.scope != v1::LOCK_SCOPE_SUBJECT) return absl::EndsWith(lock.id, person);
  const std::string own = absl::StrCat(absl::StripPrefix(lock.id, kSubject), person);
  const absl::StatusOr<std::string> key = HexDecode(own);
  return key.ok() && ledger_.Count(TallyKind::kPersonAndSubject, *key) > 0;
}

std::optional<policy::Refusal> Locks::Lift(const Lock& lock, absl::string_view member,
                                           absl::string_view person_id, Charge& charge) const {
  if (TookPart(lock, member, person_id)) {
    policy::Refusal refusal;
    refusal.reason = v1::ERROR_REASON_SECOND_PERSON_REQUIRED;
    refusal.message = "this person's own questions led to the lock; another person must lift it";
    refusal.violations = {{"person.id", "took part; another person must lift the lock"}};
    return refusal;
  }
  // What was seen is subtracted, not set to zero: a mismatch on its way counts before or after.
  const auto take_back = [&](TallyKind kind, const std::string& key) {
    const KeptTally kept = ledger_.Read(kind, key);
    if (kept.day == ledger_.today() && kept.count > 0) {
      charge.Add(kind, key, kept.label, -kept.count);
    }
  };
  const absl::string_view hex = absl::string_view(lock.id).substr(lock.id.rfind('-') + 1);
  const absl::StatusOr<std::string> key = HexDecode(hex);
  if (!key.ok()) return std::nullopt;  // ids are ours
  switch (lock.scope) {
    case v1::LOCK_SCOPE_PERSON_AND_SUBJECT:
      take_back(TallyKind::kPersonAndSubject, *key);
      break;
    case v1::LOCK_SCOPE_SUBJECT:
      take_back(TallyKind::kSubject, *key);
      break;
    case v1::LOCK_SCOPE_PERSON:
      take_back(TallyKind::kPersonMisses, *key);
      take_back(TallyKind::kPersonQuestions, *key);
      break;
    default:
      take_back(TallyKind::kSystemDenials, *key);
  }
  return std::nullopt;
}

}  // namespace chayan::tally
