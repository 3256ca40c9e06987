// Goal: whatever happens to the connection or to the server in the middle of a batch, kFailed means
// that nothing is kept, kUnknown is settled by the head, and nothing that was acknowledged is lost.
// Method: a proxy that cuts the connection at each step, in both forms (lost; kept but reported
// failed), sessions that the server ends, locks that others hold, a standby that never answers.
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_matchers.h"
#include "gateway/store/conformance.h"
#include "gateway/store/cutting_proxy.h"
#include "gateway/store/postgres.h"
#include "gateway/store/postgres_test_server.h"

namespace chayan::store {
namespace {

using ::testing::HasSubstr;

// What steps are known by: the names of prepared statements, as the protocol ends them.
constexpr absl::string_view kInsert("insert_entries", 15);
constexpr absl::string_view kCommit("commit", 7);
// Long enough for any answer that comes, short enough to wait for one that does not.
constexpr absl::Duration kShort = absl::Seconds(1);

constexpr char kGatewayInTransaction[] =
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'chayan-gateway' AND state LIKE 'idle in transaction%'";

class PostgresFaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = &PostgresTestServer::Get();
    database_ = server_->DatabaseOf(folder_.path());
    proxy_ = std::make_unique<CuttingProxy>(server_->host(), server_->port());
    settings_ = server_->Settings({.database = database_, .port = proxy_->port()});
    OpenStore();
    ASSERT_EQ(Append(3).result, AppendResult::kCommitted);
  }
  void TearDown() override { store_.reset(); }

  void OpenStore() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<Store>> opened = PostgresStore::Open(settings_, clock_);
    CHAYAN_CHECK(opened.ok());
    store_ = *std::move(opened);
  }
  Appended Append(size_t count) {
    const absl::StatusOr<Head> head = store_->ReadHead();
    if (!head.ok()) return {AppendResult::kFailed, head.status()};
    return AppendTo(*head, count);
  }
  Appended AppendTo(const Head& head, size_t count) {
    const PlannedBatch planned = PlanBatch(head, count);
    return store_->Append(head, planned.batch, planned.head);
  }
  std::string Run(const std::string& sql) { return server_->Run(database_, sql); }
  // Until `sql` gives true; a minute is far above what anything here takes.
  void Await(const std::string& sql) {
    const absl::Duration end = clock_.Elapsed() + absl::Minutes(1);
    while (Run(sql) != "t") CHAYAN_CHECK(clock_.Elapsed() < end);
  }
  // What the store is after all: whole, of `size` entries, and taking the next batch.
  void ExpectWhole(uint64_t size) {
    const absl::StatusOr<Head> head = store_->ReadHead();
    ASSERT_OK(head);
    EXPECT_EQ(head->size, size);
    EXPECT_OK(CheckPlanned(*store_));
    EXPECT_EQ(AppendTo(*head, 2).result, AppendResult::kCommitted);
    EXPECT_OK(CheckPlanned(*store_));
  }

  const SystemClock clock_;
  TestFolder folder_;
  PostgresTestServer* server_ = nullptr;
  std::string database_;
  std::unique_ptr<CuttingProxy> proxy_;
  PostgresSettings settings_;
  std::unique_ptr<Store> store_;
};

// --- the connection ----------------------------------------------------------------------------

TEST_F(PostgresFaultTest, AConnectionLostBeforeTheCommitIsSentHasFailed) {
  for (const ProxyAction action : {ProxyAction::kCutBefore, ProxyAction::kCutAfterReply}) {
    const Head head = *store_->ReadHead();
    proxy_->CutOnceAt(kInsert, action);
    const Appended appended = AppendTo(head, 5);
    EXPECT_EQ(appended.result, AppendResult::kFailed);
    EXPECT_TRUE(absl::IsUnavailable(appended.cause));
    ExpectWhole(head.size);
  }
}

TEST_F(PostgresFaultTest, ACommitThatWasLostIsUnknownAndTheHeadSaysThatNothingWasKept) {
  proxy_->CutOnceAt(kCommit, ProxyAction::kCutBefore);
  EXPECT_EQ(Append(5).result, AppendResult::kUnknown);
  ExpectWhole(3);
}

TEST_F(PostgresFaultTest, ACommitThatWasKeptButReportedFailedIsUnknownAndTheHeadSaysThatItIsThere) {
  proxy_->CutOnceAt(kCommit, ProxyAction::kCutAfterReply);
  const PlannedBatch planned = PlanBatch(*store_->ReadHead(), 5);
  EXPECT_EQ(store_->Append(*store_->ReadHead(), planned.batch, planned.head).result,
            AppendResult::kUnknown);
  EXPECT_EQ(store_->ReadHead()->batch, planned.head.batch);
  ExpectWhole(8);
}

