// What a recipient said of a delivery, as it is kept: sealed, for it holds the recipient's own case
// number and its words.
#ifndef CHAYAN_GATEWAY_NOTICE_SETTLEMENT_H_
#define CHAYAN_GATEWAY_NOTICE_SETTLEMENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/log/vault.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::notice {

// Every fault of a receipt. An office that rejects says why.
std::vector<policy::FieldViolation> CheckReceipt(const v1::DeliveryReceipt& receipt,
                                                 const registry::Snapshot& snapshot);
// "NOT_OURS".
std::string RejectionName(v1::RejectionReason reason);
// The end of the last workday on which a rejection is followed up in time.
absl::Time FollowUpBy(const v1::DeliveryReceipt& receipt, const registry::Calendar& calendar,
                      absl::Time from);

// From when the payload may be shredded, once the recipient has said this.
absl::Time ShredTime(const registry::Snapshot& snapshot, const std::string& subscription,
                     const v1::DeliveryReceipt& receipt, absl::Time now);

// Bytes for StateStep::settlement, and back. NOT_FOUND when the key was destroyed.
absl::StatusOr<std::string> SealSettlement(log::Vault& vault, const Uuid& delivery,
                                           const v1::DeliveryReceipt& receipt);
absl::StatusOr<v1::DeliveryReceipt> OpenSettlement(log::Vault& vault, const Uuid& delivery,
                                                   absl::string_view settlement);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_SETTLEMENT_H_
