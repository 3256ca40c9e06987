// The agency's own record of what its adapter answered: one JSON object a line, appended before the
// answer is sent. With it the agency can show each of its signatures, and find answers that the
// gateway's log does not hold.
//
//   {"time":…,"exchange":…,"request":…,"answer":…,"key":…,"signature":…,"index":0,"count":2,
//    "path":[…]}                        an answer, before it is sent: digests in base64
//   {"time":…,"exchange":…,"entry":17}  that answer is in the gateway's log
//   {"time":…,"delivery":…,"notice":…,"receipt":…,"key":…, …}  the same of a notice's receipt
//   {"time":…,"delivery":…,"entry":17}
//
// No personal data: only digests, ids and signatures.
//
// Durability: a line is with the operating system before its answer is sent, so killing the
// adapter loses nothing. LIMITATION: fdatasync follows within a second (Sync), so a power failure
// may lose the last second's lines; the gateway's log still holds those exchanges.
#ifndef CHAYAN_ADAPTERS_SDK_ANSWER_LOG_H_
#define CHAYAN_ADAPTERS_SDK_ANSWER_LOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adapters/sdk/frame_signer.h"
#include "gateway/base/uuid.h"

namespace chayan::sdk {

// Thread-safe.
class AnswerLog {
 public:
  // A file of this size is put aside as PATH.1, PATH.2, … and a new one begun. Files put aside are
  // never removed here: how long they are kept is the agency's rule.
  static constexpr uint64_t kFileBytesMax = uint64_t{256} << 20;

  // Opens or creates the file, readable for its owner alone. A torn last line (its answer was never
  // sent) is cut off.
  static absl::StatusOr<std::unique_ptr<AnswerLog>> Open(std::string path,
                                                         uint64_t file_bytes_max = kFileBytesMax);
  ~AnswerLog();
  AnswerLog(const AnswerLog&) = delete;
  AnswerLog& operator=(const AnswerLog&) = delete;

  // All or nothing: after an error no line of the frame stands in the file.
  absl::Status Answered(const SignedFrame& frame, absl::Time now);
  absl::Status Recorded(const std::vector<std::pair<Uuid, uint64_t>>& entries, absl::Time now);
  // The same for receipts of notices.
  absl::Status Received(const SignedReceiptFrame& frame, absl::Time now);
  absl::Status ReceiptsRecorded(const std::vector<std::pair<Uuid, uint64_t>>& entries,
                                absl::Time now);
  // Makes durable what was appended since the last call.
  absl::Status Sync();

 private:
  AnswerLog(std::string path, uint64_t file_bytes_max)
      : path_(std::move(path)), file_bytes_max_(file_bytes_max) {}
  absl::Status OpenFile() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CutTornLine() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Append(const std::string& lines);
  absl::Status AppendEntries(absl::string_view what,
                             const std::vector<std::pair<Uuid, uint64_t>>& entries, absl::Time now);
  absl::Status SyncLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Rotate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string path_;
  const uint64_t file_bytes_max_;
  absl::Mutex mu_;
  int file_ ABSL_GUARDED_BY(mu_) = -1;
  uint64_t size_ ABSL_GUARDED_BY(mu_) = 0;
  bool dirty_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_ANSWER_LOG_H_
