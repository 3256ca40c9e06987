// An adapter in C++ is one class: derive from Adapter, answer questions, take notices. The rest of
// the SDK dials the gateways, signs, keeps the agency's own log of answers, and stays connected.
#ifndef CHAYAN_ADAPTERS_SDK_ADAPTER_H_
#define CHAYAN_ADAPTERS_SDK_ADAPTER_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "adapters/sdk/notice.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/uuid.h"

namespace chayan::sdk {

struct OpenQuestion;

// Where finished answers go: the link that the question came on. Thread-safe.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual absl::Status Submit(std::shared_ptr<OpenQuestion> question, std::string answer,
                              bool restricted) = 0;
};

// A question as it came, and what has become of it.
struct OpenQuestion {
  Uuid exchange_id;
  v1::Question wire;  // `request` holds the caller's bytes
  v1::VerifyDocumentRequest request;
  absl::Duration deadline;       // reading of the clock's Elapsed()
  const Clock* clock = nullptr;  // outlives the question
  std::weak_ptr<AnswerSink> sink;
  std::atomic<bool> cancelled = false;
  std::atomic<bool> answered = false;
};

// What is asked. Copies share it; may outlive the link. Thread-safe.
class Question {
 public:
  explicit Question(std::shared_ptr<const OpenQuestion> open) : open_(std::move(open)) {}

  // Unique for ever: the idempotency key towards the agency's own system.
  const Uuid& exchange_id() const { return open_->exchange_id; }
  const v1::VerifyDocumentRequest& request() const { return open_->request; }
  // The very bytes of the request, as the caller sent them and the answer will be signed over.
  absl::string_view request_bytes() const { return open_->wire.request(); }
  const v1::CallerIdentity& caller() const { return open_->wire.caller(); }
  // What the answer may contain at most.
  const v1::QuestionPermit& permit() const { return open_->wire.permit(); }
  // Time left; not above zero when the answer would be dropped.
  absl::Duration time_left() const { return open_->deadline - open_->clock->Elapsed(); }
  // Nobody waits for the answer any more: it was given up, its link is gone, or it is too late.
  bool cancelled() const {
    return open_->cancelled.load(std::memory_order_relaxed) || time_left() <= absl::ZeroDuration();
  }

 private:
  std::shared_ptr<const OpenQuestion> open_;
};

// Takes the answer to one question. Copies share it. Thread-safe.
class Responder {
 public:
  explicit Responder(std::shared_ptr<OpenQuestion> open) : open_(std::move(open)) {}

  // Fills in request_id and answered_by, and hands the answer over to be signed and sent.
  // `restricted` marks a protected person: see Answer.restricted in adapter_link_service.proto.
  // INVALID_ARGUMENT: the answer exceeds the permit or contradicts the question (nothing is sent,
  // another one may be). FAILED_PRECONDITION: answered before. DEADLINE_EXCEEDED: too late.
  // CANCELLED: given up. UNAVAILABLE: the link is gone. RESOURCE_EXHAUSTED: too many answers wait.
  absl::Status Send(v1::VerificationAnswer answer, bool restricted = false) const;

 private:
  std::shared_ptr<OpenQuestion> open_;
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  // Must not block: it runs on the thread that reads the link. The responder may be used from any
  // thread, now or later; a question whose responder is dropped times out at the gateway.
  virtual void Answer(Question question, Responder responder) = 0;

  // The same for a notice: hand it to the agency's own system and reply when it is durable there.
  // A notice that was taken before, under its delivery id, does not come here again, unless its
  // publisher sent it again after a rejection. An adapter that does not say otherwise takes none:
  // it rejects each, which its publisher sees.
  virtual void OnNotice(Notice notice, NoticeResponder responder);

  // A period of a subscription had no notice, says the log. Must not block. An adapter that does
  // not say otherwise passes it over.
  virtual void OnNoneToday(const v1::NoneToday&) {}

  // Kinds that it could only answer with SOURCE_DOWN now, sorted: the gateways are told, and ask
  // another link or nobody. Asked ten times a second for each link, from any thread.
  virtual std::vector<std::string> DownKinds() const { return {}; }
};

// OK if the answer stays within the permit and answers the question.
absl::Status CheckAnswer(const OpenQuestion& question, const v1::VerificationAnswer& answer,
                         bool restricted);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_ADAPTER_H_
