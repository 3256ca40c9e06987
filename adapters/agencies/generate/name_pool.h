// Invented names. One person's name can differ between registers, as it does in life: by a variant
// character, a dot, a character that a system does not have.
#ifndef CHAYAN_ADAPTERS_AGENCIES_GENERATE_NAME_POOL_H_
#define CHAYAN_ADAPTERS_AGENCIES_GENERATE_NAME_POOL_H_

#include <string>

#include "adapters/agencies/generate/draw.h"

namespace chayan::sample {

// One person's name as each register keeps it.
struct Names {
  std::string household;
  std::string land;
  std::string immigration;
};

Names DrawNames(Draw& draw);
// A resident's name in the order of the passport.
Names DrawForeignNames(Draw& draw);

}  // namespace chayan::sample

#endif  // CHAYAN_ADAPTERS_AGENCIES_GENERATE_NAME_POOL_H_
