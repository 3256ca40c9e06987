#include "gateway/cli/deciding_sets.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace chayan::cli {

const registry::Snapshot* DecidingSets::Of(const AuditedEntry& entry) {
  const absl::string_view digest = entry.leaf.Get(log::Key::kRegistry);
  const auto known = snapshots_.find(digest);
  if (known != snapshots_.end()) return known->second.get();
  std::vector<std::string> faults;
  auto set = registry::Snapshot::Create(files_.FilesOf(digest), &faults);
  if (!set.ok()) {
    findings_.Add({entry.index,
                   absl::StrCat(At(entry.index),
                                " names a registry set that is none, so what it "
                                "decided cannot be decided again"),
                   faults.empty() ? std::string(set.status().message()) : faults.front()});
    snapshots_.emplace(digest, nullptr);
    return nullptr;
  }
  return snapshots_.emplace(digest, *std::move(set)).first->second.get();
}

}  // namespace chayan::cli
