// Who waits for a question's outcome: a unary call, or one item of a stream.
#ifndef CHAYAN_GATEWAY_VERIFY_ASKER_H_
#define CHAYAN_GATEWAY_VERIFY_ASKER_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"

namespace chayan::verify {

// How a question failed, as it was recorded.
struct Failure {
  policy::Refusal refusal;
  std::string status_bytes;   // the google.rpc.Status that was committed to
  std::string receipt_bytes;  // serialized Receipt; empty when nothing could be recorded
  std::string request_id;     // as far as it was understood
};

// Held by shared_ptr until it is told; told exactly once, from any thread.
class Asker {
 public:
  virtual ~Asker() = default;
  virtual const policy::Caller& caller() const = 0;
  virtual absl::string_view method() const = 0;
  virtual absl::string_view request() const = 0;  // bytes as received; live as long as the asker
  virtual absl::Duration arrival() const = 0;     // by the clock's Elapsed()
  virtual absl::Duration timeout() const = 0;     // from arrival
  // `response`: a serialized VerifyDocumentResponse.
  virtual void Answer(std::shared_ptr<const std::string> response) = 0;
  virtual void Fail(const Failure& failure) = 0;
  // Runs `work` where this asker is best told: on its worker. From any thread.
  virtual void Post(absl::AnyInvocable<void()> work) { work(); }
  // `on_cancel` runs at most once, when the caller gives up before it is told; at once if it has
  // already.
  virtual void OnCancel(absl::AnyInvocable<void()> on_cancel) = 0;
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_ASKER_H_
