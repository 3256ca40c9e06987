// Land and building titles of one land office.
#ifndef CHAYAN_ADAPTERS_AGENCIES_GENERATE_TITLES_H_
#define CHAYAN_ADAPTERS_AGENCIES_GENERATE_TITLES_H_

#include <string>
#include <vector>

#include "adapters/agencies/generate/draw.h"
#include "adapters/agencies/generate/people.h"

namespace chayan::sample {

enum class LandOffice { kAd, kQd };

// One owner's line of one title. A building's number and the lot it stands on have eight digits
// each.
struct Title {
  bool is_building = false;
  std::string section;
  std::string number;
  int owner_sequence = 1;  // from 1 within one title
  const Person* owner = nullptr;
  std::string share;        // "1/1", "1/2", "公同共有1/1"
  std::string owner_class;  // "1", "2", "3"
  std::string address;      // of the owner for land, of the building for a building
  ident::EraDate registered;
  bool is_void = false;  // cancelled; a newer title may stand beside it
};

// The fixed titles and then random ones. The titles point into `people`.
std::vector<Title> DrawTitles(Draw& draw, LandOffice office, const std::vector<Person>& people);

// The date as this office stores it: seven digits, before the Republic with "-" (AD) or 前 (QD).
std::string StoredDate(LandOffice office, const ident::EraDate& date);

}  // namespace chayan::sample

#endif  // CHAYAN_ADAPTERS_AGENCIES_GENERATE_TITLES_H_
