#include "gateway/notice/settler.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/search_key.h"
#include "gateway/notice/payload.h"
#include "gateway/notice/settlement.h"
#include "gateway/notice/view.h"
#include "gateway/rpc/recorded.h"
#include "gateway/verify/value_form.h"

namespace chayan::notice {
namespace {

using policy::Refused;
using store::DeliveryState;

// Words that something else overtook, one after another: a delivery has three steps at most.
constexpr int kTriesMax = 4;

policy::Refusal WrongState() {
  return Refused(v1::ERROR_REASON_DELIVERY_STATE,
                 "the delivery takes no such step: it was not delivered yet, or was settled "
                 "otherwise");
}

policy::Refusal Unexpected() {
  return Refused(v1::ERROR_REASON_RECEIPT_UNEXPECTED,
                 "the receipt is for a notice that was not sent there, or not in these bytes");
}

policy::Refusal Fault(const absl::Status& cause) {
  diag::Error("notice.settle_fault", {{"cause", std::string(cause.message())}});
  return Refused(
      v1::ERROR_REASON_INTERNAL,
      "what was said could not be recorded by our own fault; the operator has been told");
}

DeliveryState StateWhenThere(const store::StoredDelivery& delivery) {
  return delivery.hosted ? DeliveryState::kHandedOver : DeliveryState::kDelivered;
}

// The number of the first subject, as far as this recipient was given it.
std::string SubjectIn(const std::string& notice_bytes) {
  v1::DeliveredNotice notice;
  if (!notice.ParseFromString(notice_bytes) || notice.subjects().empty()) return {};
  absl::StatusOr<std::string> number = log::SubjectKey(notice.subjects(0).identifier());
  return number.ok() ? *std::move(number) : std::string();
}

}  // namespace

struct Settler::Word {
  Said said;
  v1::DeliveryReceipt receipt{};
  store::StoredDelivery delivery{};
  store::StoredNotice notice{};
  std::string notice_bytes{};  // as they were sent; empty once they were shredded
  int tries = 0;