// The connection is cut at its first step, then at its second, and so on, from the opening of the
// store until a run ends by itself: for the server that is what the end of a gateway is.
TEST_F(PostgresFaultTest, AGatewayThatEndsAtAnyStepLosesNothingAcknowledgedAndTearsNothing) {
  for (const ProxyAction action : {ProxyAction::kCutBefore, ProxyAction::kCutAfterReply}) {
    bool cut = true;
    for (size_t step = 1; cut; ++step) {
      SCOPED_TRACE(step);
      store_.reset();
      cut = false;
      uint64_t acknowledged = 0;
      proxy_->SetPlan([&cut, step, action](const ProxyStep& at) {
        if (at.number != step) return ProxyAction::kPass;
        cut = true;
        return action;
      });
      if (auto opened = PostgresStore::Open(settings_, clock_); opened.ok()) {
        store_ = *std::move(opened);
        for (const size_t count : {1, 2}) {
          const absl::StatusOr<Head> head = store_->ReadHead();
          if (!head.ok()) break;
          if (AppendTo(*head, count).result != AppendResult::kCommitted) break;
          acknowledged = head->size + count;
        }
      }
      proxy_->SetPlan({});
      OpenStore();
      const absl::StatusOr<Head> head = store_->ReadHead();
      ASSERT_OK(head);
      EXPECT_GE(head->size, acknowledged);
      ASSERT_OK(CheckPlanned(*store_));
    }
  }
}

TEST_F(PostgresFaultTest, AServerThatHangsBeforeTheCommitHasFailed) {
  settings_.statement_timeout = kShort;
  OpenStore();
  proxy_->CutOnceAt(kInsert, ProxyAction::kHold);
  const Appended appended = Append(5);
  EXPECT_EQ(appended.result, AppendResult::kFailed);
  EXPECT_THAT(appended.cause,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("within the time")));
  ExpectWhole(3);
}

TEST_F(PostgresFaultTest, AServerThatHangsAtTheCommitIsUnknown) {
  settings_.commit_timeout = kShort;
  settings_.lock_timeout = kShort;
  OpenStore();
  proxy_->CutOnceAt(kCommit, ProxyAction::kHold);
  const Appended appended = Append(5);
  EXPECT_EQ(appended.result, AppendResult::kUnknown);
  EXPECT_THAT(appended.cause,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("within the time")));
  // For the server the transaction goes on: what comes of it is not known while it has the lock.
  EXPECT_TRUE(absl::IsUnavailable(store_->ReadHead().status()));
  proxy_->CutHeld();
  Await(absl::StrCat("SELECT NOT (", kGatewayInTransaction, ")"));
  ExpectWhole(3);
}

// --- the server --------------------------------------------------------------------------------

constexpr char kTerminateGateway[] =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'chayan-gateway'";

TEST_F(PostgresFaultTest, SessionsThatEndBetweenBatchesCostNoBatch) {
  Run(kTerminateGateway);
  Await(
      "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database()"
      " AND application_name = 'chayan-gateway'");
  ExpectWhole(3);
}

