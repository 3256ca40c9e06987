#include "gateway/crypto/sealing.h"

#include <array>
#include <cstdint>
#include <limits>

#include "gateway/base/check.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

using Nonce = std::array<uint8_t, kSealNonceBytes>;
constexpr Nonce kZeroNonce{};

const EVP_CIPHER* Aes256Gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CHAYAN_CHECK(cipher != nullptr);
  return cipher;
}

EVP_CIPHER_CTX* ThreadContext() {
  thread_local const CipherContextPtr context(EVP_CIPHER_CTX_new());
  CHAYAN_CHECK(context != nullptr);
  return context.get();
}

// OpenSSL counts in int; what is sealed here is far smaller.
int Length(absl::string_view bytes) {
  CHAYAN_CHECK(bytes.size() <= static_cast<size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(bytes.size());
}

unsigned char* Writable(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Appends ciphertext and tag to `out`.
void Encrypt(const Secret32& key, const uint8_t* nonce, absl::string_view associated,
             absl::string_view plaintext, std::string& out) {
  EVP_CIPHER_CTX* const context = ThreadContext();
  CHAYAN_CHECK(EVP_EncryptInit_ex2(context, Aes256Gcm(), Bytes(key.Expose()), nonce, nullptr) == 1);
  int written = 0;
  // With no associated bytes the call would have a null pointer to say nothing with.
  if (!associated.empty()) {
    CHAYAN_CHECK(
        EVP_EncryptUpdate(context, nullptr, &written, Bytes(associated), Length(associated)) == 1);
  }
  const size_t start = out.size();
  out.resize(start + plaintext.size() + kSealTagBytes);
  unsigned char* const target = Writable(out) + start;
  if (!plaintext.empty()) {
    CHAYAN_CHECK(
        EVP_EncryptUpdate(context, target, &written, Bytes(plaintext), Length(plaintext)) == 1);
  }
  CHAYAN_CHECK(EVP_EncryptFinal_ex(context, target + plaintext.size(), &written) == 1);
  CHAYAN_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kSealTagBytes,
                                   target + plaintext.size()) == 1);
  // The context outlives the call; the key schedule should not.
  EVP_CIPHER_CTX_reset(context);
}

absl::StatusOr<std::string> Decrypt(const Secret32& key, const uint8_t* nonce,
                                    absl::string_view associated, absl::string_view sealed) {
  if (sealed.size() < kSealTagBytes) return absl::DataLossError("sealed bytes: too short");
  const absl::string_view ciphertext = sealed.substr(0, sealed.size() - kSealTagBytes);
  std::string tag(sealed.substr(ciphertext.size()));
  EVP_CIPHER_CTX* const context = ThreadContext();
  CHAYAN_CHECK(EVP_DecryptInit_ex2(context, Aes256Gcm(), Bytes(key.Expose()), nonce, nullptr) == 1);
  int written = 0;
  if (!associated.empty()) {
    CHAYAN_CHECK(
        EVP_DecryptUpdate(context, nullptr, &written, Bytes(associated), Length(associated)) == 1);
  }
  std::string plaintext(ciphertext.size(), '\0');
  if (!ciphertext.empty()) {
    CHAYAN_CHECK(EVP_DecryptUpdate(context, Writable(plaintext), &written, Bytes(ciphertext),
                                   Length(ciphertext)) == 1);
  }
  CHAYAN_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kSealTagBytes, tag.data()) == 1);
  unsigned char nothing[16];
  const bool authentic = EVP_DecryptFinal_ex(context, nothing, &written) == 1;
  EVP_CIPHER_CTX_reset(context);
  if (!authentic) {
    TakeOpensslError();
    Wipe({Writable(plaintext), plaintext.size()});
    return absl::DataLossError("sealed bytes: wrong key, other associated bytes, or changed");
  }
  return plaintext;
}

}  // namespace

std::string Seal(const Secret32& key, absl::string_view associated, absl::string_view plaintext,
                 Random& random) {
  Nonce nonce;
  random.Fill(nonce);
  std::string sealed(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  Encrypt(key, nonce.data(), associated, plaintext, sealed);
  return sealed;
}

absl::StatusOr<std::string> Open(const Secret32& key, absl::string_view associated,
                                 absl::string_view sealed) {
  if (sealed.size() < kSealNonceBytes) return absl::DataLossError("sealed bytes: too short");
  return Decrypt(key, Bytes(sealed), associated, sealed.substr(kSealNonceBytes));
}

std::string SealOnce(const Secret32& key, absl::string_view associated,
                     absl::string_view plaintext) {
  std::string sealed;
  Encrypt(key, kZeroNonce.data(), associated, plaintext, sealed);
  return sealed;
}

absl::StatusOr<std::string> OpenOnce(const Secret32& key, absl::string_view associated,
                                     absl::string_view sealed) {
  return Decrypt(key, kZeroNonce.data(), associated, sealed);
}

}  // namespace chayan::crypto
