// The newest whole file of one kind, and whether it still counts: files come by day, may be late,
// cut off, or replaced by a note that there is none today.
#ifndef CHAYAN_ADAPTERS_FILE_SNAPSHOT_H_
#define CHAYAN_ADAPTERS_FILE_SNAPSHOT_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "adapters/connector/plan.h"
#include "adapters/file/folder.h"
#include "adapters/file/table.h"

namespace chayan::file {

// Older files are not looked for: what is older than a long holiday is not a register's state.
inline constexpr int kDaysBackMax = 31;

// "titles-{date}.csv" of a day.
std::string NameOf(const std::string& pattern, absl::CivilDay day);
// "09:30" of a day in Taipei. REQUIRES: a time of that form.
absl::Time TimeOfDay(absl::CivilDay day, const std::string& time);

// Thread-safe; one thread at a time looks.
class Snapshot {
 public:
  explicit Snapshot(connector::KindPlan plan) : plan_(std::move(plan)) {}

  // Loads what is new. `names` is the folder's list. A file that cannot be read is not tried again
  // before it changes, and the last good one stays.
  void Look(Folder& folder, const std::map<std::string, std::string>& names, absl::Time now);
  // The folder itself could not be listed.
  void CouldNotLook(const absl::Status& why);

  struct State {
    std::shared_ptr<const Table> table;  // null: none yet
    absl::Time as_of;
    bool late = true;    // today's file is due and neither it nor a note is there
    std::string detail;  // which file, how many records, what is wrong; no personal data
  };
  State StateAt(absl::Time now) const;

  const connector::KindPlan& plan() const { return plan_; }

 private:
  absl::Time DueOf(absl::CivilDay day) const;
  void TryFile(Folder& folder, const std::string& name, const std::string& mark,
               absl::CivilDay day);

  const connector::KindPlan plan_;
  mutable absl::Mutex mu_;
  std::shared_ptr<const Table> table_ ABSL_GUARDED_BY(mu_);
  std::string file_ ABSL_GUARDED_BY(mu_);
  absl::CivilDay day_ ABSL_GUARDED_BY(mu_);      // of the file
  absl::CivilDay covered_ ABSL_GUARDED_BY(mu_);  // the last day that it or notes speak of
  absl::Time as_of_ ABSL_GUARDED_BY(mu_);
  // What is wrong with files that were not taken, and with the folder (no name).
  std::map<std::string, std::string> faults_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::string> tried_;  // name → mark, of the looking thread
};

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_SNAPSHOT_H_
