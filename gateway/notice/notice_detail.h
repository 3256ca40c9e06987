// The sealed part of a notice's entry.
#ifndef CHAYAN_GATEWAY_NOTICE_NOTICE_DETAIL_H_
#define CHAYAN_GATEWAY_NOTICE_NOTICE_DETAIL_H_

#include "absl/status/statusor.h"
#include "chayan/v1/entry_detail.pb.h"
#include "gateway/notice/collaborators.h"

namespace chayan::notice {

// Whom the notice was about and by what its recipients were found, and who got what: also where its
// entry covers a frame of notices. NOT_FOUND when it was erased.
absl::StatusOr<v1::EntryDetail> OpenNoticeDetail(const Collaborators& with,
                                                 const store::StoredNotice& notice);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_NOTICE_DETAIL_H_
