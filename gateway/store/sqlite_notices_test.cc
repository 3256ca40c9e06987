// Goal: SQLite keeps what notices.h promises, guards its states by itself, and stays fast and small
// at the backlog of a national campaign. Method: the conformance suite; statements of another
// connection that break the rules; a backlog made by SQL, and what queries cost there.
#include <malloc.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/store/connection.h"
#include "gateway/store/notices_conformance.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/sqlite_notice_rows.h"

namespace chayan::store {
namespace {

INSTANTIATE_TEST_SUITE_P(Sqlite, NoticesConformance,
                         ::testing::Values(StoreFactory{"sqlite", [](const std::string& folder) {
                                                          return SqliteStore::Open(folder +
                                                                                   "/store.db");
                                                        }}));

class SqliteNoticesTest : public ::testing::Test {
 protected:
  SqliteNoticesTest() {
    auto opened = SqliteStore::Open(path_);
    CHAYAN_CHECK(opened.ok());
    store_ = *std::move(opened);
  }
  Connection Other() {
    auto connection = Connection::Open(path_, Connection::Mode::kReadWrite);
    CHAYAN_CHECK(connection.ok());
    return *std::move(connection);
  }

  TestFolder folder_;
  const std::string path_ = folder_ / "store.db";
  std::unique_ptr<Store> store_;
};

TEST_F(SqliteNoticesTest, TheTableOfArrowsIsThatOfTheHeader) {
  Connection other = Other();
  for (int from = 1; from <= kDeliveryStates; ++from) {
    for (int to = 1; to <= kDeliveryStates; ++to) {
      const auto count =
          other.Ask(absl::StrCat("SELECT count(*) FROM delivery_arrow WHERE "
                                 "from_state = ",
                                 from, " AND to_state = ", to));
      ASSERT_OK(count);
      EXPECT_EQ(*count == "1",
                MayStep(static_cast<DeliveryState>(from), static_cast<DeliveryState>(to)));
    }
  }
}

// Whoever writes past our code is refused by the file itself.
TEST_F(SqliteNoticesTest, TheFileItselfRefusesAnyOtherStep) {
  NoticeChange change;
  change.notices.push_back(PlannedNotice(1, {1}));
  ASSERT_EQ(AppendChange(*store_, std::move(change)).result, AppendResult::kCommitted);
  Connection other = Other();
  EXPECT_FALSE(other.Run("UPDATE delivery SET state = 4").ok());
  EXPECT_FALSE(other.Run("UPDATE delivery SET state = 1").ok());
  EXPECT_FALSE(other
                   .Run("INSERT INTO delivery SELECT 9, x'09', notice, publisher, recipient, "
                        "subscription, subjects, 4, bulk, hosted, holds, due_ms, ready_ms, "
                        "expire_ms, acknowledge_by_ms, attempts, blockers, earlier_missing, lease, "
                        "reason, settlement FROM delivery")
                   .ok());
  EXPECT_OK(other.Run("UPDATE delivery SET state = 2"));
}

// --- a backlog ---------------------------------------------------------------------------------

// Short by default; CHAYAN_BACKLOG=3500000 is the campaign of 444,000 people and eight recipients.
constexpr int64_t kShortBacklog = 20'000;
constexpr int64_t kFullBacklog = 3'500'000;
// What an operator is promised at the full backlog.
constexpr double kQueryMsMax = 50;
constexpr int64_t kMemoryMiBMax = 250;

int64_t Backlog() {
  int64_t count = kShortBacklog;
  const char* const wanted = getenv("CHAYAN_BACKLOG");
  if (wanted != nullptr) CHAYAN_CHECK(absl::SimpleAtoi(wanted, &count));
  return count;
}

int64_t ResidentMiB() {
  std::ifstream status("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  status >> size >> resident;
  return resident * 4096 / (1 << 20);
}

// Every second delivery waits behind the one before it, as two notices about one person do.
std::string MakeBacklog(int64_t count) {
  const std::string numbers = absl::StrCat(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ", count, ") ");
  const char* const recipient = "CAST('r' || (i / 2 % 8) AS BLOB)";
  const char* const subject = "CAST(substr('0000000000000000' || (i / 2), -16) AS BLOB)";
  return absl::StrCat(
      "PRAGMA synchronous = OFF; BEGIN;", numbers, "INSERT INTO delivery SELECT i, ",
      "CAST(substr('0000000000000000' || i, -16) AS BLOB), 1, CAST('p' AS BLOB), ", recipient,
      ", CAST('s' AS BLOB), ", subject,
      ", 1, 1, 0, 1, i, i, 9999999, 9999999, 0, i % 2, 0, x'', x'', x'', 0, 0, 0, 0 FROM n;",
      numbers,
      "INSERT INTO delivery_payload SELECT i, CAST('2026-11.permanent' AS BLOB), zeroblob(60), "
      "zeroblob(300), 0 FROM n;",
      numbers, "INSERT INTO delivery_queue SELECT ", recipient, ", ", subject,
      ", 1 + i % 2, i FROM n; ",
      "INSERT INTO delivery_count SELECT recipient, 1, count(*) FROM delivery GROUP BY recipient;",
      "COMMIT;");
}

// The median, so that a busy machine's pauses are not taken for a slow query.
template <typename Query>
double MedianMs(Query query) {
  std::vector<double> times;
  for (int i = 0; i < 21; ++i) {
    const auto start = std::chrono::steady_clock::now();
    query();
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

TEST_F(SqliteNoticesTest, ABacklogIsListedAndClaimedInBoundedTimeAndMemory) {
  const int64_t backlog = Backlog();
  ASSERT_OK(Other().Run(MakeBacklog(backlog)));
  ASSERT_OK(store_->Maintain());
  Notices& notices = *store_->notices();
  const int64_t before_mib = ResidentMiB();
  int64_t after_seq = 0;
  std::map<std::string, double> times;
  times["due"] = MedianMs([&] { EXPECT_EQ(notices.Due(backlog)->size(), 8u); });
  times["claim"] = MedianMs([&] {
    const auto claimed =
        notices.Claim({.lane = {.recipient = "r3", .subscription = "s", .bulk = true},
                       .now_ms = backlog,
                       .gateway = "gw",
                       .until_ms = 9'000'000,
                       .count = 50});
    ASSERT_OK(claimed);
    EXPECT_EQ(claimed->size(), 50u);
  });
  times["list"] = MedianMs([&] {
    const auto page = notices.List({.side = DeliverySide::kPublisher,
                                    .member = "p",
                                    .states = {},
                                    .after_seq = after_seq,
                                    .count = 500});
    ASSERT_OK(page);
    EXPECT_EQ(page->size(), 500u);
    after_seq = page->back().seq;
  });
  times["count"] = MedianMs([&] { EXPECT_EQ(notices.Count("r3")->size(), 1u); });
  const int64_t grown_mib = ResidentMiB() - before_mib;
  printf("backlog %ld: %ld MiB more resident", static_cast<long>(backlog),
         static_cast<long>(grown_mib));
  for (const auto& [query, ms] : times) printf(", %s %.2f ms", query.c_str(), ms);
  printf("\n");
  EXPECT_LE(ResidentMiB(), kMemoryMiBMax);
  if (backlog < kFullBacklog) return;  // times are a promise of the full backlog, measured alone
  for (const auto& [query, ms] : times) EXPECT_LE(ms, kQueryMsMax) << query;
}

// Steps of SQLite's machine from the lane of one recipient to the next, which no busy machine
// changes.
int StepsBetween(Connection& connection, absl::string_view recipient, absl::string_view next) {
  sqlite3_stmt* statement = nullptr;
  const std::string sql = SelectNextLane();
  CHAYAN_CHECK(sqlite3_prepare_v2(connection.handle(), sql.c_str(), -1, &statement, nullptr) ==
               SQLITE_OK);
  const auto size = static_cast<int>(recipient.size());
  sqlite3_bind_blob(statement, 1, recipient.data(), size, SQLITE_STATIC);
  sqlite3_bind_blob(statement, 2, "s", 1, SQLITE_STATIC);
  sqlite3_bind_int(statement, 3, 1);
  EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
  const absl::string_view found(static_cast<const char*>(sqlite3_column_blob(statement, 0)),
                                static_cast<size_t>(sqlite3_column_bytes(statement, 0)));
  EXPECT_EQ(found, next);
  const int steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
  sqlite3_finalize(statement);
  return steps;
}

TEST_F(SqliteNoticesTest, FromLaneToLaneNoLaneIsRead) {
  ASSERT_OK(Other().Run(MakeBacklog(kShortBacklog)));
  Connection other = Other();
  constexpr int kStepsMax = 200;
  EXPECT_LE(StepsBetween(other, "r3", "r4"), kStepsMax);
  EXPECT_LE(StepsBetween(other, "r6", "r7"), kStepsMax);
}

}  // namespace
}  // namespace chayan::store
