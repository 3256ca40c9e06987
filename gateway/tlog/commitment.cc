#include "gateway/tlog/commitment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/sealing.h"

namespace chayan::tlog {
namespace {

constexpr absl::string_view kCommitDomain("chayan/commit/v1\0", 17);
constexpr absl::string_view kZeroByte("\0", 1);

absl::string_view NameOf(Committed what) {
  switch (what) {
    case Committed::kRequest:
      return "req";
    case Committed::kResponse:
      return "res";
    case Committed::kDetail:
      return "detail";
  }
  CHAYAN_CHECK(false);
}

}  // namespace

EntrySecrets::EntrySecrets(const crypto::Secret32& vault_secret) {
  crypto::HkdfExpandAll(crypto::HkdfExtract(vault_secret), {{"chayan/vault/v1/req", &request},
                                                            {"chayan/vault/v1/res", &response},
                                                            {"chayan/vault/v1/detail", &detail},
                                                            {"chayan/vault/v1/seal", &sealing}});
}

crypto::Digest Commit(Committed what, const crypto::Secret32& opening, absl::string_view bytes) {
  return crypto::HmacSha256(opening.Expose(), {kCommitDomain, NameOf(what), kZeroByte, bytes});
}

absl::Status VerifyCommitment(Committed what, absl::string_view opening, absl::string_view bytes,
                              absl::string_view commitment) {
  absl::StatusOr<crypto::Secret32> secret = crypto::Secret32::FromRaw(opening);
  if (!secret.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("opening of c_", NameOf(what), " has ",
                                                   opening.size(), " bytes in place of 32"));
  }
  if (!crypto::ConstantTimeEquals(Commit(what, *secret, bytes), commitment)) {
    return absl::InvalidArgumentError(
        absl::StrCat("c_", NameOf(what), " is not the commitment to these bytes"));
  }
  return absl::OkStatus();
}

std::string WrapVaultSecret(const crypto::Secret32& class_key, const Uuid& exchange_id,
                            const crypto::Secret32& vault_secret, Random& random) {
  return crypto::Seal(class_key, exchange_id.raw(), vault_secret.Expose(), random);
}

absl::StatusOr<crypto::Secret32> UnwrapVaultSecret(const crypto::Secret32& class_key,
                                                   const Uuid& exchange_id,
                                                   absl::string_view wrapped) {
  CHAYAN_ASSIGN_OR_RETURN(std::string raw, crypto::Open(class_key, exchange_id.raw(), wrapped));
  absl::StatusOr<crypto::Secret32> secret = crypto::Secret32::FromRaw(raw);
  crypto::Wipe({reinterpret_cast<uint8_t*>(raw.data()), raw.size()});
  return secret;
}

std::string SealDetail(const EntrySecrets& secrets, const Uuid& exchange_id,
                       absl::string_view detail) {
  return crypto::SealOnce(secrets.sealing, exchange_id.raw(), detail);
}

absl::StatusOr<std::string> OpenDetail(const EntrySecrets& secrets, const Uuid& exchange_id,
                                       absl::string_view sealed) {
  return crypto::OpenOnce(secrets.sealing, exchange_id.raw(), sealed);
}

crypto::HmacKey IndexKey(const crypto::Secret32& class_key) {
  return crypto::HmacKey(crypto::HkdfSha256(class_key, "chayan/index/v1"));
}

SearchTag MakeSearchTag(const crypto::HmacKey& index_key, absl::string_view label,
                        absl::string_view normalised_value) {
  CHAYAN_CHECK(label.find('\0') == absl::string_view::npos);
  const crypto::Digest digest = index_key.Sign({label, kZeroByte, normalised_value});
  SearchTag tag;
  std::copy_n(digest.bytes.begin(), tag.size(), tag.begin());
  return tag;
}

}  // namespace chayan::tlog
