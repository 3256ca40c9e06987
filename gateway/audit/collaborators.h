// What the parts of the room work with.
#ifndef CHAYAN_GATEWAY_AUDIT_COLLABORATORS_H_
#define CHAYAN_GATEWAY_AUDIT_COLLABORATORS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/audit/page_tokens.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/log/committer.h"
#include "gateway/log/vault.h"
#include "gateway/registry/snapshot.h"
#include "gateway/store/store.h"

namespace chayan::audit {

// The first published checkpoint that covers an entry, a signed note. NOT_FOUND while there is
// none.
using FirstPublished = std::function<absl::StatusOr<std::string>(uint64_t index)>;

// All outlive the room.
struct Collaborators {
  log::Committer& committer;
  store::Store& store;
  log::Vault& vault;
  std::function<std::shared_ptr<const registry::Snapshot>()> registry;
  FirstPublished first_published;  // empty: nothing is published, so no sample can be drawn
  Clock& clock;
  Random& random;
  const PageTokens& page_tokens;
};

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_COLLABORATORS_H_
