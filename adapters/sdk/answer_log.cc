#include "adapters/sdk/answer_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::sdk {
namespace {

// Files put aside that are looked at before giving up: at 256 MiB each more than a disk holds.
constexpr int kFilesMax = 1'000'000;
// What is read back at a time when the end of the last whole line is searched.
constexpr size_t kTailBytes = 4096;

absl::Status SystemError(absl::string_view what, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat("answer log ", path, ": ", what, ": ", std::strerror(errno)));
}

// Size of the file up to and with its last line feed.
absl::StatusOr<uint64_t> SizeOfWholeLines(int file, uint64_t size, const std::string& path) {
  char buffer[kTailBytes];
  while (size > 0) {
    const uint64_t begin = size > kTailBytes ? size - kTailBytes : 0;
    const size_t wanted = static_cast<size_t>(size - begin);
    const ssize_t got = pread(file, buffer, wanted, static_cast<off_t>(begin));
    if (got != static_cast<ssize_t>(wanted)) return SystemError("read", path);
    for (size_t i = wanted; i > 0; --i) {
      if (buffer[i - 1] == '\n') return begin + i;
    }
    size = begin;
  }
  return uint64_t{0};
}

void AppendMember(std::string& line, absl::string_view name, absl::string_view raw) {
  absl::StrAppend(&line, ",\"", name, "\":\"", Base64Encode(raw), "\"");
}

// What proves one item of a frame, and the end of its line.
void AppendProof(std::string& line, const tlog::HolderSignature& proof) {
  AppendMember(line, "key", proof.key_id);
  AppendMember(line, "signature", proof.signature);
  absl::StrAppend(&line, ",\"index\":", proof.index, ",\"count\":", proof.count, ",\"path\":[");
  absl::string_view separator;
  for (const tlog::Hash& hash : proof.path) {
    absl::StrAppend(&line, separator, "\"", Base64Encode(hash), "\"");
    separator = ",";
  }
  absl::StrAppend(&line, "]}\n");
}

void BeginLine(std::string& line, absl::string_view time, absl::string_view what, const Uuid& id) {
  absl::StrAppend(&line, "{\"time\":\"", time, "\",\"", what, "\":\"", id.ToText(), "\"");
}

}  // namespace

absl::StatusOr<std::unique_ptr<AnswerLog>> AnswerLog::Open(std::string path,
                                                           uint64_t file_bytes_max) {
  std::unique_ptr<AnswerLog> log(new AnswerLog(std::move(path), file_bytes_max));
  absl::MutexLock lock(&log->mu_);
  CHAYAN_RETURN_IF_ERROR(log->OpenFile());
  return log;
}

AnswerLog::~AnswerLog() {
  if (file_ < 0) return;
  fdatasync(file_);  // best effort: nobody is left to be told
  close(file_);
}

absl::Status AnswerLog::OpenFile() {
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0) return SystemError("open", path_);
  const absl::Status status = CutTornLine();
  if (!status.ok()) {
    close(file_);
    file_ = -1;
  }
  return status;
}

absl::Status AnswerLog::CutTornLine() {
  struct stat stat;
  if (fstat(file_, &stat) != 0) return SystemError("stat", path_);
  size_ = static_cast<uint64_t>(stat.st_size);
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t whole, SizeOfWholeLines(file_, size_, path_));
  if (whole != size_ && ftruncate(file_, static_cast<off_t>(whole)) != 0) {
    return SystemError("cut a torn line off", path_);
  }
  size_ = whole;
  return absl::OkStatus();
}

absl::Status AnswerLog::Answered(const SignedFrame& frame, absl::Time now) {
  const std::string time = FormatTimestamp(now);
  std::string lines;
  for (size_t i = 0; i < frame.answers.size(); ++i) {
    const SignedAnswer& answer = frame.answers[i];
    BeginLine(lines, time, "exchange", answer.exchange_id);
    AppendMember(lines, "request", answer.request_digest);
    AppendMember(lines, "answer", answer.answer_digest);
    AppendProof(lines, frame.proofs[i]);
  }
  return Append(lines);
}

absl::Status AnswerLog::Received(const SignedReceiptFrame& frame, absl::Time now) {
  const std::string time = FormatTimestamp(now);
  std::string lines;
  for (size_t i = 0; i < frame.receipts.size(); ++i) {
    const SignedReceipt& receipt = frame.receipts[i];
    BeginLine(lines, time, "delivery", receipt.delivery_id);
    AppendMember(lines, "notice", receipt.notice_digest);
    AppendMember(lines, "receipt", receipt.receipt_digest);
    AppendProof(lines, frame.proofs[i]);
  }
  return Append(lines);
}

absl::Status AnswerLog::Recorded(const std::vector<std::pair<Uuid, uint64_t>>& entries,
                                 absl::Time now) {
  return AppendEntries("exchange", entries, now);
}

absl::Status AnswerLog::ReceiptsRecorded(const std::vector<std::pair<Uuid, uint64_t>>& entries,
                                         absl::Time now) {
  return AppendEntries("delivery", entries, now);
}

absl::Status AnswerLog::AppendEntries(absl::string_view what,
                                      const std::vector<std::pair<Uuid, uint64_t>>& entries,
                                      absl::Time now) {
  const std::string time = FormatTimestamp(now);
  std::string lines;
  for (const auto& [id, entry] : entries) {
    BeginLine(lines, time, what, id);
    absl::StrAppend(&lines, ",\"entry\":", entry, "}\n");
  }
  return lines.empty() ? absl::OkStatus() : Append(lines);
}

absl::Status AnswerLog::Append(const std::string& lines) {
  absl::MutexLock lock(&mu_);
  if (file_ < 0) CHAYAN_RETURN_IF_ERROR(OpenFile());
  if (size_ > 0 && size_ + lines.size() > file_bytes_max_) CHAYAN_RETURN_IF_ERROR(Rotate());
  size_t written = 0;
  while (written < lines.size()) {
    const ssize_t got = write(file_, lines.data() + written, lines.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const absl::Status error = SystemError("write", path_);
      if (written > 0 && ftruncate(file_, static_cast<off_t>(size_)) != 0) {
        // The next opening cuts the torn line off.
        close(file_);
        file_ = -1;
      }
      return error;
    }
    written += static_cast<size_t>(got);
  }
  size_ += lines.size();
  dirty_ = true;
  return absl::OkStatus();
}

absl::Status AnswerLog::Rotate() {
  CHAYAN_RETURN_IF_ERROR(SyncLocked());
  for (int number = 1; number <= kFilesMax; ++number) {
    const std::string aside = absl::StrCat(path_, ".", number);
    // link() fails where the name is taken: nothing is ever overwritten.
    if (link(path_.c_str(), aside.c_str()) == 0) {
      if (unlink(path_.c_str()) != 0) return SystemError("put aside", path_);
      close(file_);
      file_ = -1;
      return OpenFile();
    }
    if (errno != EEXIST) return SystemError("put aside", path_);
  }
  return absl::ResourceExhaustedError(absl::StrCat("answer log ", path_, ": too many files"));
}

absl::Status AnswerLog::Sync() {
  absl::MutexLock lock(&mu_);
  return SyncLocked();
}

absl::Status AnswerLog::SyncLocked() {
  if (!dirty_ || file_ < 0) return absl::OkStatus();
  if (fdatasync(file_) != 0) return SystemError("sync", path_);
  dirty_ = false;
  return absl::OkStatus();
}

}  // namespace chayan::sdk
