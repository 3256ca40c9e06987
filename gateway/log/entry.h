// An entry on its way into the log: registry values, enums and commitments, never a name, number or
// free text. The table in entry.cc says for each type which keys it has, in which order, of which
// characters and length.
#ifndef CHAYAN_GATEWAY_LOG_ENTRY_H_
#define CHAYAN_GATEWAY_LOG_ENTRY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/digest.h"

namespace chayan::log {

enum class EntryType {
  kGenesis,
  kVerification,
  kDenied,
  kFailed,
  kForward,
  kRead,
  kRegistry,
  kLink,
  kOperator,
};

// Empty or absent fields are left out of the leaf. Values must be those of the registry, our enums'
// names, or "unknown".
struct Entry {
  EntryType type = EntryType::kFailed;
  Uuid id;
  std::string member;
  std::string system;
  std::string acting_for;              // leaf key "for"
  std::optional<crypto::Digest> cert;  // SHA-256 of the SubjectPublicKeyInfo
  std::string method;                  // "VerifyDocument"
  std::string kind;
  std::string holder;
  std::string purpose;
  std::string basis;
  std::string person_proof;  // "none" or "member"
  std::string grant;
  std::optional<crypto::Digest> registry;
  std::string outcome;  // as the caller saw it
  std::string by;       // "holder" or "gateway"
  std::string reason;   // name of an ErrorReason, or of what happened to a link
  std::optional<uint32_t> ms;
  std::optional<uint64_t> ref;  // index of the entry this one follows up
  std::optional<crypto::Digest> hsig;
  std::optional<crypto::Digest> key;  // link: the answer key's id
  std::string origin;                 // genesis
  std::string vkey;                   // genesis
  std::optional<crypto::Digest> c_req;
  std::optional<crypto::Digest> c_res;
  std::optional<crypto::Digest> c_detail;
};

// The leaf: one JSON object, keys in fixed order, no white space. At most kLeafBytesMax.
// REQUIRES: every value is of the character set and length its key has in the table (a CHECK:
// values come from us).
std::string RenderLeaf(const Entry& entry, absl::Time time, absl::string_view gateway);

inline constexpr size_t kLeafBytesMax = 2048;

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_ENTRY_H_
