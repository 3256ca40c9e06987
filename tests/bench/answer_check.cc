#include "tests/bench/answer_check.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "chayan/v1/receipt.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/check.h"
#include "gateway/cli/receipt_check.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::bench {
namespace {

std::string CodeName(int code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

// The status code with the reason that google.rpc.ErrorInfo gives.
std::string ErrorName(const google::rpc::Status& status, int code) {
  google::rpc::ErrorInfo info;
  for (const google::protobuf::Any& detail : status.details()) {
    if (detail.UnpackTo(&info)) return absl::StrCat(CodeName(code), "/", info.reason());
  }
  return CodeName(code);
}

std::string OutcomeName(v1::Outcome outcome) {
  return std::string(absl::StripPrefix(v1::Outcome_Name(outcome), "OUTCOME_"));
}

template <typename Message>
bool Parse(Message& message, absl::string_view bytes) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

absl::Status CheckReceipt(absl::string_view request, absl::string_view response,
                          const tlog::Policy& trust) {
  v1::VerifyDocumentResponseView view;
  if (!Parse(view, response)) return absl::DataLossError("the response does not parse");
  v1::EvidenceFile evidence;
  evidence.set_request(request.data(), request.size());
  if (view.has_answer()) {
    evidence.set_answer(view.answer());
  } else {
    evidence.set_status(view.status());
  }
  *evidence.mutable_receipt() = std::move(*view.mutable_receipt());
  const cli::ReceiptReport report = cli::CheckEvidence(evidence.SerializeAsString(), trust);
  if (report.ok()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("receipt: ", cli::StepName(report.first_lie().step), ": ",
                                          report.first_lie().status.message()));
}

AnswerCheck::AnswerCheck(Options options) : options_(std::move(options)) {
  CHAYAN_CHECK(options_.receipt_every == 0 || options_.trust.has_value());
}

void AnswerCheck::Wrong(std::string what) {
  if (findings_.wrong++ == 0) findings_.first_wrong = std::move(what);
}

void AnswerCheck::Error(int code, absl::string_view details) {
  ++findings_.errors_count;
  google::rpc::Status status;
  if (!Parse(status, details)) return Wrong("a google.rpc.Status does not parse");
  ++findings_.errors[ErrorName(status, code)];
}

void AnswerCheck::Response(absl::string_view request_id, absl::string_view request,
                           absl::string_view response) {
  v1::VerifyDocumentResponse parsed;
  if (!Parse(parsed, response)) return Wrong("a response does not parse");
  if (parsed.request_id() != request_id) {
    return Wrong(absl::StrCat("asked ", request_id, ", answered ", parsed.request_id()));
  }
  if (parsed.has_status()) {
    ++findings_.errors_count;
    ++findings_.errors[ErrorName(parsed.status(), parsed.status().code())];
    return;
  }
  const std::string outcome = OutcomeName(parsed.answer().outcome());
  ++findings_.outcomes[outcome];
  if (parsed.answer().outcome() == v1::OUTCOME_MATCH) ++findings_.matches;
  if (parsed.answer().request_id() != request_id) {
    return Wrong(
        absl::StrCat("the answer to ", request_id, " speaks of ", parsed.answer().request_id()));
  }
  if (!options_.outcome.empty() && outcome != options_.outcome) {
    return Wrong(absl::StrCat("the outcome is ", outcome, ", not ", options_.outcome));
  }
  if (options_.receipt_every != 0 && answers_++ % options_.receipt_every == 0) {
    ++findings_.receipts_checked;
    if (const absl::Status status = CheckReceipt(request, response, *options_.trust);
        !status.ok()) {
      Wrong(std::string(status.message()));
    }
  }
}

}  // namespace chayan::bench
