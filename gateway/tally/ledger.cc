#include "gateway/tally/ledger.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"

namespace chayan::tally {
namespace {

using store::TallyKind;

constexpr TallyKind kKinds[] = {
    TallyKind::kPersonAndSubject, TallyKind::kSubject,         TallyKind::kRequest,
    TallyKind::kPersonMisses,     TallyKind::kPersonQuestions, TallyKind::kSystemDenials,
    TallyKind::kMember,           TallyKind::kGrantUse,        TallyKind::kGrantBegin,
};
// Tallies read from the store at once.
constexpr size_t kPage = 1000;

bool IsDaily(TallyKind kind) { return kind <= store::kDailyTallyMax; }

}  // namespace

int64_t DayOf(absl::Time time) {
  return absl::ToInt64Hours(time - absl::UnixEpoch() + absl::Hours(8)) / 24;
}

Ledger::Ledger(const Clock& clock) : clock_(clock) {}

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(store::Store& store, const Clock& clock) {
  auto ledger = std::make_unique<Ledger>(clock);
  const int64_t today = ledger->today();
  for (const TallyKind kind : kKinds) {
    std::string after;
    while (true) {
      CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::KeptTally> page,
                              store.ReadTallies(kind, after, kPage));
      for (const store::KeptTally& kept : page) {
        if (IsDaily(kind) && kept.day < today) continue;
        ledger->Add({kind, kept.key, kept.day, kept.count, kept.label});
      }
      if (page.size() < kPage) break;
      after = page.back().key;
    }
  }
  return ledger;
}

size_t Ledger::IndexOf(TallyKind kind) {
  const auto number = static_cast<size_t>(kind);
  const auto daily = static_cast<size_t>(store::kDailyTallyMax);
  const auto first_kept = static_cast<size_t>(TallyKind::kGrantUse);
  const size_t at = IsDaily(kind) ? number - 1 : daily + number - first_kept;
  CHAYAN_CHECK(at < kTables);
  return at;
}

bool Ledger::HasAny(TallyKind kind) const { return TableOf(kind).any; }

store::KeptTally Ledger::Read(TallyKind kind, absl::string_view key) const {
  const Table& table = TableOf(kind);
  absl::ReaderMutexLock lock(&table.mu);
  const auto found = table.counts.find(key);
  if (found == table.counts.end()) return {std::string(key), 0, 0, {}};
  return {found->first, found->second.day, found->second.count, found->second.label};
}

int64_t Ledger::Count(TallyKind kind, absl::string_view key) const {
  const Table& table = TableOf(kind);
  if (!table.any) return 0;
  const int64_t day = today();
  absl::ReaderMutexLock lock(&table.mu);
  const auto found = table.counts.find(key);
  return found == table.counts.end() || found->second.day != day ? 0 : found->second.count;
}

std::vector<store::KeptTally> Ledger::List(TallyKind kind, absl::string_view prefix) const {
  const Table& table = TableOf(kind);
  const int64_t day = today();
  std::vector<store::KeptTally> list;
  {
    absl::ReaderMutexLock lock(&table.mu);
    for (const auto& [key, each] : table.counts) {
      if (each.day != day || each.count <= 0 || !absl::StartsWith(key, prefix)) continue;
      list.push_back({key, each.day, each.count, each.label});
    }
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return list;
}

int64_t Ledger::Add(const store::Tally& tally) {
  Table& table = tables_[IndexOf(tally.kind)];
  absl::MutexLock lock(&table.mu);
  if (IsDaily(tally.kind) && tally.day > table.newest_day) {
    absl::erase_if(table.counts, [&](const auto& each) { return each.second.day < tally.day; });
  }
  table.newest_day = std::max(table.newest_day, tally.day);
  table.any = true;
  Today& count =
      table.counts.try_emplace(tally.key, Today{tally.day, 0, tally.label}).first->second;
  // As the store does (see store::Tally).
  if (tally.day < count.day) return 0;
  if (tally.day > count.day) count = {tally.day, 0, tally.label};
  count.count += tally.add;
  return count.count;
}

Charge::~Charge() {
  TakeBack(waiting_);
  TakeBack(submitted_);
}

int64_t Charge::Add(TallyKind kind, absl::string_view key, absl::string_view label, int64_t add) {
  waiting_.push_back({kind, std::string(key), ledger_.today(), add, std::string(label)});
  return ledger_.Add(waiting_.back());
}

void Charge::TakeBackLast() {
  TakeBack({waiting_.back()});
  waiting_.pop_back();
}

std::vector<store::Tally> Charge::Submit() {
  CHAYAN_CHECK(submitted_.empty());
  submitted_ = std::exchange(waiting_, {});
  return submitted_;
}

void Charge::Settle(bool committed) {
  if (!committed) TakeBack(submitted_);
  submitted_.clear();
}

void Charge::TakeBack(const std::vector<store::Tally>& tallies) {
  for (store::Tally tally : tallies) {
    tally.add = -tally.add;
    ledger_.Add(tally);
  }
}

}  // namespace chayan::tally
