// Document kinds as an adapter knows them: from copies of the registry's files.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_KIND_H_
#define CHAYAN_ADAPTERS_CONNECTOR_KIND_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/crypto/digest.h"

namespace chayan::connector {

// Its claims and fields, each "code:TYPE", sorted.
std::vector<std::string> KindElements(const v1::DocumentKind& kind);

// SHA-256 over the kind's code, then its claims and fields sorted, each "code:TYPE\n": what the
// hello carries, so that a gateway and an adapter that mean different things by one code find out
// at once.
crypto::Digest KindDigest(const v1::DocumentKind& kind);

// nullptr if there is none.
const v1::Element* FindClaim(const v1::DocumentKind& kind, absl::string_view code);
const v1::Element* FindField(const v1::DocumentKind& kind, absl::string_view code);

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_KIND_H_
