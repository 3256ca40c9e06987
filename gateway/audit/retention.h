// Forgetting by term: once a day the keys of months and classes whose term has ended are destroyed,
// each with an erasure entry first, and their rows erased. A legal hold on one entry keeps the
// whole month of its class: the key opens all of it or none.
#ifndef CHAYAN_GATEWAY_AUDIT_RETENTION_H_
#define CHAYAN_GATEWAY_AUDIT_RETENTION_H_

#include <deque>
#include <string>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/audit/audit_call.h"
#include "gateway/audit/erasures.h"

namespace chayan::audit {

// On the reading thread.
class Retention {
 public:
  Retention(const Collaborators& with, Erasures& erasures) : with_(with), erasures_(erasures) {}

  void ListRetention(AuditCall call);

  // Does a little of what is due: looks for keys once a day, then erases rows step by step. A crash
  // anywhere is made up for at the next start: the entry is never written twice, and a key that has
  // one is destroyed.
  void Tick();

 private:
  absl::Status Look();
  absl::Status Destroy(const std::string& key_id, bool has_entry);
  bool RecordErasure(const std::string& key_id);
  absl::StatusOr<absl::btree_set<std::string>> KeysWithEntry();

  const Collaborators& with_;
  Erasures& erasures_;
  absl::Time next_look_ = absl::InfinitePast();
  bool looked_ = false;
  std::deque<std::string> rows_left_;  // keys whose rows may not all be erased yet
};

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_RETENTION_H_
