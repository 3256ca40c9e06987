// Opens the sealed part of an entry.
#ifndef CHAYAN_GATEWAY_AUDIT_DETAILS_H_
#define CHAYAN_GATEWAY_AUDIT_DETAILS_H_

#include <string>

#include "absl/status/statusor.h"
#include "chayan/v1/audit_service.pb.h"
#include "chayan/v1/entry_detail.pb.h"
#include "gateway/audit/collaborators.h"
#include "gateway/base/uuid.h"

namespace chayan::audit {

struct Detail {
  v1::DetailState state = v1::DETAIL_STATE_NONE;
  // When open.
  std::string bytes;
  std::string opening;  // r_detail
  std::string response_opening;
  v1::EntryDetail message;
};

// REQUIRES: the caller may see it. An error is a fault of the store; what was erased is none.
absl::StatusOr<Detail> OpenDetail(const Collaborators& with, uint64_t index, const Uuid& id);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_DETAILS_H_
