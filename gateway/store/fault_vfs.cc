#include "gateway/store/fault_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "gateway/base/check.h"

namespace chayan::store {
namespace {

// What a write or truncation destroyed.
struct Undo {
  sqlite3_int64 offset;
  std::string old_bytes;
  sqlite3_int64 old_size;
};

struct FaultFile {
  sqlite3_file base;
  sqlite3_file* real;
  std::string* path;  // empty for temporary files
};

struct State {
  std::mutex mu;
  std::function<FaultAction(const FileStep&)> plan;
  size_t steps = 0;
  std::map<std::string, std::vector<Undo>> unsynced;
};

// Never destroyed: SQLite may close files after main().
State& TheState() {
  static State* const state = new State;
  return *state;
}

sqlite3_vfs* RealVfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  return vfs;
}

FaultFile* Self(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Self(file)->real; }

// Through descriptors of its own: who wrote may have closed the file since.
void UndoAll(State& state) {
  for (auto& [path, undos] : state.unsynced) {
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) continue;  // removed since
    for (auto undo = undos.rbegin(); undo != undos.rend(); ++undo) {
      const auto length = static_cast<ssize_t>(undo->old_bytes.size());
      CHAYAN_CHECK(pwrite(fd, undo->old_bytes.data(), undo->old_bytes.size(), undo->offset) ==
                   length);
      CHAYAN_CHECK(ftruncate(fd, undo->old_size) == 0);
    }
    close(fd);
  }
}

FaultAction Ask(State& state, FileOperation operation, const std::string& path) {
  if (!state.plan) return FaultAction::kPass;
  const FaultAction action = state.plan({++state.steps, operation, path});
  if (action == FaultAction::kPowerCut) UndoAll(state);
  if (action == FaultAction::kPowerCut || action == FaultAction::kKill) _exit(kFaultExit);
  return action;
}

void Remember(State& state, FaultFile* file, sqlite3_int64 offset, sqlite3_int64 length) {
  sqlite3_file* const real = file->real;
  Undo undo{.offset = offset, .old_bytes = {}, .old_size = 0};
  CHAYAN_CHECK(real->pMethods->xFileSize(real, &undo.old_size) == SQLITE_OK);
  const sqlite3_int64 kept = std::min(length, undo.old_size - offset);
  if (kept > 0) {
    undo.old_bytes.resize(static_cast<size_t>(kept));
    CHAYAN_CHECK(real->pMethods->xRead(real, undo.old_bytes.data(), static_cast<int>(kept),
                                       offset) == SQLITE_OK);
  }
  state.unsynced[*file->path].push_back(std::move(undo));
}

int Write(sqlite3_file* file, const void* bytes, int length, sqlite3_int64 offset) {
  State& state = TheState();
  const std::lock_guard lock(state.mu);
  const auto* methods = Real(file)->pMethods;
  switch (Ask(state, FileOperation::kWrite, *Self(file)->path)) {
    case FaultAction::kFull:
      return SQLITE_FULL;
    case FaultAction::kFail:
      return SQLITE_IOERR_WRITE;
    case FaultAction::kTear:
      methods->xWrite(Real(file), bytes, length / 2, offset);
      _exit(kFaultExit);
    default:
      Remember(state, Self(file), offset, length);
      return methods->xWrite(Real(file), bytes, length, offset);
  }
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  State& state = TheState();
  const std::lock_guard lock(state.mu);
  if (Ask(state, FileOperation::kTruncate, *Self(file)->path) != FaultAction::kPass) {
    return SQLITE_IOERR_TRUNCATE;
  }
  sqlite3_int64 old_size = 0;
  CHAYAN_CHECK(Real(file)->pMethods->xFileSize(Real(file), &old_size) == SQLITE_OK);
  if (old_size > size) Remember(state, Self(file), size, old_size - size);
  return Real(file)->pMethods->xTruncate(Real(file), size);
}

// Nothing is really synced: the layer itself is the disk, and what a sync saves is seen in
// `unsynced`. Real syncs would make the crash tests wait for minutes.
int Sync(sqlite3_file* file, int /*flags*/) {
  State& state = TheState();
  const std::lock_guard lock(state.mu);
  if (Ask(state, FileOperation::kSync, *Self(file)->path) != FaultAction::kPass) {
    return SQLITE_IOERR_FSYNC;
  }
  state.unsynced.erase(*Self(file)->path);
  return SQLITE_OK;
}

