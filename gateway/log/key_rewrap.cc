#include "gateway/log/key_rewrap.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/secret.h"

namespace chayan::log {
namespace {

constexpr absl::string_view kSuffix = ".key";

class Rewrap {
 public:
  Rewrap(const std::string& directory, const crypto::WrappingKey& old_key,
         const crypto::WrappingKey& new_key, Random& random,
         const std::function<void(RewrapStep, absl::string_view)>& step)
      : directory_(directory), old_key_(old_key), new_key_(new_key), random_(random), step_(step) {}

  absl::StatusOr<RewrapReport> Run() {
    // What a run that was stopped left beside a file is either not in use yet or not any more.
    CHAYAN_ASSIGN_OR_RETURN(const auto left, ReadTree(directory_, kRewrapSuffix));
    for (const auto& [name, content] : left) CHAYAN_RETURN_IF_ERROR(Remove(name));
    CHAYAN_ASSIGN_OR_RETURN(const auto files, ReadTree(directory_, kSuffix));
    for (const auto& [name, content] : files) CHAYAN_RETURN_IF_ERROR(Take(name, content));
    return report_;
  }

 private:
  void Tell(RewrapStep step, absl::string_view id) const {
    if (step_) step_(step, id);
  }

  absl::Status Take(const std::string& name, absl::string_view content) {
    const absl::string_view id = absl::StripSuffix(name, kSuffix);
    const auto wrapped = Base64Decode(absl::StripSuffix(content, "\n"));
    absl::StatusOr<std::string> key = wrapped.ok() ? new_key_.Open(id, *wrapped) : wrapped.status();
    const bool done = key.ok();
    if (wrapped.ok() && absl::IsDataLoss(key.status())) key = old_key_.Open(id, *wrapped);
    const absl::Cleanup wiper = [&key] {
      if (key.ok()) crypto::Wipe({reinterpret_cast<uint8_t*>(key->data()), key->size()});
    };
    if (done) {
      ++report_.wrapped_before;
      return absl::OkStatus();
    }
    if (!key.ok() && !wrapped.ok()) return Unopened(name);
    if (!key.ok()) return absl::IsDataLoss(key.status()) ? Unopened(name) : key.status();
    CHAYAN_ASSIGN_OR_RETURN(const std::string rewrapped, new_key_.Seal(id, *key, random_));
    CHAYAN_RETURN_IF_ERROR(Exchange(name, id, absl::StrCat(Base64Encode(rewrapped), "\n")));
    ++report_.rewrapped;
    return absl::OkStatus();
  }

  absl::Status Unopened(const std::string& name) const {
    return absl::FailedPreconditionError(
        absl::StrCat(directory_, "/", name,
                     ": neither the new key-encryption key nor the old one opens it: name the one "
                     "that wrapped it as old_vault_kek, or restore the file"));
  }

  absl::Status Exchange(const std::string& name, absl::string_view id, absl::string_view content) {
    const std::string path = absl::StrCat(directory_, "/", name);
    const std::string beside = absl::StrCat(path, kRewrapSuffix);
    Tell(RewrapStep::kWrite, id);
    CHAYAN_RETURN_IF_ERROR(WriteFile(beside, content, 0600));
    Tell(RewrapStep::kExchange, id);
    if (renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0) {
      const absl::Status cause = absl::ErrnoToStatus(errno, absl::StrCat("exchange ", path));
      CHAYAN_RETURN_IF_ERROR(Remove(absl::StrCat(name, kRewrapSuffix)));
      // Destroyed while it was rewrapped: that is what was wanted.
      return absl::IsNotFound(cause) ? absl::OkStatus() : cause;
    }
    CHAYAN_RETURN_IF_ERROR(SyncFolder(directory_));
    Tell(RewrapStep::kRemove, id);
    return Remove(absl::StrCat(name, kRewrapSuffix));
  }

  absl::Status Remove(const std::string& name) const {
    const std::string path = absl::StrCat(directory_, "/", name);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      return absl::ErrnoToStatus(errno, absl::StrCat("remove ", path));
    }
    return SyncFolder(directory_);
  }

  const std::string& directory_;
  const crypto::WrappingKey& old_key_;
  const crypto::WrappingKey& new_key_;
  Random& random_;
  const std::function<void(RewrapStep, absl::string_view)>& step_;
  RewrapReport report_;
};

}  // namespace

absl::StatusOr<RewrapReport> RewrapClassKeys(
    const std::string& directory, const crypto::WrappingKey& old_key,
    const crypto::WrappingKey& new_key, Random& random,
    const std::function<void(RewrapStep, absl::string_view)>& step) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("open ", directory));
  const absl::Cleanup closer = [fd] { close(fd); };
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, " is being rewrapped by another process: let it end first"));
  }
  return Rewrap(directory, old_key, new_key, random, step).Run();
}

}  // namespace chayan::log
