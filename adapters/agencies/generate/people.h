// The invented people of the sample agencies. The first ones are fixed: documents and the command
// line name them (see ../README.md).
#ifndef CHAYAN_ADAPTERS_AGENCIES_GENERATE_PEOPLE_H_
#define CHAYAN_ADAPTERS_AGENCIES_GENERATE_PEOPLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "adapters/agencies/generate/address_pool.h"
#include "adapters/agencies/generate/draw.h"
#include "adapters/agencies/generate/name_pool.h"
#include "gateway/ident/era_date.h"
#include "gateway/ident/identifier.h"

namespace chayan::sample {

struct Person {
  // As the household register has it. Valid, of `scheme`.
  ident::IdentifierScheme scheme = ident::IdentifierScheme::kNationalId;
  std::string number;
  // The number under which land registers still keep the person: an older one, a nine-character
  // one, none at all (empty), or the same.
  std::string land_number;
  Names names;
  ident::EraDate birth;
  Addresses addresses;
  bool is_protected = false;  // no register may show that it knows the person
  bool is_abroad = false;     // left more than two years ago
};

// Where the fixed people stand in the list.
enum FixedPerson : size_t {
  kWang,         // everything agrees
  kVariantName,  // 峰 and 峯
  kMissing,      // ■ in the land register, private use at immigration
  kNineCharacter,
  kCoOwner,
  kIndigenous,
  kResident,  // land under an old resident number
  kProtected,
  kAbroad,
  kSouthern,  // owns in the district of QD
  kBeforeRoc,
  kFixedCount,
};

// The fixed people and then random ones, `count` in all. REQUIRES: count >= kFixedCount.
std::vector<Person> DrawPeople(Draw& draw, size_t count);

}  // namespace chayan::sample

#endif  // CHAYAN_ADAPTERS_AGENCIES_GENERATE_PEOPLE_H_
