// The catalogue of document kinds, as callers see it. Concerns no person: counted, not recorded.
#ifndef CHAYAN_GATEWAY_VERIFY_CATALOGUE_H_
#define CHAYAN_GATEWAY_VERIFY_CATALOGUE_H_

#include "gateway/registry/snapshot.h"
#include "gateway/rpc/call.h"

namespace chayan::verify {

void ListDocumentKinds(const registry::Snapshot& snapshot, rpc::UnaryCall& call);
void GetDocumentKind(const registry::Snapshot& snapshot, rpc::UnaryCall& call);

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_CATALOGUE_H_
