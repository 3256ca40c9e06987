#include "gateway/crypto/pkcs11.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/pkcs11_session.h"
#include "gateway/crypto/sealing.h"

namespace chayan::crypto {
namespace {

constexpr Pkcs11Session::Wanted kSigningKey = {
    CKO_PRIVATE_KEY, CKK_EC_EDWARDS, "Ed25519 key pair",
    "make one (pkcs11-tool --login --keypairgen --key-type EC:edwards25519 --label LABEL)"};
constexpr Pkcs11Session::Wanted kWrappingKey = {
    CKO_SECRET_KEY, CKK_AES, "AES key",
    "make one (pkcs11-tool --login --keygen --key-type AES:32 --label LABEL)"};

// In the `CK_BYTE*` that the module asks for; it does not write there.
CK_BYTE* In(absl::string_view bytes) {
  return reinterpret_cast<CK_BYTE*>(const_cast<char*>(bytes.data()));
}

std::string NameOf(const Pkcs11Place& place) {
  return absl::StrCat("key \"", place.key_label, "\" of token \"", place.token_label, "\"");
}

class Pkcs11Signer final : public Signer {
 public:
  Pkcs11Signer(std::unique_ptr<Pkcs11Session> session, const Ed25519PublicKey& public_key,
               std::string name)
      : session_(std::move(session)), public_key_(public_key), name_(std::move(name)) {}

  const Ed25519PublicKey& public_key() const override { return public_key_; }

  absl::StatusOr<Ed25519Signature> Sign(absl::string_view message) const override {
    Ed25519Signature signature;
    CK_ULONG length = 0;
    CHAYAN_RETURN_IF_ERROR(session_->Run(
        "sign", [&](CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
          CK_MECHANISM mechanism = {CKM_EDDSA, nullptr, 0};
          const CK_RV rv = module.C_SignInit(session, &mechanism, key);
          if (rv != CKR_OK) return rv;
          length = signature.bytes.size();
          return module.C_Sign(session, In(message), message.size(), signature.bytes.data(),
                               &length);
        }));
    // The two objects may not belong together, and a session that was found again may have another
    // pair under the same labels. A check costs less than the token took, once a batch.
    if (length != signature.bytes.size() || !VerifyEd25519(public_key_, message, signature)) {
      return absl::FailedPreconditionError(
          absl::StrCat(name_,
                       ": its signature does not fit its public key: give each pair a label "
                       "of its own, and put the token back if it was exchanged"));
    }
    return signature;
  }

 private:
  const std::unique_ptr<Pkcs11Session> session_;
  const Ed25519PublicKey public_key_;
  const std::string name_;  // for people
};

class Pkcs11WrappingKey final : public WrappingKey {
 public:
  explicit Pkcs11WrappingKey(std::unique_ptr<Pkcs11Session> session)
      : session_(std::move(session)) {}

  absl::StatusOr<std::string> Seal(absl::string_view associated, absl::string_view plaintext,
                                   Random& random) const override {
    std::string nonce(kSealNonceBytes, '\0');
    random.Fill({reinterpret_cast<uint8_t*>(nonce.data()), nonce.size()});
    std::string sealed(plaintext.size() + kSealTagBytes, '\0');
    CK_ULONG length = 0;
    CHAYAN_RETURN_IF_ERROR(session_->Run(
        "wrap a vault key",
        [&](CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
          CK_GCM_PARAMS parameters = Parameters(nonce, associated);
          CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof(parameters)};
          const CK_RV rv = module.C_EncryptInit(session, &mechanism, key);
          if (rv != CKR_OK) return rv;
          length = sealed.size();
          return module.C_Encrypt(session, In(plaintext), plaintext.size(), In(sealed), &length);
        }));
    if (length != sealed.size()) return absl::InternalError("the token sealed to another length");
    // Some tokens draw the nonce themselves and write it into the parameters: it is read from
    // there.
    return absl::StrCat(nonce, sealed);
  }

