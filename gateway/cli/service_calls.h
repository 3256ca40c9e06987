// Calls of one service, for the commands that ask a gateway.
#ifndef CHAYAN_GATEWAY_CLI_SERVICE_CALLS_H_
#define CHAYAN_GATEWAY_CLI_SERVICE_CALLS_H_

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/program.h"

namespace chayan::cli {

// Keeps the failed call so that its own words can be shown.
class ServiceCalls {
 public:
  // All outlive it. `service`: "AuditService".
  ServiceCalls(const Program& program, Client& client, const char* service)
      : program_(program), client_(client), service_(service) {}

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const char* method, const Request& request) {
    CallResult result = client_.Call(absl::StrCat("/chayan.v1.", service_, "/", method),
                                     request.SerializeAsString(), program_.connection.timeout());
    if (!result.status.ok()) {
      failure_ = std::move(result);
      return failure_->status;
    }
    Response response;
    if (!response.ParseFromString(result.response)) {
      return absl::DataLossError(absl::StrCat(method, ": the response cannot be read"));
    }
    return response;
  }

  // Calls until there is no further page; `take` gets each.
  template <typename Response, typename Request, typename Take>
  absl::Status CallPages(const char* method, Request request, const Take& take) {
    while (true) {
      CHAYAN_ASSIGN_OR_RETURN(const Response response, Call<Response>(method, request));
      take(response);
      if (response.next_page_token().empty()) return absl::OkStatus();
      request.set_page_token(response.next_page_token());
    }
  }

  // Says why `status`, of a call or of what came back, is an end.
  ExitCode Fail(const absl::Status& status) const {
    if (failure_.has_value() && status == failure_->status) return program_.FailCall(*failure_);
    return program_.Fail(
        absl::IsUnavailable(status) ? ExitCode::kUnavailable : ExitCode::kCheckFailed,
        status.message());
  }

 private:
  const Program& program_;
  Client& client_;
  const char* const service_;
  std::optional<CallResult> failure_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_SERVICE_CALLS_H_
