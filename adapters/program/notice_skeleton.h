// The beginning of an agency that takes notices: as skeleton.h, for a notice kind.
#ifndef CHAYAN_ADAPTERS_PROGRAM_NOTICE_SKELETON_H_
#define CHAYAN_ADAPTERS_PROGRAM_NOTICE_SKELETON_H_

#include <string>

#include "absl/status/statusor.h"
#include "adapters/program/skeleton.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/base/random.h"

namespace chayan::adapter {

// `connector` is "sql", "http" or "file". INVALID_ARGUMENT for another.
absl::StatusOr<Skeleton> NewNoticeSkeleton(const v1::NoticeKind& kind, const std::string& connector,
                                           Random& random);

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_NOTICE_SKELETON_H_
