#include "gateway/store/sqlite_backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/connection.h"

namespace chayan::store {
namespace {

absl::Status Create(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("create ", path));
  close(fd);
  return absl::OkStatus();
}

absl::Status Copy(Connection& source, Connection& target) {
  sqlite3_backup* const backup =
      sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
  if (backup == nullptr) return LastError(target.handle());
  // All pages in one step: the gateway writes meanwhile, and a copy in parts would begin anew with
  // each of its commits.
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return absl::OkStatus();
  return LastError(target.handle());
}

}  // namespace

absl::Status CopySqliteStore(const std::string& from, const std::string& to) {
  CHAYAN_ASSIGN_OR_RETURN(Connection source, Connection::Open(from, Connection::Mode::kReadOnly));
  const std::string part = absl::StrCat(to, ".part");
  unlink(part.c_str());  // of a run that was stopped
  CHAYAN_RETURN_IF_ERROR(Create(part));
  absl::Cleanup remover = [&part] { unlink(part.c_str()); };
  {
    CHAYAN_ASSIGN_OR_RETURN(Connection target,
                            Connection::Open(part, Connection::Mode::kReadWrite));
    CHAYAN_RETURN_IF_ERROR(target.Run("PRAGMA synchronous = FULL"));
    CHAYAN_RETURN_IF_ERROR(Annotate(Copy(source, target), absl::StrCat("copy ", from)));
    // One file, with nothing beside it.
    CHAYAN_RETURN_IF_ERROR(target.Run("PRAGMA journal_mode = DELETE"));
    CHAYAN_ASSIGN_OR_RETURN(const std::string state, target.Ask("PRAGMA integrity_check"));
    if (state != "ok") {
      return absl::DataLossError(absl::StrCat("the copy of ", from, " is damaged: ", state));
    }
  }
  std::move(remover).Cancel();
  if (link(part.c_str(), to.c_str()) != 0) {
    const absl::Status cause = absl::ErrnoToStatus(errno, absl::StrCat("create ", to));
    unlink(part.c_str());
    return cause;
  }
  unlink(part.c_str());
  return SyncFolder(to.substr(0, to.rfind('/')));
}

}  // namespace chayan::store
