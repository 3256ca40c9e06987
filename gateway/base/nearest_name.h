// What a person most likely meant by a name that nothing has.
#ifndef CHAYAN_GATEWAY_BASE_NEAREST_NAME_H_
#define CHAYAN_GATEWAY_BASE_NEAREST_NAME_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace chayan {

// The candidate that is near `name`, or empty if none is.
absl::string_view NearestName(absl::string_view name,
                              const std::vector<absl::string_view>& candidates);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_NEAREST_NAME_H_
