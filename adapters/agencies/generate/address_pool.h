// Invented door plates in real townships, in the two ways in which registers print them.
#ifndef CHAYAN_ADAPTERS_AGENCIES_GENERATE_ADDRESS_POOL_H_
#define CHAYAN_ADAPTERS_AGENCIES_GENERATE_ADDRESS_POOL_H_

#include <string>

#include "adapters/agencies/generate/draw.h"

namespace chayan::sample {

struct Addresses {
  std::string household;  // with village and neighbourhood: 臺北市松山區東光里005鄰…16號11樓之2
  std::string land;  // without, numbers in full width and Chinese: …１６號十一樓之２
};

Addresses DrawAddresses(Draw& draw);

}  // namespace chayan::sample

#endif  // CHAYAN_ADAPTERS_AGENCIES_GENERATE_ADDRESS_POOL_H_
