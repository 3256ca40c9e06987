// A file of notices to be published in bulk, read row by row: a national campaign does not fit into
// memory as messages.
//
// NAME.csv: UTF-8 (RFC 4180), the first line names the columns. Any other name: JSON lines, a
// PublishNoticeRequest each. What a row leaves out the flags fill in. A row without a request id
// gets one that follows from the row and its number: the same file again is the same notices.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_ROWS_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_ROWS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/cli/notice_request.h"

namespace chayan::cli {

inline constexpr char kNoticeRowsHelp[] =
    "--bulk IN.csv: UTF-8, comma-separated (RFC 4180), first line names the columns:\n"
    "  kind, id, former_id, name, birth, publisher_key, effective, old_area, new_area, office,\n"
    "  supply_area, acting_for, person, person_role, basis, case, reason, request_id\n"
    "                              as the flags of those names; a flag fills an empty column\n"
    "  consents                    codes separated by blanks\n"
    "  element.CODE                what it says\n"
    "  account.COMPANY             an account with a company\n"
    "--bulk IN.jsonl: a PublishNoticeRequest in JSON on each line.\n"
    "--evidence DIR: an evidence file of each notice, REQUEST-ID.chayan.\n"
    "--out OUT.csv: one line a notice as it is answered: row, request_id, notice_id, deliveries,\n"
    "  error, receipt. The same command again goes on behind what is accepted there.\n";

class NoticeRows {
 public:
  // What the gateway says of a kind.
  using FetchKind =
      std::function<absl::StatusOr<v1::NoticeKindDescription>(const std::string& code)>;

  // `defaults` fill what a row leaves out. Errors name the file.
  static absl::StatusOr<std::unique_ptr<NoticeRows>> Open(const std::string& path,
                                                          TypedNotice defaults,
                                                          FetchKind fetch_kind);
  virtual ~NoticeRows() = default;

  // Nothing after the last. Errors name file and row.
  virtual absl::StatusOr<std::optional<v1::PublishNoticeRequest>> Next() = 0;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_ROWS_H_
