// Which certificates are revoked: revocation lists from a folder, the deny-list from a file, the
// roots. Read again when the files change; a reader holds an immutable TrustLists.
//
// Invariants: a list counts only when a root or an issuer of the registry signed it. What was once
// revoked stays revoked until a newer list of the same issuer says otherwise: an expired list, a
// vanished one, an empty or unreadable folder, a deny-list that cannot be read or has an entry that
// can match nobody change nothing but raise an alarm. An issuer of which no list was ever loaded is
// an answer of its own: unknown, never good.
#ifndef CHAYAN_GATEWAY_RPC_TRUST_STATE_H_
#define CHAYAN_GATEWAY_RPC_TRUST_STATE_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/crl.h"
#include "gateway/crypto/digest.h"
#include "gateway/registry/snapshot.h"
#include "gateway/rpc/deny_list.h"
#include "gateway/rpc/watched_file.h"

namespace chayan::rpc {

// The newest revocation list of an authority that is in force.
struct RevocationList {
  std::string issuer;  // its id in the registry; of a root, "root-" and eight digits of its digest
  absl::Time this_update;
  std::optional<absl::Time> next_update;
};

// Immutable.
class TrustLists {
 public:
  enum class Finding { kGood, kRevoked, kUnknown, kRootGone };

  // `chain`: leaf first, root last. `uri`: the system's, also when the certificate carries none.
  Finding Check(const std::vector<crypto::Certificate>& chain, absl::string_view uri) const;

 private:
  friend class TrustState;
  // Lists of one authority, by the digest of its key.
  using Lists = std::vector<crypto::Crl>;

  absl::flat_hash_map<crypto::Digest, Lists> lists_;
  absl::flat_hash_map<crypto::Digest, std::string> issuers_;  // of lists_, by name
  DenyList denied_;
  absl::flat_hash_set<crypto::Digest> roots_;
};

// Thread-safe. Refresh is for one thread, Current for all.
class TrustState {
 public:
  struct Files {
    std::string crl_directory;
    std::string denylist_file;  // empty: none
  };
  TrustState(Files files, const Clock& clock);

  // Reads what changed since the last call and puts new lists in force. Failures become alarms.
  // The very first call has no last lists to keep: a folder or deny-list it cannot read is an
  // error.
  absl::Status Refresh(const std::vector<crypto::Certificate>& roots,
                       std::shared_ptr<const registry::Snapshot> snapshot);

  // A new pointer after each change.
  std::shared_ptr<const TrustLists> Current() const;
  // Sorted names: crl.expired, crl.malformed, crl.missing, crl.none, crl.older, crl.unreadable,
  // crl.unsigned, denylist.unreadable.
  std::vector<std::string> Alarms() const;
  // Sorted by issuer.
  std::vector<RevocationList> RevocationLists() const;

 private:
  // True when what they read differs from before.
  bool ReadFolder();
  bool ReadDenyList(const registry::Snapshot& snapshot, bool registry_changed);
  void AcceptLists(const TrustLists* last, TrustLists& next);

  const Files files_;
  const Clock& clock_;

  // Used by Refresh alone.
  bool first_ = true;
  WatchedFolder folder_;
  WatchedFile denylist_;
  std::vector<std::pair<std::string, std::string>> contents_;  // of the folder, path and bytes
  std::vector<crypto::Crl> read_;                              // parsed from it, unchecked
  std::string denylist_text_;
  std::set<std::string> folder_alarms_;
  std::set<std::string> accept_alarms_;
  std::string denylist_fault_;  // of the file as it is; empty: none
  DenyList denied_;
  std::vector<crypto::Certificate> roots_;
  std::shared_ptr<const registry::Snapshot> snapshot_;

  mutable absl::Mutex mu_;
  std::shared_ptr<const TrustLists> current_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> alarms_ ABSL_GUARDED_BY(mu_);  // those that time does not decide
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_TRUST_STATE_H_
