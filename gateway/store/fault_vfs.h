// SQLite's file layer with faults, for tests alone: every write, truncation, sync and removal is a
// numbered step, at which the plan may let it pass, let it fail, or end the process: as kill -9
// does (the kernel keeps what was written) or as a power cut does (only what was synced stays).
//
// Fault model of the power cut: all writes since a file's last sync are undone, and its length with
// them. No file is really synced: the layer is the disk.
// LIMITATION: a real disk may also keep some of the unsynced writes and lose others.
#ifndef CHAYAN_GATEWAY_STORE_FAULT_VFS_H_
#define CHAYAN_GATEWAY_STORE_FAULT_VFS_H_

#include <cstddef>
#include <functional>
#include <string>

namespace chayan::store {

enum class FileOperation { kWrite, kTruncate, kSync, kRemove };

struct FileStep {
  size_t number;  // from 1, over all files
  FileOperation operation;
  std::string path;
};

enum class FaultAction {
  kPass,
  kFull,      // no room
  kFail,      // an I/O error; of a sync: what is on the disk is unknown
  kKill,      // the process ends before the step
  kTear,      // half of a write is done, then the process ends
  kPowerCut,  // what was not synced is undone, then the process ends
};

// From here on all files that SQLite opens go through the fault layer. Call before the first.
void InstallFaultVfs();

// `plan` is asked at each step; steps count anew from 1. An empty plan lets everything pass. Not
// while another thread uses SQLite.
void SetFaultPlan(std::function<FaultAction(const FileStep&)> plan);

// Writes to files whose path ends in `suffix` since their last sync.
size_t UnsyncedWrites(const std::string& suffix);

// A test's name for it: "Kill", "TornWrite".
std::string FaultName(FaultAction action);

// What the process ends with at kKill, kTear and kPowerCut.
inline constexpr int kFaultExit = 99;

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_FAULT_VFS_H_
