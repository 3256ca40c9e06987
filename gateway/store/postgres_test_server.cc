#include "gateway/store/postgres_test_server.h"

#include <libpq-fe.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/random.h"
#include "gateway/crypto/digest.h"

namespace chayan::store {
namespace {

using OwnedConnection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using OwnedResult = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

PostgresTestServer& PostgresTestServer::Get() {
  static auto* const server = new PostgresTestServer;
  return *server;
}

PostgresTestServer::PostgresTestServer()
    : host_(Environment("PGHOST")),
      superuser_(Environment("PGUSER")),
      password_file_(folder_ / "pgpass") {
  if (!absl::SimpleAtoi(Environment("PGPORT"), &port_)) {
    std::fprintf(stderr, "no server: run it by tests/store_postgres/run\n");
    std::exit(1);
  }
  SystemRandom random;
  std::string bytes(16, '\0');
  random.Fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  const std::string password = HexEncode(bytes);
  {
    std::ofstream file(password_file_);
    file << "*:*:*:" << superuser_ << ":" << Environment("PGPASSWORD") << "\n"
         << "*:*:*:*:" << password << "\n";
  }
  CHAYAN_CHECK(chmod(password_file_.c_str(), 0600) == 0);
  // From here on passwords come from the file, as they do for a gateway; the variable would win.
  CHAYAN_CHECK(setenv("PGPASSFILE", password_file_.c_str(), 1) == 0);
  CHAYAN_CHECK(unsetenv("PGPASSWORD") == 0);
  const std::string database = EmptyDatabase("UTF8");
  Migrate(database);
  migrated_ = database;
  const std::string login = absl::StrCat(" LOGIN NOINHERIT PASSWORD '", password, "'");
  Run(database, absl::StrCat("CREATE ROLE chayan_test_gateway", login));
  Run(database, "GRANT chayan_gateway, chayan_auditor, chayan_eraser TO chayan_test_gateway");
  Run(database, absl::StrCat("CREATE ROLE chayan_test_nobody", login));
  Run(database, absl::StrCat("CREATE ROLE chayan_test_owner", login));
  Run(database, "GRANT chayan_gateway, chayan_owner TO chayan_test_owner");
}

std::string PostgresTestServer::EmptyDatabase(absl::string_view encoding) {
  const std::string name = absl::StrCat("chayan_test_", ++databases_made_);
  Run("postgres", absl::StrCat("CREATE DATABASE ", name, " ENCODING '", encoding,
                               "' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"));
  return name;
}

void PostgresTestServer::Migrate(const std::string& database) {
  const std::string command = absl::StrCat("deploy/postgres/migrate ", database, " >/dev/null");
  CHAYAN_CHECK(std::system(command.c_str()) == 0);
}

std::string PostgresTestServer::DatabaseOf(const std::string& folder) {
  const std::string name_file = folder + "/database";
  std::string name;
  if (std::ifstream(name_file) >> name) return name;
  name = absl::StrCat("chayan_test_", ++databases_made_);
  Run("postgres", absl::StrCat("CREATE DATABASE ", name, " TEMPLATE ", migrated_));
  std::ofstream(name_file) << name;
  return name;
}

std::string PostgresTestServer::ConnectionString(const Place& place) const {
  const bool direct = place.port == 0;
  return absl::StrCat("host=", direct ? host_ : "127.0.0.1", " port=", direct ? port_ : place.port,
                      " dbname=", place.database, " user=", place.user,
                      " passfile=", password_file_,
                      " gssencmode=disable sslmode=", direct ? "prefer" : "disable");
}

PostgresSettings PostgresTestServer::Settings(const Place& place) const {
  absl::StatusOr<PostgresSettings> settings = PostgresSettings::Parse(ConnectionString(place));
  CHAYAN_CHECK(settings.ok());
  return *std::move(settings);
}

std::string PostgresTestServer::Run(const std::string& database, const std::string& sql) const {
  const std::string login = ConnectionString({.database = database, .user = superuser_});
  const OwnedConnection connection(PQconnectdb(login.c_str()), &PQfinish);
  const OwnedResult result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const ExecStatusType code = PQresultStatus(result.get());
  if (code == PGRES_COMMAND_OK) return "";
  if (code != PGRES_TUPLES_OK) {
    std::fprintf(stderr, "%s: %s\n", sql.c_str(), PQerrorMessage(connection.get()));
  }
  CHAYAN_CHECK(code == PGRES_TUPLES_OK);
  return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
}

std::string PostgresTestServer::StateOf(const std::string& database, const std::string& user,
                                        const std::string& sql) const {
  const std::string login = ConnectionString({.database = database, .user = user});
  const OwnedConnection connection(PQconnectdb(login.c_str()), &PQfinish);
  CHAYAN_CHECK(PQstatus(connection.get()) == CONNECTION_OK);
  const OwnedResult result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const char* const state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  return state == nullptr ? "" : state;
}

}  // namespace chayan::store
