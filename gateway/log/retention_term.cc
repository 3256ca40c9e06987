#include "gateway/log/retention_term.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "gateway/base/clock.h"

namespace chayan::log {
namespace {

// Years of a class; 0: for ever. The names are those of ClassKeys.
constexpr std::pair<absl::string_view, int> kClassYears[] = {
    {"five-years", 5}, {"ten-years", 10}, {"permanent", 0}};

}  // namespace

absl::StatusOr<absl::Time> TermEnd(absl::string_view key_id) {
  const auto bad = [key_id] {
    return absl::InvalidArgumentError(absl::StrCat("vault key ", key_id, ": no month and class"));
  };
  constexpr size_t kMonthLength = 7;
  if (key_id.size() <= kMonthLength || key_id[4] != '-' || key_id[kMonthLength] != '.')
    return bad();
  int year = 0;
  int month = 0;
  if (!absl::SimpleAtoi(key_id.substr(0, 4), &year) ||
      !absl::SimpleAtoi(key_id.substr(5, 2), &month) || month < 1 || month > 12) {
    return bad();
  }
  for (const auto& [name, years] : kClassYears) {
    if (key_id.substr(kMonthLength + 1) != name) continue;
    if (years == 0) return absl::InfiniteFuture();
    const absl::CivilMonth end = absl::CivilMonth(year + years, month) + 1;
    return absl::FromCivil(absl::CivilSecond(end), TaipeiTimeZone());
  }
  return bad();
}

}  // namespace chayan::log
