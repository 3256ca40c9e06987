#include "gateway/tlog/cosignature.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::tlog {

std::string CosignedBytes(absl::string_view note_text, uint64_t posix_seconds) {
  return absl::StrCat("cosignature/v1\ntime ", posix_seconds, "\n", note_text);
}

absl::StatusOr<Cosignature> MakeCosignature(const crypto::Signer& key, absl::string_view note_text,
                                            uint64_t posix_seconds) {
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519Signature signature,
                          key.Sign(CosignedBytes(note_text, posix_seconds)));
  return Cosignature{posix_seconds, signature};
}

bool VerifyCosignature(const crypto::Ed25519PublicKey& key, absl::string_view note_text,
                       const Cosignature& cosignature) {
  return crypto::VerifyEd25519(key, CosignedBytes(note_text, cosignature.posix_seconds),
                               cosignature.signature);
}

std::string EncodeCosignature(const Cosignature& cosignature) {
  std::string bytes;
  AppendUint64(bytes, cosignature.posix_seconds);
  absl::StrAppend(&bytes, cosignature.signature.raw());
  return bytes;
}

absl::StatusOr<Cosignature> DecodeCosignature(absl::string_view bytes) {
  constexpr size_t kTimeBytes = 8;
  if (bytes.size() != kTimeBytes + crypto::Ed25519Signature::kSize) {
    return absl::InvalidArgumentError("cosignature has not 72 bytes");
  }
  Cosignature cosignature;
  for (size_t i = 0; i < kTimeBytes; ++i) {
    cosignature.posix_seconds = cosignature.posix_seconds << 8 | static_cast<uint8_t>(bytes[i]);
  }
  CHAYAN_ASSIGN_OR_RETURN(cosignature.signature,
                          crypto::Ed25519Signature::FromRaw(bytes.substr(kTimeBytes)));
  return cosignature;
}

}  // namespace chayan::tlog