  DeliveryState to() const {
    switch (receipt.state()) {
      case v1::DELIVERY_STATE_ACKNOWLEDGED:
        return DeliveryState::kAcknowledged;
      case v1::DELIVERY_STATE_REJECTED:
        return DeliveryState::kRejected;
      default:
        return StateWhenThere(delivery);
    }
  }
  v1::EntryDetail Detail() const {
    v1::EntryDetail detail;
    *detail.mutable_delivery_receipt() = receipt;
    return detail;
  }
  Actor Who() const { return {.caller = &said.caller, .method = said.method}; }
};

void Settler::Take(Said said) {
  auto word = std::make_shared<Word>(Word{.said = std::move(said)});
  if (!word->receipt.ParseFromString(word->said.receipt)) {
    return word->said.done(
        Refused(v1::ERROR_REASON_MESSAGE_MALFORMED, "a receipt is not a DeliveryReceipt"));
  }
  Handle(std::move(word));
}

void Settler::Handle(std::shared_ptr<Word> word) {
  std::optional<policy::Refusal> refusal = Find(*word);
  if (!refusal.has_value()) refusal = CheckSent(*word);
  if (refusal.has_value()) return word->said.done(*std::move(refusal));
  if (word->receipt.state() == v1::DELIVERY_STATE_DELIVERED) return TakeReceipt(std::move(word));
  TakeAcknowledgement(std::move(word));
}

std::optional<policy::Refusal> Settler::Find(Word& word) {
  const absl::StatusOr<Uuid> id = Uuid::FromText(word.receipt.delivery_id());
  absl::StatusOr<store::StoredDelivery> delivery =
      id.ok() ? with_.notices.FindDelivery(*id) : absl::NotFoundError("no id");
  if (absl::IsNotFound(delivery.status()) ||
      (delivery.ok() && delivery->recipient != word.said.caller.member)) {
    return Refused(v1::ERROR_REASON_DELIVERY_NOT_FOUND,
                   "delivery_id: nothing of this id was for the caller's member");
  }
  if (!delivery.ok()) return Fault(delivery.status());
  word.delivery = *std::move(delivery);
  absl::StatusOr<store::StoredNotice> notice = with_.notices.ReadNotice(word.delivery.notice);
  if (!notice.ok()) return Fault(notice.status());
  word.notice = *std::move(notice);
  std::vector<policy::FieldViolation> violations = CheckReceipt(word.receipt, *with_.registry());
  if (violations.empty()) return std::nullopt;
  return verify::RefuseForms(std::move(violations));
}

std::optional<policy::Refusal> Settler::CheckSent(Word& word) {
  const absl::StatusOr<store::SealedPayload> payload = with_.notices.ReadPayload(word.delivery.seq);
  // It was there: what nobody took is not shredded.
  if (absl::IsNotFound(payload.status())) return std::nullopt;
  if (!payload.ok()) return Fault(payload.status());
  const absl::StatusOr<std::string> opened = OpenPayload(with_.vault, word.delivery.id, *payload);
  if (!opened.ok()) return Fault(opened.status());
  Leaving leaving = {.earlier_missing = word.delivery.earlier_missing, .entry = word.notice.entry};
  word.notice_bytes = LeavingBytes(*opened, leaving);
  if (!word.said.notice_digest.has_value()) {
    const bool says_it_came = word.receipt.state() == v1::DELIVERY_STATE_DELIVERED;
    if (says_it_came && !word.said.was_sent) return Unexpected();
    return std::nullopt;
  }
  if (crypto::Sha256(word.notice_bytes) == *word.said.notice_digest) return std::nullopt;
  // An earlier one may have died after this one left.
  leaving.earlier_missing = false;
  word.notice_bytes = LeavingBytes(*opened, leaving);
  if (crypto::Sha256(word.notice_bytes) == *word.said.notice_digest) return std::nullopt;
  return Unexpected();
}

void Settler::TakeReceipt(std::shared_ptr<Word> word) {
  switch (word->delivery.state) {
    case DeliveryState::kScheduled:
      return SubmitReceipt(
          word, [this, word](absl::StatusOr<Taken> taken) { OnTaken(word, {}, std::move(taken)); });
    case DeliveryState::kDelivered:
    case DeliveryState::kHandedOver:
    case DeliveryState::kAcknowledged:
    case DeliveryState::kRejected:
      return AnswerAgain(*word, StateWhenThere(word->delivery), {});
    default:
      return word->said.done(WrongState());
  }
}

void Settler::SubmitReceipt(const std::shared_ptr<Word>& word,
                            absl::AnyInvocable<void(absl::StatusOr<Taken>)> done) {
  const v1::EntryDetail detail = word->Detail();
  TakeStep(with_,
           {.notice = word->notice,
            .delivery = word->delivery,
            .type = log::EntryType::kDelivery,
            .actor = word->Who(),
            .by = "holder",
            .from = DeliveryState::kScheduled,
            .to = StateWhenThere(word->delivery),
            .time = with_.clock.Now(),
            .reason = word->notice.test ? "TEST" : "",
            .request = word->notice_bytes,
            .response = word->said.receipt,
            .detail = detail,
            .subject = SubjectIn(word->notice_bytes),
            .signature = word->said.signature},
           std::move(done));
}

void Settler::TakeAcknowledgement(std::shared_ptr<Word> word) {
  const DeliveryState state = word->delivery.state;
  if (state == word->to()) {
    const absl::StatusOr<v1::DeliveryReceipt> before =
        OpenSettlement(with_.vault, word->delivery.id, word->delivery.settlement);
    const bool same =
        before.ok() && before->SerializeAsString() == word->receipt.SerializeAsString();
    if (!same) return word->said.done(WrongState());
    absl::StatusOr<v1::DeliveryStatus> status = StatusOf(with_, word->notice, word->delivery);
    if (!status.ok()) return word->said.done(Fault(status.status()));
    return AnswerAgain(*word, state, status->SerializeAsString());
  }
  // Who signs over its bytes has it, and may say both in one word.
  if (state == DeliveryState::kScheduled && word->said.notice_digest.has_value()) {
    // When this one is overtaken by the same word, the next one applies all the same.
    SubmitReceipt(word, [this, id = word->delivery.id](const absl::StatusOr<Taken>& taken) {
      if (taken.ok()) settled_(id);
    });
    return SubmitAcknowledgement(word, StateWhenThere(word->delivery));
  }
  if (!store::MayStep(state, word->to())) return word->said.done(WrongState());
  SubmitAcknowledgement(word, state);
}

void Settler::SubmitAcknowledgement(const std::shared_ptr<Word>& word, DeliveryState from) {
  absl::StatusOr<std::string> settlement =
      SealSettlement(with_.vault, word->delivery.id, word->receipt);
  if (!settlement.ok()) return word->said.done(Fault(settlement.status()));
  const absl::Time now = with_.clock.Now();
  const bool rejected = word->to() == DeliveryState::kRejected;

  store::StoredDelivery after = word->delivery;
  after.state = word->to();
  after.reason = rejected ? RejectionName(word->receipt.rejection_reason()) : "";
  std::string answer =
      StatusAfter(with_, word->notice, after, word->receipt, now).SerializeAsString();
  const v1::EntryDetail detail = word->Detail();
  Step step = {
      .notice = word->notice,
      .delivery = word->delivery,
      .type = log::EntryType::kAcknowledgement,
      .actor = word->Who(),
      .from = from,
      .to = after.state,
      .time = now,
      .reason = after.reason,
      .request = word->said.request.empty() ? word->said.receipt : word->said.request,
      .response = answer,
      .detail = detail,
      .subject = SubjectIn(word->notice_bytes),
      .signature = word->said.signature,
      .settlement = *std::move(settlement),
      .shred_ms = absl::ToUnixMillis(
          ShredTime(*with_.registry(), word->delivery.subscription, word->receipt, now)),
  };
  TakeStep(with_, step,
           [this, word, answer = std::move(answer)](absl::StatusOr<Taken> taken) mutable {
             OnTaken(word, std::move(answer), std::move(taken));
           });
}

void Settler::AnswerAgain(Word& word, DeliveryState state, std::string answer) {
  const auto find = [&]() -> absl::StatusOr<Settled> {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::StoredStep> steps,
                            with_.notices.Steps(word.delivery.seq));
    const auto step = std::find_if(steps.rbegin(), steps.rend(),
                                   [state](const auto& one) { return one.state == state; });
    if (step == steps.rend()) return absl::DataLossError("a delivery's step is missing");
    Settled settled = {.taken = {}, .answer = std::move(answer)};
    CHAYAN_ASSIGN_OR_RETURN(settled.taken, ProveAgain(with_, step->entry));
    return settled;
  };
  absl::StatusOr<Settled> settled = find();
  if (!settled.ok()) return word.said.done(Fault(settled.status()));
  word.said.done(*std::move(settled));
}

