// The worksheet of a sample: a row an entry, with two columns at the end that a
// person fills in. What comes back is read by position, so that it may be in
// either language.
#ifndef CHAYAN_GATEWAY_CLI_SAMPLE_WORKSHEET_H_
#define CHAYAN_GATEWAY_CLI_SAMPLE_WORKSHEET_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/base/language.h"
#include "gateway/report/table.h"

namespace chayan::cli {

// `revealed` with the entries of all pages.
report::Document SampleWorksheet(Language language, const v1::RevealSampleResponse& revealed);

// The findings of a worksheet that came back; rows without one are left out.
// INVALID_ARGUMENT names the row and the remedy. A finding is written as
// IN_ORDER, NO_CASE …, in either case of letters.
absl::StatusOr<std::vector<v1::SampleFinding>> ReadFindings(absl::string_view ods);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_SAMPLE_WORKSHEET_H_
