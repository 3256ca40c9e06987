// Writes one SQLite file, all of it in one transaction.
#ifndef CHAYAN_ADAPTERS_AGENCIES_GENERATE_DATABASE_H_
#define CHAYAN_ADAPTERS_AGENCIES_GENERATE_DATABASE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::sample {

using Value = std::variant<int64_t, std::string>;

// One thread. The file appears under its name only when Finish() has returned OK.
class Database {
 public:
  // Starts `path` anew with `schema`.
  static absl::StatusOr<Database> Create(const std::string& path, const std::string& schema);

  // Inserts one row into `table`, values in the order of its columns.
  absl::Status Insert(absl::string_view table, const std::vector<Value>& values);

  // Commits and puts the file in place of an older one.
  absl::Status Finish();

 private:
  struct Closer {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };

  Database(std::string path, std::string unfinished_path)
      : path_(std::move(path)), unfinished_path_(std::move(unfinished_path)) {}
  absl::Status Execute(const std::string& sql);
  absl::Status Error(absl::string_view what) const;

  std::string path_;
  std::string unfinished_path_;
  std::unique_ptr<sqlite3, Closer> db_;
};

}  // namespace chayan::sample

#endif  // CHAYAN_ADAPTERS_AGENCIES_GENERATE_DATABASE_H_
