#include "gateway/notice/settlement.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/notice/schedule.h"
#include "gateway/verify/limits.h"
#include "gateway/verify/value_form.h"

namespace chayan::notice {
namespace {

// What notice_service.proto says 0 means, and as long as anybody should wait for a clarification.
constexpr int kFollowUpWorkdays = 7;
constexpr uint32_t kFollowUpWorkdaysMax = 250;

// A length in one byte, then so many bytes.
void AppendShort(std::string& out, absl::string_view bytes) {
  CHAYAN_CHECK(bytes.size() < 256);
  out.push_back(static_cast<char>(bytes.size()));
  out.append(bytes.data(), bytes.size());
}

absl::StatusOr<std::string> TakeShort(absl::string_view& bytes) {
  const size_t size = bytes.empty() ? 0 : static_cast<uint8_t>(bytes.front());
  if (bytes.size() < size + 1) return absl::DataLossError("a delivery's settlement is cut short");
  std::string taken(bytes.substr(1, size));
  bytes.remove_prefix(size + 1);
  return taken;
}

}  // namespace

std::vector<policy::FieldViolation> CheckReceipt(const v1::DeliveryReceipt& receipt,
                                                 const registry::Snapshot& snapshot) {
  verify::Violations violations;
  violations.That(verify::CheckText(receipt.recipient_case_number(), verify::kNumberCharactersMax),
                  "recipient_case_number");
  violations.That(verify::CheckText(receipt.rejection_text(), verify::kTextCodePointsMax),
                  "rejection_text");
  const bool rejects = receipt.state() == v1::DELIVERY_STATE_REJECTED;
  if (!rejects && receipt.state() != v1::DELIVERY_STATE_DELIVERED &&
      receipt.state() != v1::DELIVERY_STATE_ACKNOWLEDGED) {
    violations.Add("state", "write DELIVERED, ACKNOWLEDGED or REJECTED");
  }
  const bool has_reason = receipt.rejection_reason() != v1::REJECTION_REASON_UNSPECIFIED &&
                          v1::RejectionReason_IsValid(receipt.rejection_reason());
  if (rejects != has_reason) {
    violations.Add("rejection_reason",
                   rejects ? "is missing; an office that rejects says why" : "leave it empty");
  }
  if (receipt.rejection_reason() == v1::REJECTION_REASON_OTHER &&
      receipt.rejection_text().empty()) {
    violations.Add("rejection_text", "is missing; say the other reason in words");
  }
  if (!receipt.follow_up_owner().empty() &&
      snapshot.FindMember(receipt.follow_up_owner()) == nullptr) {
    violations.Add("follow_up_owner", "the registry has no such member");
  }
  if (receipt.follow_up_workdays() > kFollowUpWorkdaysMax) {
    violations.Add("follow_up_workdays", absl::StrCat("write at most ", kFollowUpWorkdaysMax));
  }
  return std::move(violations).Take();
}

std::string RejectionName(v1::RejectionReason reason) {
  return std::string(absl::StripPrefix(v1::RejectionReason_Name(reason), "REJECTION_REASON_"));
}

absl::Time FollowUpBy(const v1::DeliveryReceipt& receipt, const registry::Calendar& calendar,
                      absl::Time from) {
  const int workdays = receipt.follow_up_workdays() == 0
                           ? kFollowUpWorkdays
                           : static_cast<int>(receipt.follow_up_workdays());
  const absl::CivilDay day = calendar.AddWorkdays(registry::TaipeiDay(from), workdays);
  return absl::FromCivil(day + 1, registry::Taipei());
}

absl::Time ShredTime(const registry::Snapshot& snapshot, const std::string& subscription,
                     const v1::DeliveryReceipt& receipt, absl::Time now) {
  const v1::Subscription* const found = snapshot.FindSubscription(subscription);
  // A rejected one may be sent again until it was followed up.
  const bool rejected = receipt.state() == v1::DELIVERY_STATE_REJECTED;
  return PickUpBy(found == nullptr ? v1::Subscription::default_instance() : *found,
                  snapshot.calendar(),
                  rejected ? FollowUpBy(receipt, snapshot.calendar(), now) : now);
}

absl::StatusOr<std::string> SealSettlement(log::Vault& vault, const Uuid& delivery,
                                           const v1::DeliveryReceipt& receipt) {
  const std::string bytes = receipt.SerializeAsString();
  log::VaultInput input;
  input.id = delivery;
  input.retention_class = v1::RETENTION_CLASS_FIVE_YEARS;
  input.detail = bytes;
  CHAYAN_ASSIGN_OR_RETURN(const log::VaultOutput sealed, vault.Seal(input));
  std::string settlement;
  AppendShort(settlement, sealed.row.key_id);
  AppendShort(settlement, sealed.row.wrapped_secret);
  settlement.append(sealed.row.sealed_detail);
  return settlement;
}

absl::StatusOr<v1::DeliveryReceipt> OpenSettlement(log::Vault& vault, const Uuid& delivery,
                                                   absl::string_view settlement) {
  store::VaultRow row;
  CHAYAN_ASSIGN_OR_RETURN(row.key_id, TakeShort(settlement));
  CHAYAN_ASSIGN_OR_RETURN(row.wrapped_secret, TakeShort(settlement));
  row.sealed_detail = std::string(settlement);
  CHAYAN_ASSIGN_OR_RETURN(const log::OpenedDetail opened, vault.Open(delivery, row));
  v1::DeliveryReceipt receipt;
  if (!receipt.ParseFromString(opened.detail)) {
    return absl::DataLossError("a delivery's settlement cannot be read");
  }
  return receipt;
}

}  // namespace chayan::notice
