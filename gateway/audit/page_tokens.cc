#include "gateway/audit/page_tokens.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/crypto/digest.h"

namespace chayan::audit {
namespace {

constexpr size_t kPlaceBytes = 16;
// As many bits as it takes that nobody guesses one.
constexpr size_t kSealBytes = 16;

uint64_t BigEndian(absl::string_view bytes, size_t at) {
  uint64_t value = 0;
  for (size_t i = at; i < at + sizeof(value); ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return value;
}

}  // namespace

std::string PageTokens::Make(PagePlace place, absl::string_view question) const {
  std::string token;
  AppendUint64(token, place.next);
  AppendUint64(token, place.end);
  const crypto::Digest seal = crypto::HmacSha256(key_.Expose(), {token, question});
  absl::StrAppend(&token, seal.raw().substr(0, kSealBytes));
  return Base64UrlEncode(token);
}

absl::StatusOr<PagePlace> PageTokens::Read(absl::string_view token,
                                           absl::string_view question) const {
  const absl::StatusOr<std::string> bytes = Base64UrlDecode(token);
  if (!bytes.ok() || bytes->size() != kPlaceBytes + kSealBytes) {
    return absl::InvalidArgumentError("not a page token");
  }
  const PagePlace place{BigEndian(*bytes, 0), BigEndian(*bytes, kPlaceBytes / 2)};
  if (!crypto::ConstantTimeEquals(Make(place, question), token)) {
    return absl::InvalidArgumentError("not a token of this question");
  }
  return place;
}

}  // namespace chayan::audit
