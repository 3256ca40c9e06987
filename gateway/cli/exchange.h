// One verification as its caller keeps it: the exact bytes of question and answer with the receipt.
#ifndef CHAYAN_GATEWAY_CLI_EXCHANGE_H_
#define CHAYAN_GATEWAY_CLI_EXCHANGE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/receipt.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/cli/client.h"

namespace chayan::cli {

inline constexpr char kVerifyDocument[] = "/chayan.v1.VerificationService/VerifyDocument";
inline constexpr char kVerifyDocuments[] = "/chayan.v1.VerificationService/VerifyDocuments";

struct Exchange {
  v1::EvidenceFile evidence;  // without a receipt when nothing was recorded
  v1::NextStep next_step;
  std::string request_id;
};

// From a response message's bytes, or from the trailers of a failed call. DATA_LOSS if the response
// is none. A failed call without details gives evidence without a result.
absl::StatusOr<Exchange> ReadResponse(absl::string_view request, absl::string_view response);
Exchange ReadFailure(absl::string_view request, const CallResult& failure);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_EXCHANGE_H_
