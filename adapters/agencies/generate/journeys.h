// Entries and exits of the invented people.
#ifndef CHAYAN_ADAPTERS_AGENCIES_GENERATE_JOURNEYS_H_
#define CHAYAN_ADAPTERS_AGENCIES_GENERATE_JOURNEYS_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "adapters/agencies/generate/draw.h"
#include "adapters/agencies/generate/people.h"

namespace chayan::sample {

// The day up to which the sample's registers are kept.
inline constexpr int kAsOfYear = 2026;
absl::CivilDay AsOfDay();

struct Crossing {
  const Person* traveller = nullptr;
  bool is_entry = false;
  absl::CivilDay day;
  std::string document_type;  // "roc_passport", "foreign_passport", "entry_permit"
  std::string passport;
  std::string flight;
};

// Ordered by traveller, then by day; directions of one traveller alternate. Some people never
// travel. The crossings point into `people`.
std::vector<Crossing> DrawCrossings(Draw& draw, const std::vector<Person>& people);

}  // namespace chayan::sample

#endif  // CHAYAN_ADAPTERS_AGENCIES_GENERATE_JOURNEYS_H_
