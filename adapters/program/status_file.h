// How an adapter is, in a file of its own machine: the agency's people have no certificate of an
// operator, and must see what is wrong when no gateway can be reached. JSON, replaced whole.
#ifndef CHAYAN_ADAPTERS_PROGRAM_STATUS_FILE_H_
#define CHAYAN_ADAPTERS_PROGRAM_STATUS_FILE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/connector/connector.h"
#include "adapters/program/front.h"
#include "adapters/sdk/link_client.h"

namespace chayan::adapter {

// A status older than this is of an adapter that no longer runs.
inline constexpr absl::Duration kStatusAgeMax = absl::Seconds(30);

struct StatusReport {
  std::string member;
  std::string connector;
  absl::Time time;
  sdk::LinkClientStatus link;
  std::optional<connector::SourceHealth> source;
  std::map<std::string, KindCounts> kinds;
  std::string sink;
  std::optional<connector::SourceHealth> sink_health;
  std::map<std::string, NoticeCounts> notices;
  std::string reload_fault;  // why the last reload was refused; empty: it was not
};

// No personal data and no secret.
std::string StatusJson(const StatusReport& report);

// The JSON of a status file as lines for people. INVALID_ARGUMENT if it is none.
absl::StatusOr<std::string> StatusText(absl::string_view json, absl::Time now);

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_STATUS_FILE_H_
