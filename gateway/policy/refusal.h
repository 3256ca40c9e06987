// Why a call gets no answer. Every status that can reach a caller is made here, with a reason from
// the one list; what is dynamic in the message stands in the metadata again. It carries no personal
// data: no values of the request.
#ifndef CHAYAN_GATEWAY_POLICY_REFUSAL_H_
#define CHAYAN_GATEWAY_POLICY_REFUSAL_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/error_reason.pb.h"

namespace chayan::policy {

// Status and receipt travel in trailers, which clients take up to 8 KiB of, in base64: the receipt
// needs half of it.
inline constexpr size_t kViolationsBytesMax = 2048;

struct FieldViolation {
  std::string field;        // path such as "claims[2].date"
  std::string description;  // what is wrong, and what to write instead
};

struct Refusal {
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  std::string message{};
  std::vector<std::pair<std::string, std::string>> metadata{};
  std::vector<FieldViolation> violations{};
  absl::Duration retry_delay = absl::ZeroDuration();  // zero: say nothing about a retry

  // The gRPC code that goes with the reason, as error_reason.proto states it.
  absl::StatusCode code() const;
  // The reason's name without its prefix, as it stands in log entries.
  std::string reason_name() const;
  // The serialized google.rpc.Status: what `grpc-status-details-bin` and a failed stream item
  // carry. Violations beyond kViolationsBytesMax are left out and counted in the metadata.
  std::string ToStatusBytes() const;
};

// Of this reason. `metadata` repeats what is dynamic in the message.
Refusal Refused(v1::ErrorReason reason, std::string message,
                std::vector<std::pair<std::string, std::string>> metadata = {});

// Of one field: what to write there.
Refusal RefusedField(v1::ErrorReason reason, std::string field, std::string description);

absl::StatusCode CodeOf(v1::ErrorReason reason);
absl::string_view ReasonName(v1::ErrorReason reason);

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_REFUSAL_H_
