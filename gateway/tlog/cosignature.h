// Cosignatures of witnesses (c2sp.org/tlog-cosignature), Ed25519 version 1: a time beside the
// signature, both over the whole text of the checkpoint's note.
#ifndef CHAYAN_GATEWAY_TLOG_COSIGNATURE_H_
#define CHAYAN_GATEWAY_TLOG_COSIGNATURE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::tlog {

struct Cosignature {
  uint64_t posix_seconds = 0;
  crypto::Ed25519Signature signature;

  bool operator==(const Cosignature&) const = default;
};

// "cosignature/v1\ntime <decimal>\n" and the note's text.
std::string CosignedBytes(absl::string_view note_text, uint64_t posix_seconds);

absl::StatusOr<Cosignature> MakeCosignature(const crypto::Signer& key, absl::string_view note_text,
                                            uint64_t posix_seconds);
bool VerifyCosignature(const crypto::Ed25519PublicKey& key, absl::string_view note_text,
                       const Cosignature& cosignature);

// As in a signature line, after the key id: uint64 seconds, 64 bytes. Refuses any other length.
std::string EncodeCosignature(const Cosignature& cosignature);
absl::StatusOr<Cosignature> DecodeCosignature(absl::string_view bytes);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_COSIGNATURE_H_