  absl::StatusOr<std::string> Open(absl::string_view associated,
                                   absl::string_view sealed) const override {
    if (sealed.size() < kSealNonceBytes + kSealTagBytes) {
      return absl::DataLossError("sealed bytes are too short");
    }
    std::string nonce(sealed.substr(0, kSealNonceBytes));
    const absl::string_view body = sealed.substr(kSealNonceBytes);
    std::string plaintext(body.size(), '\0');
    CK_ULONG length = 0;
    CK_RV said = CKR_OK;
    const absl::Status status = session_->Run(
        "unwrap a vault key",
        [&](CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
          CK_GCM_PARAMS parameters = Parameters(nonce, associated);
          CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof(parameters)};
          const CK_RV rv = module.C_DecryptInit(session, &mechanism, key);
          if (rv != CKR_OK) return rv;
          length = plaintext.size();
          return module.C_Decrypt(session, In(body), body.size(), In(plaintext), &length);
        },
        &said);
    // What modules say of a tag that does not fit; SoftHSM says GENERAL_ERROR.
    if (said == CKR_ENCRYPTED_DATA_INVALID || said == CKR_ENCRYPTED_DATA_LEN_RANGE ||
        said == CKR_AEAD_DECRYPT_FAILED || said == CKR_GENERAL_ERROR) {
      return absl::DataLossError("sealed bytes do not open with the token's key");
    }
    CHAYAN_RETURN_IF_ERROR(status);
    if (length != body.size() - kSealTagBytes) {
      return absl::InternalError("the token opened to another length");
    }
    plaintext.resize(length);
    return plaintext;
  }

 private:
  static constexpr CK_RV CKR_AEAD_DECRYPT_FAILED = 0x42;  // PKCS#11 v3.0

  static CK_GCM_PARAMS Parameters(std::string& nonce, absl::string_view associated) {
    CK_GCM_PARAMS parameters{};
    parameters.pIv = In(nonce);
    parameters.ulIvLen = nonce.size();
    parameters.ulIvBits = nonce.size() * 8;
    parameters.pAAD = In(associated);
    parameters.ulAADLen = associated.size();
    parameters.ulTagBits = kSealTagBytes * 8;
    return parameters;
  }

  const std::unique_ptr<Pkcs11Session> session_;
};

// CKA_EC_POINT: an OCTET STRING around the 32 bytes, as PKCS#11 v3.0 says; some modules give the
// bytes alone.
absl::StatusOr<Ed25519PublicKey> PublicKeyFromPoint(absl::string_view point) {
  if (point.size() == Ed25519PublicKey::kSize + 2 && absl::StartsWith(point, "\x04\x20")) {
    point.remove_prefix(2);
  }
  return Ed25519PublicKey::FromRaw(point);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Signer>> OpenPkcs11Signer(const Pkcs11Place& place) {
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<Pkcs11Session> session,
                          Pkcs11Session::Open(place, kSigningKey));
  CHAYAN_ASSIGN_OR_RETURN(const std::string point,
                          session->Attribute(CKO_PUBLIC_KEY, CKA_EC_POINT));
  const absl::StatusOr<Ed25519PublicKey> public_key = PublicKeyFromPoint(point);
  if (!public_key.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(NameOf(place), " is not Ed25519"));
  }
  auto signer = std::make_unique<Pkcs11Signer>(std::move(session), *public_key, NameOf(place));
  constexpr absl::string_view kProbe("chayan/probe/v1\0", 16);
  CHAYAN_ASSIGN_OR_RETURN(const Ed25519Signature first, signer->Sign(kProbe));
  CHAYAN_ASSIGN_OR_RETURN(const Ed25519Signature second, signer->Sign(kProbe));
  if (first == second) return signer;
  return absl::FailedPreconditionError(absl::StrCat(
      NameOf(place), " signs the same bytes differently each time; the log needs plain Ed25519"));
}

absl::StatusOr<std::unique_ptr<WrappingKey>> OpenPkcs11WrappingKey(const Pkcs11Place& place) {
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<Pkcs11Session> session,
                          Pkcs11Session::Open(place, kWrappingKey));
  return std::make_unique<Pkcs11WrappingKey>(std::move(session));
}

}  // namespace chayan::crypto
