#include "gateway/audit/retention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gateway/audit/holds.h"
#include "gateway/audit/kept_records.h"
#include "gateway/base/diag.h"
#include "gateway/log/retention_term.h"

namespace chayan::audit {
namespace {

constexpr absl::Duration kLookInterval = absl::Hours(24);
// After a fault, such as a log that cannot be written.
constexpr absl::Duration kLookAgainAfter = absl::Minutes(1);
// Steps of erasing rows in one tick, some milliseconds each: calls wait behind it.
constexpr int kStepsMax = 16;
constexpr size_t kPageDefault = 100;
constexpr size_t kPageMax = 1000;
// Holds named with a key; more say the same.
constexpr size_t kHoldsNamedMax = 100;

}  // namespace

void Retention::ListRetention(AuditCall call) {
  v1::ListRetentionRequest request;
  if (!call.Parse(request)) return;
  const std::optional<PagePlace> place = call.PageStart(request, {});
  if (!place.has_value()) return;
  const absl::StatusOr<std::vector<std::string>> keys = with_.vault.KeyIds();
  const auto held = HeldByKey(with_.store);
  if (!keys.ok() || !held.ok()) {
    return call.Refuse(StoreFault(keys.ok() ? held.status() : keys.status()));
  }
  const size_t size = AuditCall::PageSize(request, kPageDefault, kPageMax);
  v1::ListRetentionResponse response;
  for (size_t i = place->next; i < keys->size(); ++i) {
    if (i == place->next + size) {
      response.set_next_page_token(call.NextToken(request, {i, 0}));
      break;
    }
    v1::RetainedKey* key = response.add_keys();
    key->set_vault_key((*keys)[i]);
    const absl::StatusOr<absl::Time> end = log::TermEnd((*keys)[i]);
    if (end.ok() && *end != absl::InfiniteFuture()) {
      key->mutable_due_time()->set_seconds(absl::ToUnixSeconds(*end));
      key->set_due(*end <= call.now());
    }
    const auto holds = held->find((*keys)[i]);
    if (holds == held->end()) continue;
    for (size_t h = 0; h < std::min(holds->second.size(), kHoldsNamedMax); ++h) {
      key->add_held_by(holds->second[h]);
    }
  }
  call.Reply(response.SerializeAsString());
}

void Retention::Tick() {
  const absl::Time now = with_.clock.Now();
  if (now >= next_look_) {
    const absl::Status status = Look();
    next_look_ = now + (status.ok() ? kLookInterval : kLookAgainAfter);
    if (!status.ok()) {
      diag::Error("audit.retention_failed", {{"cause", std::string(status.message())}});
    }
  }
  for (int step = 0; step < kStepsMax && !rows_left_.empty(); ++step) {
    const absl::StatusOr<bool> more = with_.store.erasures()->EraseSomeOf(rows_left_.front());
    if (!more.ok()) {
      diag::Error("audit.retention_failed", {{"cause", std::string(more.status().message())}});
      return;
    }
    if (*more) continue;
    rows_left_.pop_front();
    erasures_.WantPurge();
  }
}

absl::Status Retention::Look() {
  CHAYAN_ASSIGN_OR_RETURN(const auto has_entry, KeysWithEntry());
  // Rows that a process left behind when it died.
  if (!std::exchange(looked_, true)) rows_left_.assign(has_entry.begin(), has_entry.end());
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> keys, with_.vault.KeyIds());
  CHAYAN_ASSIGN_OR_RETURN(const auto held, HeldByKey(with_.store));
  for (const std::string& key_id : keys) {
    CHAYAN_ASSIGN_OR_RETURN(const absl::Time end, log::TermEnd(key_id));
    if (with_.clock.Now() < end) continue;
    if (held.contains(key_id)) {
      diag::Warning("audit.key_held", {{"key", key_id}});
      continue;
    }
    CHAYAN_RETURN_IF_ERROR(Destroy(key_id, has_entry.contains(key_id)));
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::btree_set<std::string>> Retention::KeysWithEntry() {
  absl::btree_set<std::string> keys;
  CHAYAN_RETURN_IF_ERROR(VisitRecords<v1::Erasure>(
      *with_.store.records(), store::RecordKind::kErasure, 0,
      [&keys](uint64_t, const store::KeptRecord&, const v1::Erasure& erasure) {
        if (!erasure.vault_key().empty()) keys.insert(erasure.vault_key());
        return true;
      }));
  return keys;
}

// 1. The entry, with the record that names the key. 2. The key. 3. Its rows, step by step.
absl::Status Retention::Destroy(const std::string& key_id, bool has_entry) {
  if (!has_entry && !RecordErasure(key_id)) {
    return absl::UnavailableError("the log cannot be written");
  }
  CHAYAN_RETURN_IF_ERROR(with_.vault.DestroyKey(key_id));
  diag::Info("audit.key_destroyed", {{"key", key_id}});
  rows_left_.push_back(key_id);
  return absl::OkStatus();
}

bool Retention::RecordErasure(const std::string& key_id) {
  const absl::Time now = with_.clock.Now();
  v1::Erasure erasure;
  erasure.set_vault_key(key_id);
  erasure.set_reason(v1::ERASURE_REASON_TERM_ENDED);
  erasure.set_state(v1::ERASURE_STATE_ERASED);
  erasure.set_proposed_by("gateway");
  erasure.mutable_erase_time()->set_seconds(absl::ToUnixSeconds(now));
  log::Entry entry;
  entry.type = log::EntryType::kErasure;
  entry.id = Uuid::Version7(now, with_.random);
  entry.by = "gateway";
  entry.reason = "TERM_ENDED";
  entry.vault_key = key_id;
  bool recorded = false;
  absl::Notification told;
  with_.committer.Submit(
      {std::move(entry),
       std::nullopt,
       std::nullopt,
       [&](const absl::StatusOr<log::Committed>& committed) {
         recorded = committed.ok();
         told.Notify();
       },
       {},
       {{store::RecordKind::kErasure, /*key=*/"", erasure.SerializeAsString()}}});
  told.WaitForNotification();
  return recorded;
}

}  // namespace chayan::audit
