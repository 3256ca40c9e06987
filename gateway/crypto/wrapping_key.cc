#include "gateway/crypto/wrapping_key.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/sealing.h"
#include "gateway/crypto/secret.h"

namespace chayan::crypto {
namespace {

void WipeText(std::string& text) { Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()}); }

class MemoryWrappingKey final : public WrappingKey {
 public:
  explicit MemoryWrappingKey(Secret32 key) : key_(std::move(key)) {}

  absl::StatusOr<std::string> Seal(absl::string_view associated, absl::string_view plaintext,
                                   Random& random) const override {
    return crypto::Seal(key_, associated, plaintext, random);
  }
  absl::StatusOr<std::string> Open(absl::string_view associated,
                                   absl::string_view sealed) const override {
    return crypto::Open(key_, associated, sealed);
  }

 private:
  const Secret32 key_;
};

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  }
  if ((facts.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " may be read by others: chmod 600 it, and replace the secret if they did"));
  }
  CHAYAN_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  if (absl::EndsWith(text, "\n")) text.pop_back();
  return text;
}

absl::StatusOr<std::unique_ptr<WrappingKey>> WrappingKey::FromFile(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(std::string text, ReadSecretFile(path));
  const absl::Cleanup text_wiper = [&text] { WipeText(text); };
  absl::StatusOr<std::string> raw = Base64Decode(text);
  if (raw.ok()) {
    absl::StatusOr<Secret32> key = Secret32::FromRaw(*raw);
    WipeText(*raw);
    if (key.ok()) return std::make_unique<MemoryWrappingKey>(*std::move(key));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("vault key ", path, " is not 32 bytes in base64 (openssl rand -base64 32)"));
}

}  // namespace chayan::crypto
