// For tests: the servers that agencies have. CHAYAN_SQL_SERVER names the one that was made for this
// run; tests/postgres/run and tests/mariadb/run start server and test.
#ifndef CHAYAN_ADAPTERS_SQL_TESTING_SERVER_H_
#define CHAYAN_ADAPTERS_SQL_TESTING_SERVER_H_

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "adapters/sql/odbc.h"
#include "gtest/gtest.h"

namespace chayan::sql {

inline std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

inline std::string Attributes(const std::vector<std::pair<std::string, std::string>>& attributes) {
  std::string text;
  for (const auto& [name, value] : attributes) text += *ConnectionAttribute(name, value);
  return text;
}

// What one server calls things.
struct Server {
  std::string connection_string;
  std::string read_only;
  std::string is_null;
  std::string endless;
  std::string own_id;
  std::string end_connection;  // followed by the id
  std::string as_number;
};

inline Server Postgres() {
  return {Attributes({{"Driver", "PostgreSQL Unicode"},
                      {"Servername", Environment("PGHOST")},
                      {"Port", Environment("PGPORT")},
                      {"Database", Environment("PGDATABASE")},
                      {"UID", Environment("PGUSER")},
                      {"PWD", Environment("PGPASSWORD")}}),
          "SET default_transaction_read_only = on",
          "SELECT n FROM p WHERE ?::text IS NULL",
          "SELECT pg_sleep(600)",
          "SELECT pg_backend_pid()",
          "SELECT pg_terminate_backend(",
          "SELECT 1 FROM p WHERE n = ?::int"};
}

inline Server MariaDb() {
  return {Attributes({{"Driver", Environment("MARIADB_DRIVER")},
                      {"SOCKET", Environment("MARIADB_SOCKET")},
                      {"Database", "register"},
                      {"UID", Environment("MARIADB_USER")},
                      {"CHARSET", "utf8mb4"},
                      {"OPTION", "2"}}),
          "SET SESSION TRANSACTION READ ONLY",
          "SELECT n FROM p WHERE ? IS NULL",
          "SELECT BENCHMARK(1000000000000, SHA2('x', 512))",
          "SELECT CONNECTION_ID()",
          "KILL CONNECTION (",
          "SELECT 1 FROM p WHERE missing = ?"};
}

inline Server TheServer() {
  const std::string name = Environment("CHAYAN_SQL_SERVER");
  EXPECT_TRUE(name == "postgres" || name == "mariadb") << "run it by tests/postgres/run";
  return name == "mariadb" ? MariaDb() : Postgres();
}

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_TESTING_SERVER_H_
