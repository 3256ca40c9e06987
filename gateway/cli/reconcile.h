// An agency's own answer log held against the gateway's log. Each side was
// written without the other: what stands on one side alone, or differs, one of
// them must explain.
#ifndef CHAYAN_GATEWAY_CLI_RECONCILE_H_
#define CHAYAN_GATEWAY_CLI_RECONCILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/registry/snapshot.h"
#include "gateway/tlog/frame.h"

namespace chayan::cli {

struct Discrepancy {
  enum class Kind {
    kNotInLog,      // answered by the agency; no entry: asked around the log, or a
                    // crash between
    kNotAtHolder,   // an answer in the agency's name of which the agency knows
                    // nothing
    kNotUsed,       // answered by the agency; the gateway recorded that it did not
                    // answer, and no lock
    kSignature,     // both, but the entry commits to another signature than the
                    // agency made
    kBadSignature,  // the agency's own line is not signed by a key that is
                    // registered for it
    kIndex,         // the gateway told the agency another index than the entry has
    kLate,          // both, but further apart in time than may be
  };
  Kind kind = Kind::kNotInLog;
  std::string exchange;
  std::optional<uint64_t> index;  // of the entry, where there is one
  absl::Time time;                // of the side that has it; the agency's where both do
  std::string detail;
};
// "not_in_log" …: stable, for scripts.
absl::string_view KindName(Discrepancy::Kind kind);

// Not thread-safe. Memory grows with the agency's lines.
class Reconciler {
 public:
  // Answers of `holder`. Times may differ by `late_max`.
  Reconciler(std::string holder, absl::Duration late_max)
      : holder_(std::move(holder)), late_max_(late_max) {}

  // One file of an answer log. INVALID_ARGUMENT with file, line and remedy.
  absl::Status ReadAnswers(const std::string& path);
  // Each entry, in order. `set`: the one it names; null where there is none.
  void Add(const AuditedEntry& entry, const registry::Snapshot* set);
  // After the last entry, sorted by time. Lines newer than the log's end are
  // only counted.
  std::vector<Discrepancy> Take();

  size_t answers() const { return answers_.size(); }
  uint64_t joined() const { return joined_; }
  // Of those on both sides: the caller was told of a lock instead, as the entry says. Guesses that
  // are under way when the lock closes end so.
  uint64_t withheld() const { return withheld_; }
  uint64_t newer() const { return newer_; }

 private:
  struct Answer {
    absl::Time time;
    crypto::Digest digest;  // what was signed for it
    tlog::HolderSignature signature;
    std::optional<uint64_t> told;  // the index that the gateway sent
    bool seen = false;
  };
  absl::Status ReadLine(const std::string& line);
  void Compare(const AuditedEntry& entry, absl::Time recorded, const std::string& exchange,
               Answer& answer, const registry::Snapshot* set);
  bool IsSigned(const Answer& answer, const registry::Snapshot& set) const;

  const std::string holder_;
  const absl::Duration late_max_;
  absl::flat_hash_map<std::string, Answer> answers_;  // by exchange
  absl::Time first_ = absl::InfiniteFuture();         // of the agency's lines
  absl::Time last_ = absl::InfinitePast();
  absl::Time log_end_ = absl::InfinitePast();
  const registry::Snapshot* newest_set_ = nullptr;
  std::vector<Discrepancy> found_;
  uint64_t joined_ = 0;
  uint64_t withheld_ = 0;
  uint64_t newer_ = 0;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_RECONCILE_H_
