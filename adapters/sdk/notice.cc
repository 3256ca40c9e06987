#include "adapters/sdk/notice.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::sdk {
namespace {

// As notice_service.proto states it at DeliveryReceipt.
constexpr size_t kCaseNumberCharactersMax = 64;
constexpr size_t kRejectionTextCharactersMax = 500;

absl::Status CheckText(absl::string_view field, const std::string& text, size_t characters_max) {
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError(absl::StrCat(field, ": not UTF-8"));
  size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  if (characters <= characters_max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": more than ", characters_max, " characters"));
}

absl::Status Send(OpenNotice& notice, NoticeReply reply) {
  const std::shared_ptr<NoticeLine> line = notice.Line();
  if (line == nullptr) return absl::UnavailableError("the link this notice came on is gone");
  if (notice.replied.exchange(true)) {
    return absl::FailedPreconditionError("the notice has been replied to");
  }
  return line->Reply(notice, std::move(reply));
}

}  // namespace

absl::Status CheckSettlement(const v1::DeliveryReceipt& settlement) {
  CHAYAN_RETURN_IF_ERROR(CheckText("recipient_case_number", settlement.recipient_case_number(),
                                   kCaseNumberCharactersMax));
  CHAYAN_RETURN_IF_ERROR(
      CheckText("rejection_text", settlement.rejection_text(), kRejectionTextCharactersMax));
  if (settlement.state() == v1::DELIVERY_STATE_ACKNOWLEDGED) return absl::OkStatus();
  if (settlement.state() != v1::DELIVERY_STATE_REJECTED) {
    return absl::InvalidArgumentError("state: neither ACKNOWLEDGED nor REJECTED");
  }
  if (settlement.rejection_reason() == v1::REJECTION_REASON_UNSPECIFIED) {
    return absl::InvalidArgumentError("rejection_reason: a rejection has one");
  }
  if (settlement.rejection_reason() == v1::REJECTION_REASON_OTHER &&
      settlement.rejection_text().empty()) {
    return absl::InvalidArgumentError("rejection_text: OTHER says why in words");
  }
  return absl::OkStatus();
}

struct NoticeResponder::Ticket {
  explicit Ticket(std::shared_ptr<OpenNotice> opened) : open(std::move(opened)) {}
  ~Ticket() {
    if (open->replied) return;
    // An error means that the link is gone: the notice comes again then too.
    Send(*open, {.not_taken_reason = v1::NOT_TAKEN_REASON_UNSPECIFIED}).IgnoreError();
  }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  absl::Status Settle(v1::DeliveryReceipt settlement) const {
    CHAYAN_RETURN_IF_ERROR(CheckSettlement(settlement));
    settlement.set_delivery_id(open->delivery_id.ToText());
    return Send(*open, {.taken = true, .settlement = settlement.SerializeAsString()});
  }

  const std::shared_ptr<OpenNotice> open;
};

NoticeResponder::NoticeResponder(std::shared_ptr<OpenNotice> open)
    : ticket_(std::make_shared<Ticket>(std::move(open))) {}

absl::Status NoticeResponder::Received() const { return Send(*ticket_->open, {.taken = true}); }

absl::Status NoticeResponder::Acknowledge(absl::string_view case_number) const {
  v1::DeliveryReceipt settlement;
  settlement.set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
  settlement.set_recipient_case_number(std::string(case_number));
  return ticket_->Settle(std::move(settlement));
}

absl::Status NoticeResponder::Reject(v1::RejectionReason reason, absl::string_view text,
                                     absl::string_view case_number) const {
  v1::DeliveryReceipt settlement;
  settlement.set_state(v1::DELIVERY_STATE_REJECTED);
  settlement.set_rejection_reason(reason);
  settlement.set_rejection_text(std::string(text));
  settlement.set_recipient_case_number(std::string(case_number));
  return ticket_->Settle(std::move(settlement));
}

absl::Status NoticeResponder::NotTaken(v1::NotTakenReason reason) const {
  return Send(*ticket_->open, {.not_taken_reason = reason});
}

}  // namespace chayan::sdk
