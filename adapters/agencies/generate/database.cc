#include "adapters/agencies/generate/database.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::sample {
namespace {

struct Finalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

absl::StatusOr<Database> Database::Create(const std::string& path, const std::string& schema) {
  Database database(path, absl::StrCat(path, ".unfinished"));
  std::remove(database.unfinished_path_.c_str());  // of a run that was stopped
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(database.unfinished_path_.c_str(), &db,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, /*zVfs=*/nullptr);
  database.db_.reset(db);
  if (code != SQLITE_OK) return database.Error("cannot create");
  CHAYAN_RETURN_IF_ERROR(database.Execute(absl::StrCat("BEGIN;", schema)));
  return database;
}

absl::Status Database::Insert(absl::string_view table, const std::vector<Value>& values) {
  std::string sql = absl::StrCat("INSERT INTO ", table, " VALUES (?");
  for (size_t i = 1; i < values.size(); ++i) sql += ",?";
  sql += ")";
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, /*pzTail=*/nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalizer> statement(raw);
  if (code != SQLITE_OK) return Error("cannot insert");
  int index = 0;
  for (const Value& value : values) {
    ++index;
    if (const auto* text = std::get_if<std::string>(&value)) {
      sqlite3_bind_text(statement.get(), index, text->data(), static_cast<int>(text->size()),
                        SQLITE_STATIC);
    } else {
      sqlite3_bind_int64(statement.get(), index, std::get<int64_t>(value));
    }
  }
  return sqlite3_step(statement.get()) == SQLITE_DONE ? absl::OkStatus() : Error("cannot insert");
}

absl::Status Database::Finish() {
  CHAYAN_RETURN_IF_ERROR(Execute("COMMIT"));
  db_.reset();
  if (std::rename(unfinished_path_.c_str(), path_.c_str()) != 0) {
    return absl::InternalError(absl::StrCat("cannot put ", path_, " in place"));
  }
  return absl::OkStatus();
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error("cannot write");
}

absl::Status Database::Error(absl::string_view what) const {
  return absl::InternalError(absl::StrCat(what, " ", path_, ": ", sqlite3_errmsg(db_.get())));
}

}  // namespace chayan::sample
