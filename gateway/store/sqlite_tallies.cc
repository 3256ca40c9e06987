#include "gateway/store/sqlite_tallies.h"

#include "gateway/base/status_macros.h"

namespace chayan::store {

absl::StatusOr<TallyWriter> TallyWriter::Prepare(Connection& connection) {
  TallyWriter writer;
  CHAYAN_ASSIGN_OR_RETURN(
      writer.add_,
      connection.Prepare(
          "INSERT INTO tally (kind, key, day, count, label) VALUES (?, ?, ?, ?, ?) "
          "ON CONFLICT (kind, key) DO UPDATE SET "
          "count = excluded.count + CASE WHEN day = excluded.day THEN count ELSE 0 END, "
          "day = excluded.day, label = excluded.label WHERE excluded.day >= day"));
  CHAYAN_ASSIGN_OR_RETURN(writer.forget_,
                          connection.Prepare("DELETE FROM tally WHERE kind <= ? AND day < ?"));
  return writer;
}

absl::Status TallyWriter::Write(const std::vector<Tally>& tallies) {
  for (const Tally& tally : tallies) {
    CHAYAN_RETURN_IF_ERROR(ForgetBefore(tally.day));
    add_.Bind(1, static_cast<int64_t>(tally.kind))
        .Bind(2, tally.key)
        .Bind(3, tally.day)
        .Bind(4, tally.add)
        .Bind(5, tally.label);
    CHAYAN_RETURN_IF_ERROR(add_.Run());
  }
  return absl::OkStatus();
}

// A walk over the table, once a day. A transaction that fails after it forgets again with the next
// new day at the latest.
absl::Status TallyWriter::ForgetBefore(int64_t day) {
  if (day <= newest_day_) return absl::OkStatus();
  newest_day_ = day;
  return forget_.Bind(1, static_cast<int64_t>(kDailyTallyMax)).Bind(2, day).Run();
}

}  // namespace chayan::store
