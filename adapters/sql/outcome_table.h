// What an office writes down that it did of notices (chayan_outcome in inbox.sql), days after they
// came; and the periods that had none (chayan_none_today).
#ifndef CHAYAN_ADAPTERS_SQL_OUTCOME_TABLE_H_
#define CHAYAN_ADAPTERS_SQL_OUTCOME_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/connector/notice_sink.h"
#include "adapters/sql/odbc.h"
#include "chayan/v1/notice_service.pb.h"

namespace chayan::sql {

// At most kRowsMax of those that were not told yet: the others follow when these were. A row that
// says nothing that can be told has a fault.
absl::StatusOr<std::vector<connector::Outcome>> ReadOutcomes(Connection& connection);
// Writes into its row what came of it, cut to what the column takes. One that the office has
// changed since it was read stays as it is.
absl::Status WriteTold(Connection& connection, const connector::Outcome& outcome,
                       const std::string& told);
// Whether the table of such periods is there and may be read.
absl::Status ProbeNone(Connection& connection);
// Once, however often it is said.
absl::Status WriteNone(Connection& connection, const v1::NoneToday& none);

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_OUTCOME_TABLE_H_
