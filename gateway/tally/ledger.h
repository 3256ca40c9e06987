// What was counted today, in memory, with the store behind it: questions, refusals, mismatches.
// Looking costs a lookup; what is added is durable with the entry that it comes with, and nothing
// else is ever written.
#ifndef CHAYAN_GATEWAY_TALLY_LEDGER_H_
#define CHAYAN_GATEWAY_TALLY_LEDGER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/store/store.h"

namespace chayan::tally {

// Days since 1970 in Taipei, which is eight hours ahead all year.
int64_t DayOf(absl::Time time);

// Thread-safe.
class Ledger {
 public:
  // With what the store keeps: counts of today, and of grants whatever their day. The clock
  // outlives the result.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(store::Store& store, const Clock& clock);
  // With nothing counted.
  explicit Ledger(const Clock& clock);

  // Today's count; 0 when there is none.
  int64_t Count(store::TallyKind kind, absl::string_view key) const;
  // Whether anything was counted today, or yesterday and not looked at since. Lock-free.
  bool HasAny(store::TallyKind kind) const;
  // As it stands, whatever its day; day 0 when there is none.
  store::KeptTally Read(store::TallyKind kind, absl::string_view key) const;
  // Today's counts above 0, by key; those whose key begins so.
  std::vector<store::KeptTally> List(store::TallyKind kind, absl::string_view prefix = {}) const;

  int64_t today() const { return DayOf(clock_.Now()); }

 private:
  friend class Charge;

  struct Today {
    int64_t day;
    int64_t count;
    std::string label;
  };
  struct Table {
    mutable absl::Mutex mu;
    absl::flat_hash_map<std::string, Today> counts ABSL_GUARDED_BY(mu);
    int64_t newest_day ABSL_GUARDED_BY(mu) = 0;
    std::atomic<bool> any = false;
  };
  // Kinds that are daily forget what is over.
  static constexpr size_t kTables = static_cast<size_t>(store::kDailyTallyMax) + 2;

  static size_t IndexOf(store::TallyKind kind);
  const Table& TableOf(store::TallyKind kind) const { return tables_[IndexOf(kind)]; }
  // The count with it.
  int64_t Add(const store::Tally& tally);

  const Clock& clock_;
  std::array<Table, kTables> tables_;
};

// What one exchange counts: at once in memory, so that the next one sees it, and durable with the
// exchange's next entry. What no entry carried is taken back. Not thread-safe; the ledger outlives
// it.
class Charge {
 public:
  explicit Charge(Ledger& ledger) : ledger_(ledger) {}
  ~Charge();
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  // The count with it.
  int64_t Add(store::TallyKind kind, absl::string_view key, absl::string_view label,
              int64_t add = 1);
  // Takes the last Add back.
  void TakeBackLast();
  // What goes with the next entry. REQUIRES: Settle is called before the next Submit.
  std::vector<store::Tally> Submit();
  // What became of that entry. Of one that may have been recorded nothing is known any more, and
  // the log takes no other.
  void Settle(bool committed);

 private:
  void TakeBack(const std::vector<store::Tally>& tallies);

  Ledger& ledger_;
  std::vector<store::Tally> waiting_;    // for the next entry
  std::vector<store::Tally> submitted_;  // with an entry that is being recorded
};

}  // namespace chayan::tally

#endif  // CHAYAN_GATEWAY_TALLY_LEDGER_H_
