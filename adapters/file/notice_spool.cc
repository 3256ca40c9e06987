#include "adapters/file/notice_spool.h"

#include "gateway/base/status_macros.h"
#include "gateway/base/uuid.h"

namespace chayan::file {
namespace {

constexpr char kSchema[] = R"(
  CREATE TABLE IF NOT EXISTS notice (
    seq INTEGER PRIMARY KEY,
    delivery BLOB NOT NULL UNIQUE,
    day INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    time_ms INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS notice_day ON notice (day);
  CREATE TABLE IF NOT EXISTS file (day INTEGER PRIMARY KEY, written INTEGER NOT NULL);
)";

int64_t NumberOf(absl::CivilDay day) { return day.year() * 10'000 + day.month() * 100 + day.day(); }

absl::CivilDay DayOf(int64_t number) {
  return absl::CivilDay(number / 10'000, number / 100 % 100, number % 100);
}

}  // namespace

absl::StatusOr<std::unique_ptr<NoticeSpool>> NoticeSpool::Open(const std::string& path) {
  auto connection = store::Connection::OpenOrMake(path, kSchema);
  if (!connection.ok()) return Annotate(connection.status(), "spool of notices");
  return std::unique_ptr<NoticeSpool>(new NoticeSpool(*std::move(connection)));
}

absl::Status NoticeSpool::Run(const char* sql, std::initializer_list<int64_t> values) {
  CHAYAN_ASSIGN_OR_RETURN(store::Statement statement, connection_.Prepare(sql));
  int parameter = 0;
  for (const int64_t value : values) statement.Bind(++parameter, value);
  return statement.Run();
}

absl::Status NoticeSpool::Add(const std::vector<v1::DeliveredNotice>& notices, absl::Time now) {
  absl::MutexLock lock(&mu_);
  return connection_.Transact([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) -> absl::Status {
    CHAYAN_ASSIGN_OR_RETURN(
        store::Statement insert,
        connection_.Prepare("INSERT OR IGNORE INTO notice (delivery, day, bytes, time_ms) "
                            "VALUES (?, 0, ?, ?)"));
    for (const v1::DeliveredNotice& notice : notices) {
      CHAYAN_ASSIGN_OR_RETURN(const Uuid id, Uuid::FromText(notice.delivery_id()));
      const std::string bytes = notice.SerializeAsString();
      CHAYAN_RETURN_IF_ERROR(
          insert.Bind(1, id.raw()).Bind(2, bytes).Bind(3, absl::ToUnixMillis(now)).Run());
    }
    return absl::OkStatus();
  });
}

absl::Status NoticeSpool::CloseDay(absl::CivilDay day) {
  absl::MutexLock lock(&mu_);
  return connection_.Transact([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) -> absl::Status {
    CHAYAN_RETURN_IF_ERROR(
        Run("INSERT OR IGNORE INTO file (day, written) VALUES (?, 0)", {NumberOf(day)}));
    if (connection_.changes() == 0) return absl::OkStatus();
    return Run("UPDATE notice SET day = ? WHERE day = 0", {NumberOf(day)});
  });
}

absl::StatusOr<std::vector<absl::CivilDay>> NoticeSpool::Unwritten() {
  std::vector<absl::CivilDay> days;
  absl::MutexLock lock(&mu_);
  CHAYAN_ASSIGN_OR_RETURN(
      store::Statement select,
      connection_.Prepare("SELECT day FROM file WHERE written = 0 ORDER BY day"));
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return days;
    days.push_back(DayOf(select.Integer(0)));
  }
}

absl::StatusOr<std::vector<v1::DeliveredNotice>> NoticeSpool::NoticesOf(absl::CivilDay day) {
  std::vector<v1::DeliveredNotice> notices;
  absl::MutexLock lock(&mu_);
  CHAYAN_ASSIGN_OR_RETURN(
      store::Statement select,
      connection_.Prepare("SELECT bytes FROM notice WHERE day = ? ORDER BY seq"));
  select.Bind(1, NumberOf(day));
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return notices;
    const absl::string_view bytes = select.Blob(0);
    v1::DeliveredNotice& notice = notices.emplace_back();
    if (!notice.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::DataLossError("spool of notices: a notice cannot be read any more");
    }
  }
}

absl::Status NoticeSpool::Written(absl::CivilDay day, absl::Time now) {
  absl::MutexLock lock(&mu_);
  return connection_.Transact([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) -> absl::Status {
    CHAYAN_RETURN_IF_ERROR(Run("UPDATE file SET written = 1 WHERE day = ?", {NumberOf(day)}));
    CHAYAN_RETURN_IF_ERROR(Run("UPDATE notice SET bytes = x'' WHERE day = ?", {NumberOf(day)}));
    return Run("DELETE FROM notice WHERE time_ms < ? AND day <> 0 AND bytes = x''",
               {absl::ToUnixMillis(now - kRememberedFor)});
  });
}

}  // namespace chayan::file
