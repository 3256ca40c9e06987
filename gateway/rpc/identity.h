// Who a verified chain of certificates is. Pure: certificates, registry and revocations in, a
// caller or a refusal out. The handshake has proved the key and the chain to a root; nothing else
// is believed: not the common name, not a URI that another authority than the member's own
// certified.
#ifndef CHAYAN_GATEWAY_RPC_IDENTITY_H_
#define CHAYAN_GATEWAY_RPC_IDENTITY_H_

#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/crypto/certificate.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"
#include "gateway/rpc/trust_state.h"

namespace chayan::rpc {

// Leaf first, root last, as the handshake verified it.
using Chain = std::vector<crypto::Certificate>;

struct Identity {
  policy::Caller caller;
  const v1::Member* member;  // lives as long as the snapshot
};

// `caller` in a refusal is known as far as it was proved: with the certificate always.
struct IdentityRefusal {
  policy::Caller caller;
  policy::Refusal refusal;
};

// In this order: validity, who, issuer, deny-list, revocation lists.
std::variant<Identity, IdentityRefusal> Identify(const Chain& chain,
                                                 const registry::Snapshot& snapshot,
                                                 const TrustLists& lists, absl::Time now);

// Splits "spiffe://DOMAIN/MEMBER/SYSTEM"; false for any other form.
struct UriParts {
  absl::string_view domain;
  absl::string_view member;
  absl::string_view system;
};
bool ParseUri(absl::string_view uri, UriParts& parts);

// The first and last moment at which every certificate of the chain is valid.
struct Validity {
  absl::Time not_before;
  absl::Time not_after;
};
Validity ValidityOf(const Chain& chain);

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_IDENTITY_H_