int Close(sqlite3_file* file) {
  const int code = Real(file)->pMethods->xClose(Real(file));
  delete Self(file)->path;
  return code;
}

int Read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  return Real(f)->pMethods->xRead(Real(f), to, n, at);
}
int FileSize(sqlite3_file* f, sqlite3_int64* s) { return Real(f)->pMethods->xFileSize(Real(f), s); }
int Lock(sqlite3_file* f, int level) { return Real(f)->pMethods->xLock(Real(f), level); }
int Unlock(sqlite3_file* f, int level) { return Real(f)->pMethods->xUnlock(Real(f), level); }
int CheckReserved(sqlite3_file* f, int* out) {
  return Real(f)->pMethods->xCheckReservedLock(Real(f), out);
}
int Control(sqlite3_file* f, int op, void* arg) {
  return Real(f)->pMethods->xFileControl(Real(f), op, arg);
}
int SectorSize(sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); }
int Characteristics(sqlite3_file* f) { return Real(f)->pMethods->xDeviceCharacteristics(Real(f)); }
int ShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, out);
}
int ShmLock(sqlite3_file* f, int at, int n, int flags) {
  return Real(f)->pMethods->xShmLock(Real(f), at, n, flags);
}
void ShmBarrier(sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); }
int ShmUnmap(sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); }

// Version 2: shared memory for WAL, no memory-mapped reads.
constexpr sqlite3_io_methods kMethods = {
    2,        Close,         Read,    Write,      Truncate,        Sync,   FileSize, Lock,
    Unlock,   CheckReserved, Control, SectorSize, Characteristics, ShmMap, ShmLock,  ShmBarrier,
    ShmUnmap, nullptr,       nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  FaultFile* const self = Self(file);
  self->real = reinterpret_cast<sqlite3_file*>(self + 1);
  const int code = RealVfs()->xOpen(RealVfs(), name, self->real, flags, out_flags);
  self->base.pMethods = nullptr;
  if (code != SQLITE_OK) return code;
  self->path = new std::string(name == nullptr ? "" : name);
  self->base.pMethods = &kMethods;
  return code;
}

int Remove(sqlite3_vfs*, const char* name, int sync_folder) {
  State& state = TheState();
  const std::lock_guard lock(state.mu);
  if (Ask(state, FileOperation::kRemove, name) != FaultAction::kPass) return SQLITE_IOERR_DELETE;
  return RealVfs()->xDelete(RealVfs(), name, sync_folder);
}

}  // namespace

void InstallFaultVfs() {
  static sqlite3_vfs* const vfs = [] {
    auto* const copy = new sqlite3_vfs(*RealVfs());
    copy->zName = "chayan-fault";
    copy->pNext = nullptr;
    copy->szOsFile = static_cast<int>(sizeof(FaultFile)) + RealVfs()->szOsFile;
    copy->xOpen = Open;
    copy->xDelete = Remove;
    return copy;
  }();
  CHAYAN_CHECK(sqlite3_vfs_register(vfs, /*makeDflt=*/1) == SQLITE_OK);
}

void SetFaultPlan(std::function<FaultAction(const FileStep&)> plan) {
  State& state = TheState();
  const std::lock_guard lock(state.mu);
  state.plan = std::move(plan);
  state.steps = 0;
}

size_t UnsyncedWrites(const std::string& suffix) {
  State& state = TheState();
  const std::lock_guard lock(state.mu);
  size_t count = 0;
  for (const auto& [path, undos] : state.unsynced) {
    if (path.ends_with(suffix)) count += undos.size();
  }
  return count;
}

std::string FaultName(FaultAction action) {
  switch (action) {
    case FaultAction::kPass:
      return "Pass";
    case FaultAction::kFull:
      return "Full";
    case FaultAction::kFail:
      return "Fail";
    case FaultAction::kKill:
      return "Kill";
    case FaultAction::kTear:
      return "TornWrite";
    case FaultAction::kPowerCut:
      return "PowerCut";
  }
  CHAYAN_CHECK(false);
}

}  // namespace chayan::store
