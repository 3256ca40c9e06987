// The files of the sample agencies: land-ad.db, land-qd.db, immigration.db, people.csv. The schemas
// are described in ../README.md.
#ifndef CHAYAN_ADAPTERS_AGENCIES_GENERATE_SAMPLE_FILES_H_
#define CHAYAN_ADAPTERS_AGENCIES_GENERATE_SAMPLE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace chayan::sample {

inline constexpr size_t kPeopleDefault = 2400;
inline constexpr size_t kPeopleMin = 100;
// Lot numbers have four digits, and there are three titles for five people.
inline constexpr size_t kPeopleMax = 15000;

struct SampleOptions {
  std::string directory;
  uint64_t seed = 1;
  size_t people = kPeopleDefault;
};

struct WrittenFile {
  std::string path;
  size_t rows;
};

// Writes or replaces the files. The same options give the same rows in the same order.
// INVALID_ARGUMENT if the number of people is out of its bounds.
absl::StatusOr<std::vector<WrittenFile>> WriteSampleFiles(const SampleOptions& options);

}  // namespace chayan::sample

#endif  // CHAYAN_ADAPTERS_AGENCIES_GENERATE_SAMPLE_FILES_H_
