// Goal: the PostgreSQL store keeps the contract; it opens only where a commit means durable and
// nobody who serves can rewrite the log; and each role can do what it is for, and nothing else.
// Method: the conformance suite and real logins, on a server that pg_virtualenv made.
#include "gateway/store/postgres.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"
#include "gateway/store/conformance.h"
#include "gateway/store/postgres_test_server.h"

namespace chayan::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const Clock& TestClock() {
  static const SystemClock clock;
  return clock;
}

absl::StatusOr<std::unique_ptr<Store>> OpenIn(const std::string& folder) {
  PostgresTestServer& server = PostgresTestServer::Get();
  return PostgresStore::Open(server.Settings({.database = server.DatabaseOf(folder)}), TestClock());
}

INSTANTIATE_TEST_SUITE_P(Postgres, StoreConformance,
                         ::testing::Values(StoreFactory{"postgres", OpenIn}),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

class PostgresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = &PostgresTestServer::Get();
    database_ = server_->DatabaseOf(folder_.path());
  }
  absl::StatusOr<std::unique_ptr<Store>> OpenAs(const std::string& user) {
    return PostgresStore::Open(server_->Settings({.database = database_, .user = user}),
                               TestClock());
  }
  absl::StatusOr<std::unique_ptr<Store>> Open() { return OpenAs("chayan_test_gateway"); }
  void ExpectRefused(absl::string_view why) {
    EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(why)));
  }
  static Appended Append(Store& store, size_t count) {
    const absl::StatusOr<Head> head = store.ReadHead();
    if (!head.ok()) return {AppendResult::kFailed, head.status()};
    const PlannedBatch planned = PlanBatch(*head, count);
    return store.Append(*head, planned.batch, planned.head);
  }
  std::string Run(const std::string& sql) { return server_->Run(database_, sql); }
  // A setting of the whole server, while this lives.
  class ServerSetting {
   public:
    ServerSetting(PostgresTest& test, const std::string& name, const std::string& value)
        : test_(test), name_(name) {
      test_.Run(absl::StrCat("ALTER SYSTEM SET ", name, " = '", value, "'"));
      Reload(value);
    }
    ~ServerSetting() {
      const std::string before =
          test_.Run(absl::StrCat("SELECT boot_val FROM pg_settings WHERE name = '", name_, "'"));
      test_.Run(absl::StrCat("ALTER SYSTEM RESET ", name_));
      Reload(before);
    }

   private:
    // New sessions get it from the postmaster, which reads its files when it gets to it.
    void Reload(const std::string& value) {
      test_.Run("SELECT pg_reload_conf()");
      while (test_.Run(absl::StrCat("SELECT current_setting('", name_, "')")) != value) {
      }
    }
    PostgresTest& test_;
    const std::string name_;
  };

  TestFolder folder_;
  PostgresTestServer* server_ = nullptr;
  std::string database_;
};

TEST_F(PostgresTest, AServerThatDoesNotSyncIsRefused) {
  for (const char* name : {"fsync", "full_page_writes"}) {
    const ServerSetting setting(*this, name, "off");
    ExpectRefused("may lose what it acknowledged: set fsync, full_page_writes");
  }
  EXPECT_OK(Open());
}

TEST_F(PostgresTest, ACommitThatWaitsForTooLittleIsRefused) {
  for (const char* value : {"off", "local", "remote_write"}) {
    Run(absl::StrCat("ALTER DATABASE ", database_, " SET synchronous_commit = ", value));
    ExpectRefused("synchronous_commit to on");
  }
  Run(absl::StrCat("ALTER DATABASE ", database_, " SET synchronous_commit = remote_apply"));
  EXPECT_OK(Open());
}

// Not only at the start: whoever turns it off under the running gateway stops it.
TEST_F(PostgresTest, AServerThatCeasesToSyncGetsNoMoreBatches) {
  const auto store = Open();
  ASSERT_OK(store);
  ASSERT_EQ(Append(**store, 3).result, AppendResult::kCommitted);
  {
    const ServerSetting setting(*this, "fsync", "off");
    const Appended appended = Append(**store, 3);
    EXPECT_EQ(appended.result, AppendResult::kFailed);
    EXPECT_THAT(appended.cause, StatusIs(absl::StatusCode::kFailedPrecondition,
                                         HasSubstr("may lose what it acknowledged")));
    EXPECT_TRUE(absl::IsFailedPrecondition((*store)->Maintain()));
  }
  EXPECT_OK((*store)->Maintain());
  EXPECT_EQ(Append(**store, 3).result, AppendResult::kCommitted);
  EXPECT_OK(CheckPlanned(**store));
}

