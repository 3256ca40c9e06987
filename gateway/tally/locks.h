// Who is locked out until midnight in Taipei, and how that is lifted.
//
// Three mismatches of one person about one subject, by one kind, lock this person out of that
// subject. The first mismatch of each person counts toward the subject: the third such person locks
// everybody out of it. So a clerk who mistypes harms nobody else, and guessing by invented persons
// ends after seven tries. A kind may state other bounds. Beside that a person is stopped who is
// told MISMATCH or NOT_FOUND too often over all subjects, or asks too much, and a system that is
// refused too often.
//
// Keys are HMACs under a key that lies outside the store: who has the store alone can tell neither
// person nor subject, and nothing outlives its day.
#ifndef CHAYAN_GATEWAY_TALLY_LOCKS_H_
#define CHAYAN_GATEWAY_TALLY_LOCKS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/crypto/hmac_key.h"
#include "gateway/crypto/secret.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"
#include "gateway/tally/ledger.h"

namespace chayan::tally {

// What a kind or member that states nothing has (registry.proto).
inline constexpr uint32_t kMismatchesPerPerson = 3;
inline constexpr uint32_t kMismatchedPersons = 3;
inline constexpr uint32_t kPersonMissesPerDay = 100;
inline constexpr uint32_t kDenialsPerDay = 5000;

// A question as locks know it. Views live as long as the question.
struct Attempt {
  const v1::DocumentKind& kind;
  const policy::Caller& caller;
  absl::string_view person_id;
  absl::string_view subject_number;  // in its normal form; empty: there is nothing to lock
  absl::string_view method;
  absl::string_view request_id;
};

struct Lock {
  std::string id;
  v1::LockScope scope = v1::LOCK_SCOPE_UNSPECIFIED;
  std::string kind;
  std::string member;
  std::string system;
  int64_t count = 0;
};

// Thread-safe.
class Locks {
 public:
  // All outlive it.
  Locks(const crypto::Secret32& key, Ledger& ledger, const Clock& clock);

  // The lock that keeps this question from being compared: the person's first.
  std::optional<Lock> Find(const Attempt& attempt) const;
  // A mismatch was found about a subject. Counts it, unless one of the same request was counted before, and says
  // how many attempts are left, or which lock this one closed.
  v1::LockState CountMismatch(const Attempt& attempt, Charge& charge) const;
  // As a clerk is shown a lock.
  v1::LockState Show(const Lock& lock) const;

  // Why a system or a person is stopped altogether.
  std::optional<policy::Refusal> CheckSystem(const policy::Caller& caller,
                                             const registry::Snapshot& snapshot) const;
  std::optional<policy::Refusal> CheckPerson(const policy::Caller& caller,
                                             absl::string_view person_id,
                                             const registry::Snapshot& snapshot) const;
  // A refusal, an answer that was not what was expected, a question that was asked.
  void CountDenial(const policy::Caller& caller, Charge& charge) const;
  void CountMiss(const policy::Caller& caller, absl::string_view person_id, Charge& charge) const;
  void CountQuestion(const policy::Caller& caller, absl::string_view person_id,
                     const registry::Snapshot& snapshot, Charge& charge) const;

  // All that stand, by id.
  std::vector<Lock> List(const registry::Snapshot& snapshot) const;
  // Takes back what closed the lock. Refused: there is none (any more), or it stands because of
  // what `person_id` of `member` asked.
  std::optional<policy::Refusal> Lift(const Lock& lock, absl::string_view member,
                                      absl::string_view person_id, Charge& charge) const;
  std::optional<Lock> FindById(absl::string_view id, const registry::Snapshot& snapshot) const;

 private:
  std::string SubjectKey(const Attempt& attempt) const;
  std::string PersonKey(absl::string_view member, absl::string_view person_id) const;
  bool TookPart(const Lock& lock, absl::string_view member, absl::string_view person_id) const;

  const crypto::HmacKey key_;
  Ledger& ledger_;
  const Clock& clock_;
};

}  // namespace chayan::tally

#endif  // CHAYAN_GATEWAY_TALLY_LOCKS_H_