// Runs an append while `sql` holds a transaction open, and `meanwhile` once the append waits.
class Blocker {
 public:
  Blocker(const PostgresTestServer& server, const std::string& database)
      : thread_([&server, database] {
          server.Run(database,
                     "DO $$ BEGIN PERFORM FROM chayan.head FOR UPDATE;"
                     " CREATE TABLE IF NOT EXISTS public.locked ();"
                     " PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN END $$");
        }),
        server_(server),
        database_(database) {
    while (Ask("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
               " AND datname = current_database()") != "t") {
      std::this_thread::yield();
    }
  }
  ~Blocker() {
    Ask("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        " AND datname = current_database()");
    thread_.join();
  }

 private:
  std::string Ask(const std::string& sql) { return server_.Run(database_, sql); }
  std::thread thread_;
  const PostgresTestServer& server_;
  const std::string database_;
};

constexpr char kGatewayWaits[] =
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'chayan-gateway' AND wait_event_type = 'Lock'";

TEST_F(PostgresFaultTest, ASessionThatEndsInTheMiddleOfABatchHasFailed) {
  const Head head = *store_->ReadHead();
  {
    const Blocker blocker(*server_, database_);
    Appended appended{};
    std::thread append([&] { appended = AppendTo(head, 5); });
    Await(kGatewayWaits);
    Run(kTerminateGateway);
    append.join();
    EXPECT_EQ(appended.result, AppendResult::kFailed);
    EXPECT_TRUE(absl::IsUnavailable(appended.cause));
  }
  ExpectWhole(3);
}

TEST_F(PostgresFaultTest, AHeadThatOthersHoldIsToldAndFailsTheBatch) {
  settings_.lock_timeout = kShort;
  OpenStore();
  const Head head = *store_->ReadHead();
  {
    const Blocker blocker(*server_, database_);
    const Appended appended = AppendTo(head, 5);
    EXPECT_EQ(appended.result, AppendResult::kFailed);
    EXPECT_THAT(appended.cause,
                StatusIs(absl::StatusCode::kUnavailable, HasSubstr("held by another process")));
  }
  ExpectWhole(3);
}

// A standby that never answers, as when the last one is gone.
class PostgresStandbyTest : public PostgresFaultTest {
 protected:
  void SetUp() override {
    PostgresFaultTest::SetUp();
    settings_.commit_timeout = kShort;
    settings_.lock_timeout = kShort;
    OpenStore();
    SetStandby("nobody");
  }
  void TearDown() override {
    SetStandby("");
    PostgresFaultTest::TearDown();
  }
  void SetStandby(const std::string& name) {
    Run(absl::StrCat("ALTER SYSTEM SET synchronous_standby_names = '", name, "'"));
    Run("SELECT pg_reload_conf()");
    Await(absl::StrCat("SELECT current_setting('synchronous_standby_names') = '", name, "'"));
    // Whether commits wait is decided by the checkpointer, which reads its settings before each
    // checkpoint.
    Run("CHECKPOINT");
  }
};

constexpr char kCommitWaits[] =
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'chayan-gateway' AND wait_event = 'SyncRep'";

TEST_F(PostgresStandbyTest, ACommitThatWaitsTooLongIsUnknownAndTheHeadIsNotToldUntilItIsDurable) {
  const PlannedBatch planned = PlanBatch(*store_->ReadHead(), 5);
  EXPECT_EQ(store_->Append(*store_->ReadHead(), planned.batch, planned.head).result,
            AppendResult::kUnknown);
  // The session that commits still has the lock: neither "it is there" nor "it is not" is true.
  EXPECT_TRUE(absl::IsUnavailable(store_->ReadHead().status()));
  SetStandby("");
  Await(absl::StrCat("SELECT NOT (", kCommitWaits, ")"));
  EXPECT_EQ(store_->ReadHead()->batch, planned.head.batch);
  ExpectWhole(8);
}

TEST_F(PostgresStandbyTest, ACommitWhoseWaitWasCancelledIsUnknownUntilALaterOneIsAcknowledged) {
  settings_.commit_timeout = absl::Minutes(1);
  SetStandby("");
  OpenStore();
  SetStandby("nobody");
  const PlannedBatch planned = PlanBatch(*store_->ReadHead(), 5);
  const Head head = *store_->ReadHead();
  Appended appended{};
  std::thread append([&] { appended = store_->Append(head, planned.batch, planned.head); });
  Await(kCommitWaits);
  Run("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
  append.join();
  EXPECT_EQ(appended.result, AppendResult::kUnknown);
  EXPECT_THAT(appended.cause, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("warning")));
  // Everybody sees the entries now, and a failover would lose them.
  EXPECT_EQ(Run("SELECT size FROM chayan.head"), "8");
  std::thread read([&] { EXPECT_EQ(store_->ReadHead()->batch, planned.head.batch); });
  Await(kCommitWaits);
  SetStandby("");
  read.join();
  ExpectWhole(8);
}

// --- another gateway ---------------------------------------------------------------------------

TEST_F(PostgresFaultTest, ASecondAppenderIsToldThatTheHeadIsNotItsOwnAndNothingIsLost) {
  absl::StatusOr<std::unique_ptr<Store>> second = PostgresStore::Open(settings_, clock_);
  ASSERT_OK(second);
  const Head both = *store_->ReadHead();
  ASSERT_EQ(AppendTo(both, 5).result, AppendResult::kCommitted);
  const PlannedBatch late = PlanBatch(both, 2);
  const Appended appended = (*second)->Append(both, late.batch, late.head);
  EXPECT_EQ(appended.result, AppendResult::kFailed);
  EXPECT_TRUE(absl::IsAborted(appended.cause)) << appended.cause;
  EXPECT_OK(CheckPlanned(**second));
  ExpectWhole(8);
}

// Four appenders, each from the head that it reads: one of them gets each place.
TEST_F(PostgresFaultTest, AppendersThatRaceLeaveOneHistory) {
  constexpr int kAppenders = 4, kRounds = 30;
  std::atomic<uint64_t> entries = 3;
  std::vector<std::thread> appenders;
  for (int i = 0; i < kAppenders; ++i) {
    appenders.emplace_back([this, &entries] {
      absl::StatusOr<std::unique_ptr<Store>> mine = PostgresStore::Open(settings_, clock_);
      ASSERT_OK(mine);
      for (int round = 0; round < kRounds; ++round) {
        const absl::StatusOr<Head> head = (*mine)->ReadHead();
        ASSERT_OK(head);
        const PlannedBatch planned = PlanBatch(*head, 3);
        const Appended appended = (*mine)->Append(*head, planned.batch, planned.head);
        if (appended.result == AppendResult::kCommitted) {
          entries += 3;
        } else {
          EXPECT_TRUE(absl::IsAborted(appended.cause)) << appended.cause;
        }
      }
    });
  }
  for (std::thread& appender : appenders) appender.join();
  EXPECT_GE(entries, 3u + kRounds);
  ExpectWhole(entries);
}

}  // namespace
}  // namespace chayan::store