TEST_F(PostgresTest, ADatabaseOfAnotherEncodingIsRefused) {
  database_ = server_->EmptyDatabase("LATIN1");
  ExpectRefused("has the encoding LATIN1: make one with createdb --encoding UTF8");
}

TEST_F(PostgresTest, ADatabaseWithoutAStoreIsRefused) {
  database_ = server_->EmptyDatabase("UTF8");
  ExpectRefused("has no store: run deploy/postgres/migrate");
}

TEST_F(PostgresTest, AnotherSchemaIsRefusedInBothDirections) {
  Run("UPDATE chayan.schema_version SET version = 0");
  ExpectRefused("has schema 0, this build needs");
  Run("UPDATE chayan.schema_version SET version = 1000");
  ExpectRefused("start the newer version of the gateway");
}

TEST_F(PostgresTest, MigratingAgainChangesNothing) {
  const auto store = Open();
  ASSERT_OK(store);
  ASSERT_EQ(Append(**store, 300).result, AppendResult::kCommitted);
  server_->Migrate(database_);
  EXPECT_EQ(Append(**store, 3).result, AppendResult::kCommitted);
  EXPECT_OK(CheckPlanned(**store));
  EXPECT_OK(Open());
}

TEST_F(PostgresTest, WhoCouldRewriteTheLogIsRefused) {
  for (const char* user : {"postgres", "chayan_test_owner"}) {
    EXPECT_THAT(OpenAs(user), StatusIs(absl::StatusCode::kFailedPrecondition,
                                       HasSubstr("could rewrite the log: make a login")));
  }
  Run("GRANT UPDATE ON chayan.entry TO chayan_gateway");
  ExpectRefused("somebody granted more than deploy/postgres/schema-1.sql does");
}

TEST_F(PostgresTest, ALoginWithoutTheRoleIsRefused) {
  EXPECT_THAT(OpenAs("chayan_test_nobody"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("act as chayan_gateway"), HasSubstr("grant it the role"))));
}

TEST_F(PostgresTest, AServerThatIsNotThereIsToldWithoutAPassword) {
  const auto opened = PostgresStore::Open(
      server_->Settings({.database = database_, .user = "chayan_test_gateway", .port = 1}),
      TestClock());
  EXPECT_THAT(opened, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot be reached")));
}

TEST_F(PostgresTest, AHeadThatDoesNotEndWhereTheEntriesEndIsRefused) {
  {
    const auto store = Open();
    ASSERT_OK(store);
    ASSERT_EQ(Append(**store, 5).result, AppendResult::kCommitted);
  }
  Run("DELETE FROM chayan.entry WHERE idx = 4");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss,
                               HasSubstr("its head counts 5 entries, there are 4")));
}

TEST_F(PostgresTest, AMissingEntryOrAForeignHeadIsDamage) {
  const auto store = Open();
  ASSERT_OK(store);
  ASSERT_EQ(Append(**store, 5).result, AppendResult::kCommitted);
  Run("DELETE FROM chayan.entry WHERE idx = 2");
  EXPECT_THAT((*store)->ReadLeaves(0, 5, 1 << 20),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("missing before 3")));
  Run("UPDATE chayan.head SET peaks = ''");
  EXPECT_THAT((*store)->ReadHead(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not go with its size")));
}

// --- roles -------------------------------------------------------------------------------------

constexpr char kDenied[] = "42501";

class PostgresRolesTest : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    server_->Migrate(database_);
    const auto store = Open();
    ASSERT_OK(store);
    ASSERT_EQ(Append(**store, 5).result, AppendResult::kCommitted);
  }
  // The SQLSTATE that a statement ends with in a role that this login may take.
  std::string StateAs(const std::string& role, const std::string& sql) {
    return server_->StateOf(database_, "chayan_test_gateway",
                            absl::StrCat("BEGIN; SET ROLE chayan_", role, "; ", sql, "; ROLLBACK"));
  }
};

