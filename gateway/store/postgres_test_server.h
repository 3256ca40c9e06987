// Databases for tests, on the server that pg_virtualenv made and names in PGHOST, PGPORT, PGUSER
// and PGPASSWORD. For tests alone.
#ifndef CHAYAN_GATEWAY_STORE_POSTGRES_TEST_SERVER_H_
#define CHAYAN_GATEWAY_STORE_POSTGRES_TEST_SERVER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/store/postgres_settings.h"
#include "gateway/store/test_folder.h"

namespace chayan::store {

// A login of the name `chayan_test_gateway` with the roles that a gateway needs, and one database a
// folder. Not thread-safe.
class PostgresTestServer {
 public:
  // The one of this process. Makes the logins.
  static PostgresTestServer& Get();

  // The database that belongs to `folder`: the first call makes it, as a copy of one that
  // deploy/postgres/migrate made. Privileges on the database itself do not go with a copy.
  std::string DatabaseOf(const std::string& folder);
  // A new, empty one without the schema, of the encoding named.
  std::string EmptyDatabase(absl::string_view encoding);
  void Migrate(const std::string& database);

  struct Place {
    std::string database;
    std::string user = "chayan_test_gateway";
    int port = 0;  // 0: the server's own; otherwise a proxy's on loopback
  };
  // A connection string without password, and settings with short deadlines: tests wait for them.
  std::string ConnectionString(const Place& place) const;
  PostgresSettings Settings(const Place& place) const;

  // As superuser. The first column of the first row, as text.
  std::string Run(const std::string& database, const std::string& sql) const;
  // As `user`; the SQLSTATE of the error, "" when it went well.
  std::string StateOf(const std::string& database, const std::string& user,
                      const std::string& sql) const;
  int port() const { return port_; }
  const std::string& host() const { return host_; }

 private:
  PostgresTestServer();

  TestFolder folder_;
  std::string host_, superuser_, password_file_, migrated_;
  int port_ = 0;
  int databases_made_ = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_POSTGRES_TEST_SERVER_H_
