// A notice from what was typed: the catalogue says which form each element's value has.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_REQUEST_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_REQUEST_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/notice_service.pb.h"

namespace chayan::cli {

// As typed on the command line. Empty: not given.
struct TypedNotice {
  std::string file;  // a PublishNoticeRequest as text, to begin with
  std::string request_id;
  std::string acting_for;
  std::string person;
  std::string person_role;
  std::string assertion;  // the compact JWS itself
  std::string basis;
  std::string case_number;
  std::string reason;
  std::string kind;
  std::optional<v1::Identifier> id;
  std::optional<v1::Identifier> former_id;
  std::string name;
  std::string birth_date;  // any form people write: 0770520, 民國77年5月20日, 1988-05-20
  std::string publisher_key;
  std::vector<std::string> elements;  // "code=value"
  std::string effective_date;
  std::vector<std::string> consents;
  std::string old_area;
  std::string new_area;
  std::string office;
  std::string supply_area;
  std::vector<std::string> accounts;  // "provider=number"
  bool test = false;
};

// What the file says, where there is one; an empty request otherwise. Errors name file and line.
absl::StatusOr<v1::PublishNoticeRequest> ReadNoticeFile(const std::string& path);

// `base` with what was typed on top; one subject's parts replace the file's subjects.
// INVALID_ARGUMENT names the flag that is wrong or missing and what to write. What only the gateway
// can decide (rights, recipients, check digits) is left to it.
absl::StatusOr<v1::PublishNoticeRequest> BuildNotice(const TypedNotice& typed,
                                                     v1::PublishNoticeRequest base,
                                                     const v1::NoticeKindDescription& kind);

// The reversal of the notice with that id; what it was about, the gateway knows.
absl::StatusOr<v1::ReverseNoticeRequest> BuildReversal(const TypedNotice& typed,
                                                       const std::string& notice_id);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_REQUEST_H_