constexpr const char* kRewriting[] = {
    "UPDATE chayan.entry SET leaf = ''",
    "DELETE FROM chayan.entry",
    "TRUNCATE chayan.entry",
    "UPDATE chayan.vault SET tags = ''",
    "TRUNCATE chayan.vault",
    "UPDATE chayan.tile SET hashes = ''",
    "DELETE FROM chayan.tile",
    "UPDATE chayan.registry_set SET bytes = ''",
    "DELETE FROM chayan.registry_applied",
    "DELETE FROM chayan.landmark",
    "DELETE FROM chayan.head",
    "UPDATE chayan.head SET id = 1",
    "UPDATE chayan.schema_version SET version = 7",
    "DROP TABLE chayan.entry",
    "ALTER TABLE chayan.entry ADD COLUMN more bytea",
    "CREATE TABLE chayan.more (x int)",
    "CREATE SCHEMA more",
    "SET ROLE chayan_owner",
};

TEST_F(PostgresRolesTest, NobodyWhoServesChangesOrRemovesWhatIsThere) {
  for (const char* role : {"gateway", "auditor", "eraser"}) {
    for (const char* sql : kRewriting) EXPECT_EQ(StateAs(role, sql), kDenied) << role << sql;
  }
}

TEST_F(PostgresRolesTest, TheGatewayAppendsAndCannotReadTheVault) {
  EXPECT_EQ(StateAs("gateway", "INSERT INTO chayan.vault VALUES (9, '', '', '', '')"), "");
  EXPECT_EQ(StateAs("gateway", "SELECT tags FROM chayan.vault"), kDenied);
  EXPECT_EQ(StateAs("gateway", "DELETE FROM chayan.vault WHERE idx = 0"), kDenied);
}

TEST_F(PostgresRolesTest, TheAuditorReadsTheVaultAndWritesNothing) {
  EXPECT_EQ(StateAs("auditor", "SELECT tags FROM chayan.vault"), "");
  EXPECT_EQ(StateAs("auditor", "SELECT leaf FROM chayan.entry"), "");
  EXPECT_EQ(StateAs("auditor", "INSERT INTO chayan.entry VALUES (9, '')"), kDenied);
  EXPECT_EQ(StateAs("auditor", "DELETE FROM chayan.vault WHERE idx = 0"), kDenied);
  EXPECT_EQ(StateAs("auditor", "UPDATE chayan.head SET size = 1"), kDenied);
}

TEST_F(PostgresRolesTest, TheEraserDeletesVaultRowsAndAppendsAndCannotReadThem) {
  EXPECT_EQ(StateAs("eraser", "DELETE FROM chayan.vault WHERE idx = 0"), "");
  EXPECT_EQ(StateAs("eraser", "INSERT INTO chayan.entry VALUES (9, '')"), "");
  EXPECT_EQ(StateAs("eraser", "SELECT wrapped_secret FROM chayan.vault"), kDenied);
}

// A login that may do nothing by itself: rights come with a role that is taken.
TEST_F(PostgresRolesTest, TheLoginItselfMayDoNothing) {
  EXPECT_EQ(server_->StateOf(database_, "chayan_test_gateway", "SELECT * FROM chayan.entry"),
            kDenied);
  EXPECT_EQ(server_->StateOf(database_, "chayan_test_nobody", "CREATE TEMPORARY TABLE x (y int)"),
            kDenied);
}

TEST_F(PostgresRolesTest, AGatewayThatMayNotAuditRecordsAndReadsNoVault) {
  Run("CREATE ROLE chayan_test_writer LOGIN NOINHERIT PASSWORD 'x' IN ROLE chayan_gateway");
  const std::string password =
      "SELECT 'ALTER ROLE chayan_test_writer PASSWORD ' || quote_literal(rolpassword) FROM "
      "pg_authid WHERE rolname = 'chayan_test_nobody'";
  Run(Run(password));
  {
    const auto store = OpenAs("chayan_test_writer");
    ASSERT_OK(store);
    EXPECT_EQ(Append(**store, 3).result, AppendResult::kCommitted);
    EXPECT_THAT((*store)->ReadVault(0),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("chayan_auditor")));
  }
  Run("DROP ROLE chayan_test_writer");
}

}  // namespace
}  // namespace chayan::store
