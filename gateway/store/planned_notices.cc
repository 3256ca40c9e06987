#include "gateway/store/planned_notices.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {
namespace {

// So many entries apart notices come: a crash is tried at each write, and each page is one.
constexpr uint64_t kStride = 36;
// So many entries later they are delivered, some of them by another batch.
constexpr uint64_t kLag = 4;

bool BringsNotice(uint64_t index) { return index % kStride == 0; }
bool Delivers(uint64_t index) { return index % kStride == kLag && index % (kStride * 3) != kLag; }

// Those that are never delivered share their subjects, and so do those that always are.
std::vector<uint64_t> SubjectsOf(uint64_t index) {
  return {1000 + index % (kStride * 3), 2000 + index % (kStride * 3)};
}

std::array<uint8_t, 16> Sixteen(const std::string& text) {
  const crypto::Digest digest = crypto::Sha256(text);
  std::array<uint8_t, 16> bytes;
  std::copy_n(digest.bytes.begin(), bytes.size(), bytes.begin());
  return bytes;
}

absl::Status Expect(bool condition, absl::string_view what, uint64_t number) {
  if (condition) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(what, " ", number, " is not what was appended"));
}

absl::Status CheckNotice(Notices& notices, uint64_t number, bool delivered) {
  CHAYAN_ASSIGN_OR_RETURN(const StoredNotice notice,
                          notices.FindRequest(PlannedNotice(number).request_key));
  CHAYAN_RETURN_IF_ERROR(
      Expect(notice.id == PlannedId(number) && notice.entry == number, "notice", number));
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<StoredDelivery> deliveries,
                          notices.DeliveriesOf(notice.ordinal, 0));
  CHAYAN_RETURN_IF_ERROR(Expect(deliveries.size() == 1, "deliveries of notice", number));
  const StoredDelivery& delivery = deliveries[0];
  CHAYAN_RETURN_IF_ERROR(Expect(
      delivery.id == PlannedId(number) &&
          delivery.state == (delivered ? DeliveryState::kDelivered : DeliveryState::kScheduled),
      "delivery", number));
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<StoredStep> steps, notices.Steps(delivery.seq));
  CHAYAN_RETURN_IF_ERROR(Expect(
      steps.size() == (delivered ? 1u : 0u) && (!delivered || steps[0].entry == number + kLag),
      "steps of delivery", number));
  CHAYAN_ASSIGN_OR_RETURN(const SealedPayload payload, notices.ReadPayload(delivery.seq));
  return Expect(payload == PlannedPayload(number), "payload", number);
}

absl::Status CheckCounts(Notices& notices, uint64_t waiting, uint64_t delivered) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<DeliveryCount> counts, notices.Count("nhi"));
  for (const DeliveryCount& each : counts) {
    const uint64_t expected = each.state == DeliveryState::kScheduled ? waiting : delivered;
    CHAYAN_RETURN_IF_ERROR(
        Expect(each.count == expected, "count of state", static_cast<uint64_t>(each.state)));
  }
  return Expect(counts.size() == (waiting > 0 ? 1u : 0u) + (delivered > 0 ? 1u : 0u), "states of",
                counts.size());
}

}  // namespace

Uuid PlannedId(uint64_t number) { return {Sixteen(absl::StrCat("id ", number))}; }

SubjectKey PlannedSubject(uint64_t number) { return Sixteen(absl::StrCat("subject ", number)); }

SealedPayload PlannedPayload(uint64_t number) {
  return {.key_id = "2026-11.permanent",
          .wrapped_secret = std::string(60, static_cast<char>(number)),
          .sealed = absl::StrCat("sealed ", number)};
}

NewNotice PlannedNotice(uint64_t number) {
  NewNotice notice;
  notice.id = PlannedId(number);
  notice.request_key = Sixteen(absl::StrCat("request ", number));
  notice.request_digest = crypto::Sha256(absl::StrCat("digest ", number));
  notice.kind = "person.death";
  notice.publisher = "hro-taipei";
  notice.system = "counter";
  notice.acting_for = "hro-taipei";
  notice.time_ms = static_cast<int64_t>(number);
  notice.answer = absl::StrCat("answer ", number);
  return notice;
}

NewDelivery PlannedDelivery(uint64_t number, const std::vector<uint64_t>& subjects) {
  NewDelivery delivery;
  delivery.id = PlannedId(number);
  delivery.recipient = "nhi";
  delivery.subscription = "nhi-death";
  for (const uint64_t subject : subjects) delivery.subjects.push_back(PlannedSubject(subject));
  delivery.expire_ms = 1'000'000;
  delivery.acknowledge_by_ms = 500'000;
  delivery.payload = PlannedPayload(number);
  return delivery;
}

NewNotice PlannedNotice(uint64_t number, const std::vector<uint64_t>& subjects) {
  NewNotice notice = PlannedNotice(number);
  notice.deliveries.push_back(PlannedDelivery(number, subjects));
  return notice;
}

StateStep PlannedStep(uint64_t delivery, DeliveryState from, DeliveryState to) {
  StateStep step;
  step.delivery = PlannedId(delivery);
  step.from = from;
  step.to = to;
  step.time_ms = 1000;
  step.expire_ms = 1'000'000;
  return step;
}

Appended AppendChange(Store& store, NoticeChange change) {
  const absl::StatusOr<Head> head = store.ReadHead();
  if (!head.ok()) return {AppendResult::kFailed, head.status()};
  PlannedBatch planned = PlanBatch(*head, 1);
  planned.batch.entries[0].change = std::make_shared<const NoticeChange>(std::move(change));
  return store.Append(*head, planned.batch, planned.head);
}

void AddPlannedNotices(const Head& old, Batch& batch) {
  for (size_t i = 0; i < batch.entries.size(); ++i) {
    const uint64_t index = old.size + i;
    NoticeChange change;
    if (BringsNotice(index)) change.notices.push_back(PlannedNotice(index, SubjectsOf(index)));
    if (Delivers(index)) {
      change.steps.push_back(
          PlannedStep(index - kLag, DeliveryState::kScheduled, DeliveryState::kDelivered));
    }
    if (change.notices.empty() && change.steps.empty()) continue;
    batch.entries[i].change = std::make_shared<const NoticeChange>(std::move(change));
  }
}

absl::Status CheckPlannedNotices(Store& store) {
  CHAYAN_CHECK(store.notices() != nullptr);
  CHAYAN_ASSIGN_OR_RETURN(const Head head, store.ReadHead());
  uint64_t waiting = 0;
  uint64_t delivered = 0;
  for (uint64_t index = 0; index < head.size; ++index) {
    if (!BringsNotice(index)) continue;
    const bool is_delivered = index + kLag < head.size && Delivers(index + kLag);
    ++(is_delivered ? delivered : waiting);
    CHAYAN_RETURN_IF_ERROR(CheckNotice(*store.notices(), index, is_delivered));
  }
  return CheckCounts(*store.notices(), waiting, delivered);
}

}  // namespace chayan::store
