// An entry on its way into the log, and a leaf on its way out of it: registry values, enums and
// commitments, never a name, number or free text. The tables in entry.cc are the one place that
// says for each type which keys it has, in which order, of which characters and length; writer and
// reader both go by them.
//
// Target chayan_entry (base and crypto alone), so that the offline verifier can read leaves without
// linking the writer.
#ifndef CHAYAN_GATEWAY_LOG_ENTRY_H_
#define CHAYAN_GATEWAY_LOG_ENTRY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/digest.h"

namespace chayan::log {

// No leaf is longer; the tables cannot make a longer one.
inline constexpr size_t kLeafBytesMax = 2048;

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
  kErasure,
  kKey,
  kReopen,
  kNotice,
  kDelivery,
  kAcknowledgement,
  kBulk,
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
  std::string by;       // "holder" or "gateway"; of a delivery's step also "publisher"
  std::string reason;   // name of an ErrorReason, or of what happened to a link
  std::optional<uint32_t> ms;
  std::optional<uint64_t> ref;  // index of the entry this one follows up
  std::optional<crypto::Digest> hsig;
  std::optional<crypto::Digest> key;            // link: the answer key's id
  std::string origin;                           // genesis; reopen: of the log before
  std::string vkey;                             // genesis, key; reopen: that signed the checkpoint
  std::optional<crypto::Ed25519Signature> sig;  // key, reopen
  std::optional<uint64_t> size;                 // reopen: of the checkpoint
  std::optional<crypto::Digest> root;
  std::optional<uint64_t> lost;  // reopen: the first index that is lost; `size`: none is
  std::optional<crypto::Digest> c_req;
  std::optional<crypto::Digest> c_res;
  std::optional<crypto::Digest> c_detail;
  // read: of the nonce that DrawSample records, of the report that ExportReport gives.
  std::optional<crypto::Digest> digest;
  std::string vault_key;  // erasure: the destroyed key, "2026-11.five-years"
};

// The leaf: one JSON object, keys in fixed order, no white space.
// REQUIRES: CheckEntry(entry, gateway) is OK.
std::string RenderLeaf(const Entry& entry, absl::Time time, absl::string_view gateway);

// The leaf with a time of zeros, to be stamped by the committer: so the writing happens on the
// submitter's thread. INTERNAL, naming the key, when the entry breaks its type's rules: that is our
// bug, but one bad exchange must not stop the gateway.
absl::StatusOr<std::string> RenderUnstampedLeaf(const Entry& entry, absl::string_view gateway);
// REQUIRES: `leaf` is of RenderUnstampedLeaf, `timestamp` of FormatTimestamp.
void StampLeaf(std::string& leaf, absl::string_view timestamp);

// What RenderUnstampedLeaf would say.
absl::Status CheckEntry(const Entry& entry, absl::string_view gateway);

// The leaf key of a type: "verification".
absl::string_view TypeName(EntryType type);

// A leaf as it was read.
struct ParsedLeaf {
  absl::Time time;
  std::string gateway;
  Uuid id;
  std::string type;
  std::optional<EntryType> known_type;  // absent: a type of a later version
  // All keys after `type`, in their order; numbers as their digits.
  std::vector<std::pair<std::string, std::string>> values;

  // Empty when absent: no value is empty.
  absl::string_view Get(absl::string_view key) const;
};

// Reads a leaf strictly: exactly the bytes RenderLeaf makes, for a type it knows; for any other
// type one flat object that begins with the common keys in their order. INVALID_ARGUMENT says
// what is wrong.
absl::StatusOr<ParsedLeaf> ParseLeaf(absl::string_view leaf);

// leaf_view.h reads the same without copying.

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_ENTRY_H_
