// Erasing the sealed part of one entry, by two auditors: one proposes, another one confirms. With
// the erasure's entry, in one transaction, go the vault row and its search tags; after it the
// store's files are purged of old pages.
#ifndef CHAYAN_GATEWAY_AUDIT_ERASURES_H_
#define CHAYAN_GATEWAY_AUDIT_ERASURES_H_

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/audit/audit_call.h"

namespace chayan::audit {

// A second auditor who needs longer asks for a new proposal.
inline constexpr absl::Duration kProposalLifetime = absl::Hours(7 * 24);

// On the reading thread.
class Erasures {
 public:
  explicit Erasures(const Collaborators& with) : with_(with) {}

  void EraseDetail(AuditCall call);
  void ListErasures(AuditCall call);

  // Something was erased: what is left of it in the store's files is to be purged.
  void WantPurge() { purge_wanted_ = true; }
  // Purges if it is wanted; tries again at the next tick while readers need old pages. At the start
  // it is wanted: a process may have died between an erasure and its purge.
  void Tick();

 private:
  // False after a refusal.
  bool Check(AuditCall& call, const v1::EraseDetailRequest& request);
  void Propose(AuditCall call, const v1::EraseDetailRequest& request);
  void Confirm(AuditCall call, const v1::EraseDetailRequest& request);
  // Empty after a refusal.
  std::optional<v1::Erasure> TakeProposal(AuditCall& call, const v1::EraseDetailRequest& request);
  // Whether another person, system and key made the proposal.
  absl::StatusOr<bool> IsOfAnother(const AuditCall& call, const v1::Erasure& proposal);
  // What the record says, with what follows from its entry's index and the time.
  v1::Erasure Told(v1::Erasure kept, uint64_t key, uint64_t index) const;

  const Collaborators& with_;
  bool purge_wanted_ = true;
  // Erasures whose entry is below the size are gone from the files since the time.
  std::vector<std::pair<uint64_t, absl::Time>> purges_;
};

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_ERASURES_H_
