#include "gateway/witness/witness.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/add_checkpoint.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note.h"

namespace chayan::witness {
namespace {

// Held for the life of the object; the kernel lets go of it when the process ends, however it ends.
class FolderLock {
 public:
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::string& folder) {
    const std::string path = folder + "/lock";
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
      return absl::FailedPreconditionError(absl::StrCat(path, ": ", strerror(errno)));
    }
    auto lock = std::unique_ptr<FolderLock>(new FolderLock(fd));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    return absl::FailedPreconditionError(absl::StrCat(
        folder, " is another witness's that runs: end it, or name another state folder"));
  }
  ~FolderLock() { close(fd_); }

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  const int fd_;
};

Answer Refuse(int status, absl::string_view why) {
  return {.status = status, .body = absl::StrCat(why, "\n")};
}

// What is known of a log. A head of size 0 was never cosigned, or was: both are consistent with
// everything.
struct LogState {
  std::vector<tlog::VerifierKey> keys;
  tlog::TreeHead head;
  std::string note;  // empty: nothing was cosigned
};

class StoredWitness final : public Witness {
 public:
  StoredWitness(Options options, tlog::NoteSigner key, const Clock& clock)
      : directory_(std::move(options.state_directory)), key_(std::move(key)), clock_(clock) {
    for (const tlog::Policy::Log& log : options.logs.logs()) {
      logs_[log.key.name()].keys.push_back(log.key);
    }
  }

  absl::Status Open() {
    if (logs_.empty()) {
      return absl::FailedPreconditionError(
          "the policy names no log: write a line `log VKEY` for each log to witness");
    }
    CHAYAN_RETURN_IF_ERROR(MakeDirectories(directory_, 0700));
    CHAYAN_ASSIGN_OR_RETURN(lock_, FolderLock::Take(directory_));
    absl::MutexLock lock(&mu_);
    for (auto& [origin, log] : logs_) CHAYAN_RETURN_IF_ERROR(ReadState(origin, log));
    return absl::OkStatus();
  }

  Answer AddCheckpoint(absl::string_view body) override {
    const auto request = tlog::ParseAddCheckpoint(body);
    if (!request.ok()) return Refuse(400, request.status().message());
    const auto note = tlog::ParseNote(request->checkpoint);
    if (!note.ok()) return Refuse(400, note.status().message());
    const auto checkpoint = tlog::ParseCheckpoint(note->text);
    if (!checkpoint.ok()) return Refuse(400, checkpoint.status().message());
    absl::MutexLock lock(&mu_);
    const auto found = logs_.find(checkpoint->origin);
    if (found == logs_.end()) return Refuse(404, "this log is not witnessed here");
    LogState& log = found->second;
    const auto signers = tlog::VerifySignatures(*note, log.keys);
    if (!signers.ok() || signers->empty()) return Refuse(403, "not signed by the log's key");
    if (request->old_size > checkpoint->head.size) {
      return Refuse(400, "the old size is larger than the checkpoint's");
    }
    if (request->old_size != log.head.size) {
      return {.status = 409,
              .body = absl::StrCat(log.head.size, "\n"),
              .content_type = tlog::kTlogSizeType};
    }
    if (const absl::Status grown = CheckGrown(log.head, checkpoint->head, request->proof);
        !grown.ok()) {
      diag::Error("witness.inconsistent", {{"origin", checkpoint->origin},
                                           {"known_size", log.head.size},
                                           {"shown_size", checkpoint->head.size},
                                           {"cause", grown.message()}});
      return Refuse(422, grown.message());
    }
    return Cosign(checkpoint->origin, checkpoint->head, *note, log);
  }

  absl::StatusOr<std::string> LastCheckpoint(absl::string_view origin) const override {
    absl::MutexLock lock(&mu_);
    const auto found = logs_.find(std::string(origin));
    if (found == logs_.end() || found->second.note.empty()) {
      return absl::NotFoundError("nothing of this log was cosigned here");
    }
    return found->second.note;
  }

