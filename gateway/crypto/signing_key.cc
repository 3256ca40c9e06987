#include "gateway/crypto/signing_key.h"

#include "absl/strings/match.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

// SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING (32 bytes follow) }
constexpr absl::string_view kSpkiPrefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);

// In place of OpenSSL's default, which would ask at the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

absl::StatusOr<Ed25519Key> Ed25519Key::Adopt(evp_pkey_st* key) {
  std::shared_ptr<evp_pkey_st> owned(key, EVP_PKEY_free);
  if (key == nullptr) {
    return absl::InvalidArgumentError("no unencrypted PKCS#8 private key in PEM form: " +
                                      TakeOpensslError());
  }
  if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError("private key is not Ed25519");
  }
  Ed25519PublicKey public_key;
  size_t length = public_key.bytes.size();
  if (EVP_PKEY_get_raw_public_key(key, public_key.bytes.data(), &length) != 1 ||
      length != public_key.bytes.size()) {
    return absl::InternalError("Ed25519 key without public key: " + TakeOpensslError());
  }
  return Ed25519Key(std::move(owned), public_key);
}

absl::StatusOr<Ed25519Key> Ed25519Key::FromSeed(const Secret32& seed) {
  return Adopt(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed.Expose()),
                                            Secret32::kSize));
}

Ed25519Key Ed25519Key::Generate(Random& random) {
  absl::StatusOr<Ed25519Key> key = FromSeed(Secret32(random));
  CHAYAN_CHECK(key.ok());  // Every 32 bytes are a seed.
  return *std::move(key);
}

absl::StatusOr<Ed25519Key> Ed25519Key::FromPem(absl::string_view pem) {
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(pem));
  return Adopt(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
}

absl::StatusOr<Ed25519Key> Ed25519Key::FromPemFile(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(std::string pem, ReadFile(path));
  absl::StatusOr<Ed25519Key> key = FromPem(pem);
  Wipe({reinterpret_cast<uint8_t*>(pem.data()), pem.size()});
  if (!key.ok()) return Annotate(key.status(), path);
  return key;
}

absl::StatusOr<Ed25519Signature> Ed25519Key::Sign(absl::string_view message) const {
  const MdContextPtr context(EVP_MD_CTX_new());
  CHAYAN_CHECK(context != nullptr);
  Ed25519Signature signature;
  size_t length = signature.bytes.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.bytes.data(), &length, Bytes(message),
                     message.size()) != 1 ||
      length != signature.bytes.size()) {
    return absl::InternalError("Ed25519 signing failed: " + TakeOpensslError());
  }
  return signature;
}

std::string Ed25519Key::ToPem() const {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  CHAYAN_CHECK(bio != nullptr);
  CHAYAN_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                             nullptr) == 1);
  char* text = nullptr;
  const auto length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(length));
}

bool VerifyEd25519(const Ed25519PublicKey& key, absl::string_view message,
                   absl::string_view signature) {
  if (signature.size() != Ed25519Signature::kSize) return false;
  const PkeyPtr pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const MdContextPtr context(EVP_MD_CTX_new());
  CHAYAN_CHECK(pkey != nullptr && context != nullptr);
  const bool valid =
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                       message.size()) == 1;
  if (!valid) TakeOpensslError();
  return valid;
}

std::string SpkiFromPublicKey(const Ed25519PublicKey& key) {
  return absl::StrCat(kSpkiPrefix, key.raw());
}

absl::StatusOr<Ed25519PublicKey> PublicKeyFromSpki(absl::string_view der) {
  if (!absl::StartsWith(der, kSpkiPrefix)) {
    return absl::InvalidArgumentError("not the SubjectPublicKeyInfo of an Ed25519 key");
  }
  return Ed25519PublicKey::FromRaw(der.substr(kSpkiPrefix.size()));
}

Digest KeyId(const Ed25519PublicKey& key) { return Sha256({kSpkiPrefix, key.raw()}); }

}  // namespace chayan::crypto