void Settler::OnTaken(const std::shared_ptr<Word>& word, std::string answer,
                      absl::StatusOr<Taken> taken) {
  if (taken.ok()) {
    settled_(word->delivery.id);
    return word->said.done(Settled{*std::move(taken), std::move(answer)});
  }
  if (!absl::IsAborted(taken.status())) {
    return word->said.done(rpc::LogUnavailable(taken.status()));
  }
  // It stands elsewhere by now: look again.
  if (++word->tries < kTriesMax && with_.thread.Run([this, word] { Handle(word); })) return;
  word->said.done(WrongState());
}

void Settler::Bury(const store::StoredDelivery& delivery, const std::string& reason,
                   absl::AnyInvocable<void(absl::Status)> done) {
  const absl::StatusOr<store::StoredNotice> notice = with_.notices.ReadNotice(delivery.notice);
  if (!notice.ok()) return done(notice.status());
  const v1::EntryDetail nothing;
  diag::Error("notice.dead", {{"recipient", delivery.recipient},
                              {"subscription", delivery.subscription},
                              {"delivery", delivery.id.ToText()},
                              {"reason", reason},
                              {"holds", delivery.holds ? "later ones wait" : "later ones go on"}});
  TakeStep(with_,
           {.notice = *notice,
            .delivery = delivery,
            .type = log::EntryType::kDelivery,
            .by = "gateway",
            .from = DeliveryState::kScheduled,
            .to = DeliveryState::kDead,
            .time = with_.clock.Now(),
            .reason = reason,
            .detail = nothing},
           [this, id = delivery.id, done = std::move(done)](absl::StatusOr<Taken> taken) mutable {
             if (taken.ok()) settled_(id);
             done(taken.status());
           });
}

}  // namespace chayan::notice
