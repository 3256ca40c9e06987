#include "gateway/store/postgres_session.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {
namespace {

// Pipelines, and what the schema needs; older ones are not tried.
constexpr int64_t kServerVersionMin = 150000;

constexpr PostgresStatement kAskServer = {
    "ask_server",
    "SELECT current_setting('server_version_num')::bigint, pg_encoding_to_char(encoding)::text,"
    " " CHAYAN_SQL_IS_DURABLE
    ","
    // True for a superuser as well.
    " COALESCE((SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles"
    " WHERE rolname = 'chayan_owner'), false),"
    " COALESCE(to_regclass('chayan.schema_version') IS NOT NULL, false)"
    " FROM pg_database WHERE datname = current_database()"};

constexpr PostgresStatement kAskSchema = {
    "ask_schema",
    "SELECT version, has_table_privilege(current_user, 'chayan.entry', 'UPDATE, DELETE, TRUNCATE')"
    " OR has_table_privilege(current_user, 'chayan.vault', 'UPDATE, TRUNCATE')"
    " OR has_table_privilege(current_user, 'chayan.head', 'DELETE, TRUNCATE')"
    " FROM chayan.schema_version WHERE id = 1"};

absl::Status Refuse(absl::string_view what) { return absl::FailedPreconditionError(what); }

absl::Status CheckServer(const PostgresResult& server) {
  if (const int64_t version = server.Integer(0, 0); version < kServerVersionMin) {
    return Refuse(
        absl::StrCat("the server is PostgreSQL ", version / 10000, ": 15 or newer is needed"));
  }
  if (const absl::string_view encoding = server.Blob(0, 1); encoding != "UTF8") {
    return Refuse(absl::StrCat("the database has the encoding ", encoding,
                               ": make one with createdb --encoding UTF8 --template template0"));
  }
  if (!server.Boolean(0, 2)) return NotDurable();
  if (server.Boolean(0, 3)) {
    return Refuse(
        "the login is a superuser or a member of chayan_owner and could rewrite the log: make a "
        "login for the gateway as deploy/postgres/README.md says");
  }
  if (!server.Boolean(0, 4)) {
    return Refuse("the database has no store: run deploy/postgres/migrate");
  }
  return absl::OkStatus();
}

absl::Status CheckSchema(const PostgresResult& schema) {
  if (schema.rows() != 1) return Refuse("the store has no version: run deploy/postgres/migrate");
  const int64_t version = schema.Integer(0, 0);
  if (version < kPostgresSchemaVersion) {
    return Refuse(absl::StrCat("the store has schema ", version, ", this build needs ",
                               kPostgresSchemaVersion,
                               ": run this build's deploy/postgres/migrate"));
  }
  if (version > kPostgresSchemaVersion) {
    return Refuse(absl::StrCat("the store has schema ", version, ", this build knows up to ",
                               kPostgresSchemaVersion, ": start the newer version of the gateway"));
  }
  if (schema.Boolean(0, 1)) {
    return Refuse(
        "the role may change or remove what is in the log: somebody granted more than "
        "deploy/postgres/schema-1.sql does; revoke it");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status NotDurable() {
  return Refuse(
      "the database may lose what it acknowledged: set fsync, full_page_writes and "
      "synchronous_commit to on (remote_apply is as good; local and remote_write are not)");
}

absl::StatusOr<std::unique_ptr<PostgresConnection>> OpenSession(const PostgresSettings& settings,
                                                                absl::string_view role,
                                                                const Clock& clock) {
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> session,
                          PostgresConnection::Open(settings, role, clock));
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult server,
                          session->Ask(kAskServer, {}, settings.statement_timeout));
  CHAYAN_RETURN_IF_ERROR(CheckServer(server));
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult schema,
                          session->Ask(kAskSchema, {}, settings.statement_timeout));
  CHAYAN_RETURN_IF_ERROR(CheckSchema(schema));
  return session;
}

}  // namespace chayan::store
