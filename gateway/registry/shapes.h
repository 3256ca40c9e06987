// Shapes of the names a registry gives to things. Whatever can stand in a log leaf is lower-case
// ASCII of at most 64 characters, so that a leaf keeps its bound and never needs an escape; and the
// word "unknown" is nobody's name, because the log writes it for codes that the registry lacks.
#ifndef CHAYAN_GATEWAY_REGISTRY_SHAPES_H_
#define CHAYAN_GATEWAY_REGISTRY_SHAPES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace chayan::registry {

// Nine names of this length and the digests of a leaf stay well below its 2 KiB.
inline constexpr size_t kNameBytesMax = 64;

// A set of texts, with the words that tell a person what belongs to it.
struct Shape {
  bool (*matches)(absl::string_view);
  absl::string_view expected;
};

extern const Shape kMemberId;     // members, issuers, grants
extern const Shape kSystemName;   // systems
extern const Shape kDottedCode;   // purposes, legal bases
extern const Shape kKindCode;     // document kinds
extern const Shape kElementCode;  // claims and fields
extern const Shape kListedCode;   // values of type CODE, key ids
extern const Shape kTrustDomain;
extern const Shape kSpkiDigest;  // 64 hexadecimal digits
extern const Shape kSerial;      // hexadecimal without leading zeros
extern const Shape kPersonRole;
extern const Shape kCountyCode;  // five digits
extern const Shape kFilePath;    // of a file in a set: relative, inside, *.textproto

// The serial number of a certificate (crypto::Certificate::serial(): whole bytes) as a registry
// writes it, so that the two can be compared.
absl::string_view WithoutLeadingZeros(absl::string_view hex);

// Names that would be mistaken for something else in a log entry or a certificate's URI.
bool IsReservedName(absl::string_view name);

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_SHAPES_H_
