// Where an agency's notices go. The program puts it between the SDK's link and the agency's own
// system; questions and notices of one adapter may go to different systems.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_NOTICE_SINK_H_
#define CHAYAN_ADAPTERS_CONNECTOR_NOTICE_SINK_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/connector/connector.h"
#include "adapters/connector/rows.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "chayan/v1/notice_service.pb.h"

namespace chayan::connector {

// What became of one notice.
struct NoticeResult {
  // Why nothing of it was kept; absent: the agency's system has it, durably.
  std::optional<v1::NotTakenReason> not_taken{};
  // For the agency's own people, with not_taken. No personal data.
  std::string cause{};
  // What the office made of it already: ACKNOWLEDGED or REJECTED; its state is unspecified when
  // the office has yet to act.
  v1::DeliveryReceipt settlement{};
};

inline NoticeResult Received() { return {}; }

inline NoticeResult Rejected(v1::RejectionReason reason, absl::string_view text = {}) {
  NoticeResult result;
  result.settlement.set_state(v1::DELIVERY_STATE_REJECTED);
  result.settlement.set_rejection_reason(reason);
  result.settlement.set_rejection_text(std::string(text));
  return result;
}

inline NoticeResult Acknowledged(absl::string_view case_number = {}) {
  NoticeResult result;
  result.settlement.set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
  result.settlement.set_recipient_case_number(std::string(case_number));
  return result;
}

inline NoticeResult NotTaken(v1::NotTakenReason reason, absl::string_view cause) {
  return {.not_taken = reason, .cause = std::string(cause)};
}

// What an office wrote down that it did of a notice, after it was taken.
struct Outcome {
  v1::DeliveryReceipt settlement{};  // with its delivery_id
  std::string fault{};               // why it cannot be said; empty: it can
  std::vector<Value> row{};          // what it was read from, as the sink keeps it
};

// Thread-safe.
class NoticeSink {
 public:
  using Done = std::function<void(NoticeResult)>;

  virtual ~NoticeSink() = default;
  // Returns at once; `done` is called once, on any thread. The same delivery id may come again:
  // what it came to stays the same, and it is in the agency's system once.
  virtual void Take(const v1::DeliveredNotice& notice, Done done) = 0;
  // A period of the subscription had no notice. Blocks; an error means that it is to be said again.
  virtual absl::Status NoneToday(const v1::NoneToday&) { return absl::OkStatus(); }
  // What offices did since, and was not told yet; blocks. Of a system that keeps none: none.
  virtual absl::StatusOr<std::vector<Outcome>> Outcomes() { return std::vector<Outcome>(); }
  // It is in the log, or never will be: `told` is what the office reads of it. Of one that the
  // office has changed since it was read, nothing is told: it is read again.
  virtual absl::Status OutcomeTold(const Outcome&, const std::string& /*told*/) {
    return absl::OkStatus();
  }
  virtual SourceHealth Health() const = 0;
  // Asks the system whether it is there, without a person's data. Blocks.
  virtual absl::Status Probe() = 0;
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_NOTICE_SINK_H_
