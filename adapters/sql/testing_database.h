// For tests: a SQLite file of this test alone, written by SQLite itself, read through ODBC.
#ifndef CHAYAN_ADAPTERS_SQL_TESTING_DATABASE_H_
#define CHAYAN_ADAPTERS_SQL_TESTING_DATABASE_H_

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "adapters/connector/testing_folder.h"
#include "gateway/base/check.h"

namespace chayan::sql {

// By its path, so that no odbcinst.ini has to know it.
inline std::string SqliteDriver() {
  for (const char* path : {"/usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so",
                           "/usr/lib/aarch64-linux-gnu/odbc/libsqlite3odbc.so"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return "SQLite3";
}

using connector::TestingFolder;

inline void RunSqlite(const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  CHAYAN_CHECK(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  char* fault = nullptr;
  const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &fault);
  if (code != SQLITE_OK) std::fprintf(stderr, "%s\n", fault);
  CHAYAN_CHECK(code == SQLITE_OK);
  sqlite3_close(database);
}

}  // namespace chayan::sql

#endif  // CHAYAN_ADAPTERS_SQL_TESTING_DATABASE_H_
