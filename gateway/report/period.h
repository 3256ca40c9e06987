// A span of days in Taiwan, as reports are made for: from the beginning of the first to the end of
// the last. Both forms of dates stand here: 2026-01-15 and 民國115年1月15日.
#ifndef CHAYAN_GATEWAY_REPORT_PERIOD_H_
#define CHAYAN_GATEWAY_REPORT_PERIOD_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace chayan::report {

struct Period {
  absl::CivilDay first;
  absl::CivilDay last;

  // Days as "2026-01-15", "1150115" or "民國115年1月15日". INVALID_ARGUMENT names the one that is
  // no day, or says that the last comes before the first.
  static absl::StatusOr<Period> Parse(absl::string_view first, absl::string_view last);

  absl::Time begin() const;
  absl::Time end() const;  // the first moment behind it
  // As entries write their times, for comparing text with text.
  std::string begin_timestamp() const;
  std::string end_timestamp() const;
};

std::string IsoDate(absl::CivilDay day);
std::string RocDate(absl::CivilDay day);
// Of a moment in Taiwan, to the second: "2026-01-15 16:30:00", "民國115年1月15日 16:30:00".
std::string IsoTime(absl::Time time);
std::string RocTime(absl::Time time);
// "2026-01" and "民國115年1月".
std::string IsoMonth(absl::CivilMonth month);
std::string RocMonth(absl::CivilMonth month);

// The moment that an entry's timestamp means. REQUIRES: of an entry that was read.
absl::Time TimeOfEntry(absl::string_view timestamp);

}  // namespace chayan::report

#endif  // CHAYAN_GATEWAY_REPORT_PERIOD_H_
