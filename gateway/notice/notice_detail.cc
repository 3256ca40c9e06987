#include "gateway/notice/notice_detail.h"

#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"

namespace chayan::notice {

absl::StatusOr<v1::EntryDetail> OpenNoticeDetail(const Collaborators& with,
                                                 const store::StoredNotice& notice) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves,
                          with.store.ReadLeaves(notice.entry, 1, 0));
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, log::ParseLeaf(leaves.front()));
  CHAYAN_ASSIGN_OR_RETURN(const store::VaultRow row, with.store.ReadVault(notice.entry));
  CHAYAN_ASSIGN_OR_RETURN(const log::OpenedDetail opened, with.vault.Open(leaf.id, row));
  v1::EntryDetail detail;
  if (!detail.ParseFromString(opened.detail)) {
    return absl::DataLossError("a notice's detail cannot be read");
  }
  if (leaf.known_type != log::EntryType::kBulk) return detail;
  const std::string id = notice.id.ToText();
  for (v1::BulkNotice& one : *detail.mutable_bulk_notices()) {
    if (one.notice_id() != id) continue;
    v1::EntryDetail own;
    *own.mutable_notice_subjects() = std::move(*one.mutable_subjects());
    *own.mutable_notice_routing() = std::move(*one.mutable_routing());
    *own.mutable_notice_recipients() = std::move(*one.mutable_recipients());
    return own;
  }
  return absl::DataLossError("a notice is missing in the detail of its frame");
}

}  // namespace chayan::notice
