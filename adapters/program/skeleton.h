// The beginning of an agency: a settings file with every line explained, and a fixture beside it,
// written so that both pass `check` as they are.
#ifndef CHAYAN_ADAPTERS_PROGRAM_SKELETON_H_
#define CHAYAN_ADAPTERS_PROGRAM_SKELETON_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "chayan/v1/registry.pb.h"

namespace chayan::adapter {

struct Skeleton {
  std::string settings;  // adapter.textproto
  std::string fixture;   // fixture.textproto
  // What the settings need beside them, by file name: for the owner's eyes alone.
  std::map<std::string, std::string> secrets{};
};

// `connector` is "sql", "http" or "file"; `kind_file` is what kind_files names. INVALID_ARGUMENT
// for another connector.
absl::StatusOr<Skeleton> NewSkeleton(const v1::DocumentKind& kind, const std::string& connector,
                                     const std::string& kind_file);

// The lines that all settings begin with. `kind_file` may be empty: there are no document kinds.
std::string SkeletonHead(const std::string& kind, const std::string& connector,
                         const std::string& kind_file);
absl::Status NoSuchConnector(const std::string& connector);

// A registry file; INVALID_ARGUMENT names its faults.
absl::StatusOr<v1::RegistryFile> ReadKinds(const std::string& kind_file);
// The document kind of this code; NOT_FOUND names those that there are.
absl::StatusOr<v1::DocumentKind> FindKind(const v1::RegistryFile& registry,
                                          const std::string& code);
// The same of a notice kind.
absl::StatusOr<v1::NoticeKind> FindNoticeKind(const v1::RegistryFile& registry,
                                              const std::string& code);

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_SKELETON_H_
