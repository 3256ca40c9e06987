// An EntryFilter made ready: a span of indexes, and what must stand in a leaf. A leaf is JSON of
// fixed form whose values hold no quotes, so that a value stands there exactly if its text
// `,"key":"value"` does: no leaf is parsed to be passed over.
#ifndef CHAYAN_GATEWAY_AUDIT_FILTER_H_
#define CHAYAN_GATEWAY_AUDIT_FILTER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/policy/audit.h"
#include "gateway/policy/refusal.h"
#include "gateway/store/search_index.h"
#include "gateway/store/store.h"

namespace chayan::audit {

class Filter {
 public:
  // INVALID_ARGUMENT where a value cannot stand in a leaf; `violation` then names the field.
  static absl::StatusOr<Filter> Create(const v1::EntryFilter& filter,
                                       policy::FieldViolation& violation);

  // Whether all that is given stands in the leaf.
  bool Fits(absl::string_view leaf) const;
  // What the filter names, for the grants. Views into the filter.
  policy::AuditScope Scope() const;
  // The entries that can fit, of a log of `log_size` entries.
  absl::StatusOr<store::EntryRange> Range(store::Store& store, uint64_t log_size) const;

 private:
  absl::Status Need(const char* field, const char* key, absl::string_view value,
                    policy::FieldViolation& violation);

  std::vector<std::string> needles_;
  std::string member_, office_, kind_;
  absl::Time from_ = absl::InfinitePast();
  absl::Time until_ = absl::InfiniteFuture();
  store::EntryRange indexes_;
};

// The first entry below `log_size` made at `time` or later; `log_size` when there is none. Times
// never fall, so it takes some twenty reads.
absl::StatusOr<uint64_t> FirstEntryAt(store::Store& store, uint64_t log_size, absl::Time time);

// Calls `visit` with each entry of the range in turn until it says false or the range ends.
absl::Status VisitLeaves(store::Store& store, store::EntryRange range,
                         const std::function<bool(uint64_t, absl::string_view)>& visit);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_FILTER_H_
