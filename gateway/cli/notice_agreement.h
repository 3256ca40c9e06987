// Whether a notice's request, answer and entry speak of one thing: of publishing, of a delivery, of
// an acknowledgement, of a fetch. Pure; what the entry commits to was checked before.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_AGREEMENT_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_AGREEMENT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/crypto/bytes.h"
#include "gateway/log/entry.h"

namespace chayan::cli {

// Whether the entry records what a caller of NoticeService was answered, or what a recipient said
// of a notice that came to it.
bool RecordsNotice(const log::ParsedLeaf& leaf);
// The id of what it is about, or DATA_LOSS with the contradiction. REQUIRES: RecordsNotice(leaf).
absl::StatusOr<std::string> CheckNoticeAgreement(const log::ParsedLeaf& leaf,
                                                 const v1::EvidenceFile& evidence);

// What c_res of a bulk entry commits to, if request and answer stand where the evidence says.
absl::StatusOr<std::string> FrameBytesFrom(const log::ParsedLeaf& leaf,
                                           const v1::EvidenceFile& evidence);

// Whether the recipient pulled it: then its own recorded call says so, and no signature of its
// does.
bool IsBoundByCall(const log::ParsedLeaf& leaf);
// What a recipient signs over its link; DATA_LOSS when the evidence is of no delivery.
absl::StatusOr<crypto::Digest> SignedDelivery(const v1::EvidenceFile& evidence);

// DATA_LOSS unless the leaf's code is the one asked for. A code that was not in the registry stands
// as "unknown".
absl::Status CheckSameCode(const log::ParsedLeaf& leaf, absl::string_view key,
                           absl::string_view asked);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_AGREEMENT_H_
