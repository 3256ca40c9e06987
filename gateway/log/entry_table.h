// The one table of entry types: each key with its characters and length, in the order in which keys
// stand in a leaf, and each type with the keys it must and may have. A key, a type or an order that
// stands here can never change, for leaves are kept for ever; new types and keys are added.
#ifndef CHAYAN_GATEWAY_LOG_ENTRY_TABLE_H_
#define CHAYAN_GATEWAY_LOG_ENTRY_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/strings/string_view.h"
#include "gateway/log/entry.h"

namespace chayan::log {

// Which characters a value may have. None needs a JSON escape.
enum class Form {
  kId,      // a-z 0-9 -           ids of members and systems
  kCode,    // A-Z a-z 0-9 . _ -   registry codes, enum names
  kName,    // kCode and / : +     gateway names, origins, verifier keys (with =)
  kDigest,  // 32 bytes in base64: exactly 44 characters
  kNumber,  // decimal, no quotes
};

// The keys after the common ones (v, t, gw, id, type), in the order of the leaf.
enum class Key : uint8_t {
  kMember,
  kSystem,
  kFor,
  kCert,
  kMethod,
  kKind,
  kHolder,
  kPurpose,
  kBasis,
  kPersonProof,
  kGrant,
  kRegistry,
  kOutcome,
  kBy,
  kReason,
  kMs,
  kRef,
  kKey,
  kOrigin,
  kVkey,
  kSig,
  kSize,
  kRoot,
  kLost,
  kHsig,
  kCReq,
  kCRes,
  kCDetail,
  kDigest,
  kVaultKey,
};
inline constexpr size_t kKeyCount = 30;

struct KeyRule {
  Key key;
  const char* name;
  Form form;
  size_t length_max;  // characters of the value
};

// Ids and codes of the registry have at most 64 characters; enum names are shorter.
inline constexpr size_t kCodeLengthMax = 64;
inline constexpr size_t kDigestLength = 44;
inline constexpr size_t kUuidLength = 36;
// An Ed25519 signature in base64.
inline constexpr size_t kSignatureLength = 88;

inline constexpr KeyRule kKeys[kKeyCount] = {
    {Key::kMember, "member", Form::kId, kCodeLengthMax},
    {Key::kSystem, "system", Form::kId, kCodeLengthMax},
    {Key::kFor, "for", Form::kId, kCodeLengthMax},
    {Key::kCert, "cert", Form::kDigest, kDigestLength},
    {Key::kMethod, "method", Form::kCode, kCodeLengthMax},
    {Key::kKind, "kind", Form::kCode, kCodeLengthMax},
    {Key::kHolder, "holder", Form::kId, kCodeLengthMax},
    {Key::kPurpose, "purpose", Form::kCode, kCodeLengthMax},
    {Key::kBasis, "basis", Form::kCode, kCodeLengthMax},
    {Key::kPersonProof, "person_proof", Form::kCode, 16},
    {Key::kGrant, "grant", Form::kCode, kCodeLengthMax},
    {Key::kRegistry, "registry", Form::kDigest, kDigestLength},
    {Key::kOutcome, "outcome", Form::kCode, 32},
    {Key::kBy, "by", Form::kCode, 16},
    {Key::kReason, "reason", Form::kCode, kCodeLengthMax},
    {Key::kMs, "ms", Form::kNumber, 10},
    {Key::kRef, "ref", Form::kNumber, 20},
    {Key::kKey, "key", Form::kDigest, kDigestLength},
    {Key::kOrigin, "origin", Form::kName, 128},
    {Key::kVkey, "vkey", Form::kName, 192},
    {Key::kSig, "sig", Form::kName, kSignatureLength},
    {Key::kSize, "size", Form::kNumber, 20},
    {Key::kRoot, "root", Form::kDigest, kDigestLength},
    {Key::kLost, "lost", Form::kNumber, 20},
    {Key::kHsig, "hsig", Form::kDigest, kDigestLength},
    {Key::kCReq, "c_req", Form::kDigest, kDigestLength},
    {Key::kCRes, "c_res", Form::kDigest, kDigestLength},
    {Key::kCDetail, "c_detail", Form::kDigest, kDigestLength},
    {Key::kDigest, "digest", Form::kDigest, kDigestLength},
    {Key::kVaultKey, "vault_key", Form::kCode, 32},
};
inline constexpr size_t kGatewayLengthMax = 64;
inline constexpr size_t kTypeLengthMax = 32;

using KeySet = uint64_t;
template <typename... K>
constexpr KeySet Keys(K... keys) {
  return (KeySet{0} | ... | (KeySet{1} << static_cast<unsigned>(keys)));
}
constexpr bool Contains(KeySet set, Key key) {
  return (set >> static_cast<unsigned>(key) & KeySet{1}) != 0;
}

struct TypeRule {
  EntryType type;
  const char* name;
  KeySet required;
  KeySet optional;  // may name required ones again
};

// The three commitments, for the types that may concern a person; absent where nobody was named.
inline constexpr KeySet kCommitments = Keys(Key::kCReq, Key::kCRes, Key::kCDetail);
// What is known of a call that did not become a verification: it may have failed at any point.
inline constexpr KeySet kAnyCall =
    kCommitments | Keys(Key::kMember, Key::kSystem, Key::kFor, Key::kCert, Key::kMethod, Key::kKind,
                        Key::kHolder, Key::kPurpose, Key::kBasis, Key::kPersonProof, Key::kGrant,
                        Key::kRegistry, Key::kOutcome, Key::kBy, Key::kMs, Key::kRef, Key::kHsig);

inline constexpr TypeRule kTypes[] = {
    {EntryType::kGenesis, "genesis", Keys(Key::kRegistry, Key::kOrigin, Key::kVkey), 0},
    {EntryType::kVerification, "verification",
     kCommitments | Keys(Key::kMember, Key::kSystem, Key::kFor, Key::kCert, Key::kMethod,
                         Key::kKind, Key::kPurpose, Key::kBasis, Key::kPersonProof, Key::kGrant,
                         Key::kRegistry, Key::kOutcome, Key::kBy),
     Keys(Key::kHolder, Key::kReason, Key::kMs, Key::kRef, Key::kHsig)},
    {EntryType::kDenied, "denied", Keys(Key::kReason), kAnyCall},
    {EntryType::kFailed, "failed", Keys(Key::kReason), kAnyCall},
    {EntryType::kForward, "forward",
     Keys(Key::kMember, Key::kSystem, Key::kFor, Key::kKind, Key::kHolder),
     kCommitments | Keys(Key::kCert, Key::kMethod, Key::kPurpose, Key::kBasis, Key::kPersonProof,
                         Key::kGrant, Key::kRegistry, Key::kRef)},
    {EntryType::kRead, "read", Keys(Key::kMember, Key::kSystem, Key::kMethod),
     kAnyCall | Keys(Key::kReason, Key::kDigest)},
    {EntryType::kRegistry, "registry", Keys(Key::kRegistry),
     kCommitments | Keys(Key::kMember, Key::kSystem, Key::kCert, Key::kMethod, Key::kOutcome,
                         Key::kBy, Key::kReason, Key::kMs, Key::kRef)},
    {EntryType::kLink, "link", Keys(Key::kMember, Key::kSystem),
     Keys(Key::kCert, Key::kMethod, Key::kKind, Key::kHolder, Key::kRegistry, Key::kOutcome,
          Key::kBy, Key::kReason, Key::kMs, Key::kRef, Key::kKey)},
    {EntryType::kOperator, "operator", Keys(Key::kMember, Key::kSystem, Key::kMethod),
     kCommitments | Keys(Key::kCert, Key::kRegistry, Key::kOutcome, Key::kBy, Key::kReason,
                         Key::kMs, Key::kRef, Key::kHolder)},
    // Of one entry's sealed part, by an auditor; or of a whole vault key, by the gateway.
    {EntryType::kErasure, "erasure", Keys(Key::kBy, Key::kReason),
     kCommitments | Keys(Key::kMember, Key::kSystem, Key::kCert, Key::kMethod, Key::kGrant,
                         Key::kRegistry, Key::kRef, Key::kVaultKey)},
    // What `reason` says happened to the log key `vkey`; `sig` by a key the log has then.
    {EntryType::kKey, "key", Keys(Key::kReason, Key::kVkey, Key::kSig), 0},
    // The log that this one goes on for: its last cosigned checkpoint, whole (`origin`, `size`,
    // `root`, and `sig` by `vkey`), and from which index on its entries are lost.
    {EntryType::kReopen, "reopen",
     Keys(Key::kReason, Key::kOrigin, Key::kVkey, Key::kSig, Key::kSize, Key::kRoot, Key::kLost),
     0},
    // A notice that was accepted; `ref`: the entry of the one it replaces or undoes.
    {EntryType::kNotice, "notice",
     kCommitments | Keys(Key::kMember, Key::kSystem, Key::kFor, Key::kCert, Key::kMethod,
                         Key::kKind, Key::kBasis, Key::kPersonProof, Key::kGrant, Key::kRegistry,
                         Key::kOutcome),
     Keys(Key::kReason, Key::kMs, Key::kRef)},
    // A step of a delivery of the notice at `ref`, or that a period of a subscription had none.
    {EntryType::kDelivery, "delivery",
     Keys(Key::kKind, Key::kHolder, Key::kRegistry, Key::kOutcome, Key::kBy),
     kCommitments | Keys(Key::kMember, Key::kSystem, Key::kCert, Key::kMethod, Key::kReason,
                         Key::kMs, Key::kRef, Key::kHsig)},
    // What the recipient's office did of the notice at `ref`.
    {EntryType::kAcknowledgement, "acknowledgement",
     kCommitments | Keys(Key::kMember, Key::kSystem, Key::kCert, Key::kMethod, Key::kKind,
                         Key::kHolder, Key::kRegistry, Key::kOutcome),
     Keys(Key::kReason, Key::kMs, Key::kRef, Key::kHsig)},
    // A frame of notices or of receipts: `c_res` commits to the root and count of their tree.
    {EntryType::kBulk, "bulk",
     Keys(Key::kMember, Key::kSystem, Key::kCert, Key::kMethod, Key::kRegistry, Key::kOutcome,
          Key::kCRes),
     kCommitments | Keys(Key::kFor, Key::kKind, Key::kHolder, Key::kBasis, Key::kPersonProof,
                         Key::kGrant, Key::kReason, Key::kMs, Key::kRef, Key::kHsig)},
};

// Null: of a later version.
inline const TypeRule* FindType(absl::string_view name) {
  for (const TypeRule& rule : kTypes) {
    if (name == rule.name) return &rule;
  }
  return nullptr;
}

// {"v":1,"t":"2026-01-15T08:30:00.123Z","gw":"…","id":"…","type":"…"
inline constexpr std::string_view kLeafOpening = "{\"v\":1,\"t\":\"";
inline constexpr size_t kTimestampLength = 24;

constexpr size_t LongestLeaf(const TypeRule& rule) {
  constexpr size_t kCommon = kLeafOpening.size() + kTimestampLength +
                             std::string_view("\",\"gw\":\"").size() + kGatewayLengthMax +
                             std::string_view("\",\"id\":\"").size() + kUuidLength +
                             std::string_view("\",\"type\":\"").size() + kTypeLengthMax + 2;
  size_t length = kCommon;
  for (const KeyRule& key : kKeys) {
    if (!Contains(rule.required | rule.optional, key.key)) continue;
    // ,"name":"value"
    length += std::string_view(key.name).size() + key.length_max + 6;
  }
  return length;
}

constexpr bool TableIsInOrder() {
  for (size_t i = 0; i < kKeyCount; ++i) {
    if (kKeys[i].key != static_cast<Key>(i)) return false;
  }
  size_t i = 0;
  for (const TypeRule& rule : kTypes) {
    if (rule.type != static_cast<EntryType>(i++)) return false;
    if (LongestLeaf(rule) > kLeafBytesMax) return false;
  }
  return true;
}
static_assert(TableIsInOrder(), "keys and types by their number; no leaf longer than the bound");

constexpr uint8_t FormBit(Form form) {
  return static_cast<uint8_t>(1u << static_cast<unsigned>(form));
}

constexpr std::array<uint8_t, 256> MakeCharacterTable() {
  std::array<uint8_t, 256> table{};
  const uint8_t id = FormBit(Form::kId) | FormBit(Form::kCode) | FormBit(Form::kName);
  const uint8_t code = FormBit(Form::kCode) | FormBit(Form::kName);
  const uint8_t digest = FormBit(Form::kDigest);
  for (size_t c = '0'; c <= '9'; ++c) table[c] = id | digest | FormBit(Form::kNumber);
  for (size_t c = 'a'; c <= 'z'; ++c) table[c] = id | digest;
  for (size_t c = 'A'; c <= 'Z'; ++c) table[c] = code | digest;
  table['-'] = id;
  table['.'] = code;
  table['_'] = code;
  table[':'] = FormBit(Form::kName);
  table['/'] = FormBit(Form::kName) | digest;
  table['+'] = FormBit(Form::kName) | digest;
  table['='] = FormBit(Form::kName) | digest;
  return table;
}
inline constexpr std::array<uint8_t, 256> kCharacters = MakeCharacterTable();

// Whether `c` may stand in a value of `form`. Here and not in a source, because an audit asks it of
// every byte of a log.
inline bool IsOfForm(char c, Form form) {
  return (kCharacters[static_cast<uint8_t>(c)] & FormBit(form)) != 0;
}

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_ENTRY_TABLE_H_
