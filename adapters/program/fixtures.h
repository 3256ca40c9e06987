// Recorded questions: replayed against what must follow, and shown as a clerk would see them.
#ifndef CHAYAN_ADAPTERS_PROGRAM_FIXTURES_H_
#define CHAYAN_ADAPTERS_PROGRAM_FIXTURES_H_

#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/program/loaded.h"
#include "chayan/v1/adapter_fixture.pb.h"

namespace chayan::adapter {

// INVALID_ARGUMENT with one line a fault.
absl::StatusOr<v1::AdapterFixture> LoadFixture(const std::string& path);

// Replays each, prints one line for each and the difference where there is one. Whether all agreed.
bool CheckFixture(const Loaded& loaded, const v1::AdapterFixture& fixture, absl::Time now,
                  std::ostream& out);

// Prints what a clerk would see of each.
void RehearseFixture(const Loaded& loaded, const v1::AdapterFixture& fixture, absl::Time now,
                     std::ostream& out);

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_FIXTURES_H_