  Answer Monitor(absl::string_view path) const override {
    absl::MutexLock lock(&mu_);
    for (const auto& [origin, log] : logs_) {
      if (path != tlog::MonitoringPath(origin) || log.note.empty()) continue;
      return {.status = 200, .body = log.note};
    }
    return Refuse(404, "nothing is known of this log");
  }

 private:
  static absl::Status CheckGrown(const tlog::TreeHead& known, const tlog::TreeHead& shown,
                                 const std::vector<tlog::Hash>& proof) {
    if (known.size == 0) {
      if (proof.empty()) return absl::OkStatus();
      return absl::InvalidArgumentError("a proof from the empty log has no hashes");
    }
    return tlog::VerifyConsistency(known, shown, proof);
  }

  std::string PathOf(const std::string& origin) const {
    return absl::StrCat(directory_, "/", crypto::Sha256(origin).ToHex());
  }

  absl::Status ReadState(const std::string& origin, LogState& log)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const std::string path = PathOf(origin);
    absl::StatusOr<std::string> bytes = ReadFile(path);
    if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
    CHAYAN_RETURN_IF_ERROR(bytes.status());
    const auto note = tlog::ParseNote(*bytes);
    absl::Status status = note.status();
    if (status.ok()) {
      const auto own = tlog::VerifySignatures(*note, std::span(&key_.verifier_key(), 1));
      status = own.status();
      if (status.ok() && own->empty()) status = absl::DataLossError("not cosigned by this key");
    }
    if (status.ok()) {
      const auto checkpoint = tlog::ParseCheckpoint(note->text);
      status = checkpoint.status();
      if (status.ok() && checkpoint->origin != origin) status = absl::DataLossError("another log");
      if (status.ok()) log.head = checkpoint->head;
    }
    if (!status.ok()) {
      return absl::FailedPreconditionError(absl::StrCat(
          path, ": not a state that this key wrote (", status.message(),
          "): put the right state and key back; a witness that lost its state takes a new key"));
    }
    log.note = *std::move(bytes);
    return absl::OkStatus();
  }

  // 1. Sign. 2. Make it durable that this was signed. 3. Only then let it go.
  Answer Cosign(const std::string& origin, const tlog::TreeHead& head, const tlog::Note& note,
                LogState& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const auto line =
        key_.Cosign(note.text, static_cast<uint64_t>(absl::ToUnixSeconds(clock_.Now())));
    if (!line.ok()) return Refuse(500, line.status().message());
    // Of the signatures that came, those by the log alone: others are anybody's text.
    std::string signatures;
    for (const tlog::NoteSignature& signature : note.signatures) {
      for (const tlog::VerifierKey& key : log.keys) {
        if (signature.name != key.name() || signature.key_id != key.id()) continue;
        absl::StrAppend(&signatures, tlog::FormatSignatureLine(signature));
      }
    }
    std::string state = tlog::FormatNote(note.text, absl::StrCat(signatures, *line));
    if (const absl::Status written = WriteFile(PathOf(origin), state, 0600); !written.ok()) {
      diag::Error("witness.state_not_written", {{"cause", written.message()}});
      return Refuse(500, "the state cannot be written; nothing was signed");
    }
    log.head = head;
    log.note = std::move(state);
    return {.status = 200, .body = *line};
  }

  const std::string directory_;
  const tlog::NoteSigner key_;
  const Clock& clock_;
  std::unique_ptr<FolderLock> lock_;
  mutable absl::Mutex mu_;  // held over the write: a compare-and-set is one step
  std::map<std::string, LogState> logs_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Witness>> Witness::Create(Options options, tlog::NoteSigner key,
                                                         const Clock& clock) {
  auto witness = std::make_unique<StoredWitness>(std::move(options), std::move(key), clock);
  CHAYAN_RETURN_IF_ERROR(witness->Open());
  return witness;
}

}  // namespace chayan::witness
