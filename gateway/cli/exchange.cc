#include "gateway/cli/exchange.h"

#include <utility>

namespace chayan::cli {

absl::StatusOr<Exchange> ReadResponse(absl::string_view request, absl::string_view response) {
  v1::VerifyDocumentResponseView view;
  Exchange exchange;
  if (!view.ParseFromArray(response.data(), static_cast<int>(response.size())) ||
      !exchange.next_step.ParseFromString(view.next_step())) {
    return absl::DataLossError("the gateway's response cannot be read");
  }
  exchange.request_id = view.request_id();
  exchange.evidence.set_request(request.data(), request.size());
  switch (view.result_case()) {
    case v1::VerifyDocumentResponseView::kAnswer:
      exchange.evidence.set_answer(std::move(*view.mutable_answer()));
      break;
    case v1::VerifyDocumentResponseView::kStatus:
      exchange.evidence.set_status(std::move(*view.mutable_status()));
      break;
    case v1::VerifyDocumentResponseView::RESULT_NOT_SET:
      return absl::DataLossError("the gateway's response holds neither answer nor error");
  }
  if (view.has_receipt()) *exchange.evidence.mutable_receipt() = std::move(*view.mutable_receipt());
  return exchange;
}

Exchange ReadFailure(absl::string_view request, const CallResult& failure) {
  Exchange exchange;
  exchange.evidence.set_request(request.data(), request.size());
  if (!failure.status_details.empty()) exchange.evidence.set_status(failure.status_details);
  if (!failure.receipt.empty()) {
    v1::Receipt receipt;
    if (receipt.ParseFromString(failure.receipt)) {
      *exchange.evidence.mutable_receipt() = std::move(receipt);
    }
  }
  return exchange;
}

}  // namespace chayan::cli
