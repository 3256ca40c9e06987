#include "gateway/witness/witness_key.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::witness {

absl::StatusOr<tlog::VerifierKey> GenerateKeyFile(const std::string& path, const std::string& name,
                                                  Random& random) {
  if (!tlog::IsValidKeyName(name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", name,
        "\" is no name for a key: write a host name with a path, without space or plus, "
        "such as witness.agency.example/w1"));
  }
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path,
                     " is there already: a key that has signed is not replaced; name another "
                     "file"));
  }
  const crypto::Secret32 seed(random);
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519Key key, crypto::Ed25519Key::FromSeed(seed));
  const tlog::VerifierKey verifier(name, tlog::KeyType::kCosignatureV1, key.public_key());
  const std::string text = absl::StrCat(
      "PRIVATE+KEY+", name, "+", absl::StrFormat("%08x", verifier.id()), "+",
      Base64Encode(absl::StrCat(std::string(1, static_cast<char>(tlog::KeyType::kCosignatureV1)),
                                seed.Expose())),
      "\n");
  CHAYAN_RETURN_IF_ERROR(WriteFile(path, text, 0600));
  return verifier;
}

absl::StatusOr<tlog::NoteSigner> ReadKeyFile(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  auto signer = tlog::NoteSigner::ParsePrivate(absl::StripAsciiWhitespace(text));
  if (!signer.ok()) return Annotate(signer.status(), path);
  if (signer->verifier_key().type() != tlog::KeyType::kCosignatureV1) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not the key of a witness: make one with `chayan witness keygen`"));
  }
  return signer;
}

}  // namespace chayan::witness
