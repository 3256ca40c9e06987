#include "gateway/tally/lock_key.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::tally {

absl::StatusOr<crypto::Secret32> OpenLockKey(const std::string& path, Random& random) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) {
    if (errno != ENOENT) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
    crypto::Secret32 made(random);
    CHAYAN_RETURN_IF_ERROR(WriteFile(path, absl::StrCat(Base64Encode(made.Expose()), "\n"), 0600));
    return made;
  }
  if ((facts.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the key of locks ", path,
                     " may be read by others: chmod 600 it, or remove it if they "
                     "did: a new one is made, and today's counts begin anew"));
  }
  CHAYAN_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  const auto wipe = [](std::string& bytes) {
    crypto::Wipe({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  };
  const absl::Cleanup text_wiper = [&] { wipe(text); };
  absl::StatusOr<std::string> raw = Base64Decode(absl::StripSuffix(text, "\n"));
  if (raw.ok()) {
    const absl::Cleanup raw_wiper = [&] { wipe(*raw); };
    absl::StatusOr<crypto::Secret32> key = crypto::Secret32::FromRaw(*raw);
    if (key.ok()) return key;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the key of locks ", path, " is not 32 bytes in base64: remove it, and a new one is made"));
}

}  // namespace chayan::tally
