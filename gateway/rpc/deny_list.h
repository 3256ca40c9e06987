// The operator's deny-list: certificates refused at once, before any revocation list says so.
//
// Invariants: every entry denies something. A list with an entry that could never match, because it
// is written in another form or names an issuer that the registry lacks, is refused whole: taken as
// it stands it would let in whom the operator meant to keep out. Ids of issuers are resolved when
// the list is read; a registry that later calls the issuer otherwise changes nothing.
#ifndef CHAYAN_GATEWAY_RPC_DENY_LIST_H_
#define CHAYAN_GATEWAY_RPC_DENY_LIST_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/crypto/certificate.h"
#include "gateway/registry/snapshot.h"

namespace chayan::rpc {

// Immutable once made.
class DenyList {
 public:
  // Denies nobody.
  DenyList() = default;
  // `text`: a chayan.v1.DenyList. The error names the entry and says what to write in its place.
  static absl::StatusOr<DenyList> Parse(const std::string& text,
                                        const registry::Snapshot& snapshot);

  // `chain`: leaf first, root last. `uri`: the system's, also when the certificate carries none.
  bool Denies(const std::vector<crypto::Certificate>& chain, absl::string_view uri) const;

 private:
  absl::Status Add(const v1::DeniedCertificate& entry, const registry::Snapshot& snapshot);

  absl::flat_hash_set<std::string> keys_;  // SHA-256 of the SubjectPublicKeyInfo, hexadecimal
  absl::flat_hash_set<std::string> uris_;
  // The issuer's key like keys_, and the serial number without leading zeros.
  absl::flat_hash_set<std::pair<std::string, std::string>> serials_;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_DENY_LIST_H_
