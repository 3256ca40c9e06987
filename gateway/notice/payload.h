// What a delivery carries, sealed for it alone, and the very bytes that leave.
#ifndef CHAYAN_GATEWAY_NOTICE_PAYLOAD_H_
#define CHAYAN_GATEWAY_NOTICE_PAYLOAD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/log/vault.h"
#include "gateway/store/notices.h"

namespace chayan::notice {

// `whole` as MakeDelivered made it. `thin`: it leaves as MakeThin makes it.
absl::StatusOr<store::SealedPayload> SealPayload(log::Vault& vault, const Uuid& delivery,
                                                 v1::DeliveredNotice whole, bool thin);
// What was sealed; `thin` is set where it leaves thin. NOT_FOUND when its key is gone.
absl::StatusOr<std::string> OpenPayload(log::Vault& vault, const Uuid& delivery,
                                        const store::SealedPayload& payload);

// Of a payload, what is known only when it leaves.
struct Leaving {
  bool earlier_missing = false;
  uint64_t entry = 0;  // the notice's
};
// The bytes that leave and that the receipt is about: always the same for the same arguments.
std::string LeavingBytes(absl::string_view payload, const Leaving& leaving);
// The same with all that a thin notice keeps back.
std::string WholeBytes(absl::string_view payload, const Leaving& leaving);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_PAYLOAD_H_
