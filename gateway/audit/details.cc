#include "gateway/audit/details.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::audit {

absl::StatusOr<Detail> OpenDetail(const Collaborators& with, uint64_t index, const Uuid& id) {
  Detail detail;
  const absl::StatusOr<store::VaultRow> row = with.store.ReadVault(index);
  if (absl::IsNotFound(row.status())) return detail;
  CHAYAN_RETURN_IF_ERROR(row.status());
  absl::StatusOr<log::OpenedDetail> opened = with.vault.Open(id, *row);
  if (absl::IsNotFound(opened.status())) {
    detail.state = v1::DETAIL_STATE_KEY_DESTROYED;
    return detail;
  }
  CHAYAN_RETURN_IF_ERROR(opened.status());
  if (!detail.message.ParseFromString(opened->detail)) {
    return absl::DataLossError(absl::StrCat("the detail of entry ", index, " is none"));
  }
  detail.state = v1::DETAIL_STATE_OPEN;
  detail.bytes = std::move(opened->detail);
  detail.opening = std::move(opened->opening);
  detail.response_opening = std::move(opened->response_opening);
  return detail;
}

}  // namespace chayan::audit
