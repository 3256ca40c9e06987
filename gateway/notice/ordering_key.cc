#include "gateway/notice/ordering_key.h"

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/wrapping_key.h"

namespace chayan::notice {
namespace {

constexpr absl::string_view kSeparator("\0", 1);

void WipeText(std::string& text) {
  crypto::Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
}

store::SubjectKey FirstBytes(const crypto::Digest& digest) {
  store::SubjectKey key;
  std::copy_n(digest.bytes.begin(), key.size(), key.begin());
  return key;
}

}  // namespace

absl::StatusOr<OrderingKey> OrderingKey::FromFile(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(std::string text, crypto::ReadSecretFile(path));
  const absl::Cleanup text_wiper = [&text] { WipeText(text); };
  absl::StatusOr<std::string> raw = Base64Decode(text);
  if (raw.ok()) {
    const absl::StatusOr<crypto::Secret32> key = crypto::Secret32::FromRaw(*raw);
    WipeText(*raw);
    if (key.ok()) return OrderingKey(*key);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("ordering key ", path, " is not 32 bytes in base64 (openssl rand -base64 32)"));
}

// The first field tells the two apart: no scheme's name is a member's id.
store::SubjectKey OrderingKey::OfNumber(v1::IdentifierScheme scheme,
                                        absl::string_view number) const {
  return FirstBytes(key_.Sign({v1::IdentifierScheme_Name(scheme), kSeparator, number}));
}

store::SubjectKey OrderingKey::OfPublisherKey(absl::string_view publisher,
                                              absl::string_view key) const {
  return FirstBytes(key_.Sign({publisher, kSeparator, key}));
}

}  // namespace chayan::notice
