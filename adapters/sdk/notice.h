// Notices as an adapter handles them: one comes, the agency's own system takes it, a receipt goes.
#ifndef CHAYAN_ADAPTERS_SDK_NOTICE_H_
#define CHAYAN_ADAPTERS_SDK_NOTICE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/bytes.h"

namespace chayan::sdk {

// What an adapter says of one notice.
struct NoticeReply {
  bool taken = false;
  v1::NotTakenReason not_taken_reason = v1::NOT_TAKEN_REASON_UNSPECIFIED;
  std::string settlement{};  // with `taken`: the serialized DeliveryReceipt to follow; may be empty
};

struct OpenNotice;

// Where replies go: the link that the notice came on last. Thread-safe.
class NoticeLine {
 public:
  virtual ~NoticeLine() = default;
  virtual absl::Status Reply(const OpenNotice& notice, NoticeReply reply) = 0;
};

// A notice as it came, and whether something was said of it.
struct OpenNotice {
  Uuid delivery_id;
  crypto::Digest digest;  // of the bytes that came
  v1::DeliveredNotice notice;
  std::atomic<bool> replied = false;

  std::shared_ptr<NoticeLine> Line() const {
    absl::MutexLock lock(&mu);
    return line.lock();
  }
  void MoveTo(std::weak_ptr<NoticeLine> to) {
    absl::MutexLock lock(&mu);
    line = std::move(to);
  }

  mutable absl::Mutex mu;
  std::weak_ptr<NoticeLine> line ABSL_GUARDED_BY(mu);
};

// What an adapter gets to see of it. Copies share it; may outlive the link. Thread-safe.
class Notice {
 public:
  explicit Notice(std::shared_ptr<const OpenNotice> open) : open_(std::move(open)) {}
  // Unique for ever: the key towards the agency's own system, the same whenever it comes again.
  const Uuid& delivery_id() const { return open_->delivery_id; }
  const v1::DeliveredNotice& message() const { return open_->notice; }

 private:
  std::shared_ptr<const OpenNotice> open_;
};

// Takes what becomes of one notice. Copies share it; thread-safe. When the last copy is dropped
// without a word, the notice counts as not taken.
//
// What is said here is made durable before it is sent. A crash in between brings the same notice
// again, under the same delivery id: the agency's own system must know that id, or bear it twice.
//
// Errors of all four: INVALID_ARGUMENT: a text that a receipt cannot carry; nothing is sent,
// another reply may be. FAILED_PRECONDITION: replied before. UNAVAILABLE: the link is gone; the
// notice comes again.
class NoticeResponder {
 public:
  explicit NoticeResponder(std::shared_ptr<OpenNotice> open);

  // The agency's own system has it, durably.
  absl::Status Received() const;
  // And the office has acted on it, under this case number of its own.
  absl::Status Acknowledge(absl::string_view case_number) const;
  // It is here, and the office will not act on it. OTHER needs a text.
  absl::Status Reject(v1::RejectionReason reason, absl::string_view text,
                      absl::string_view case_number = {}) const;
  // Nothing of it was kept: it comes again.
  absl::Status NotTaken(v1::NotTakenReason reason) const;

 private:
  struct Ticket;
  std::shared_ptr<Ticket> ticket_;
};

// OK if an adapter can say this of a delivery.
absl::Status CheckSettlement(const v1::DeliveryReceipt& settlement);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_NOTICE_H_
