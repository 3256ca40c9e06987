// Goal: each reason goes out with the code that error_reason.proto promises, and a refusal's bytes
// hold reason, domain, metadata, violations and delay within their bounds. Method: the promises are
// read from the proto's own comments.
#include "gateway/policy/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::policy {
namespace {

// Name of a value → the code in brackets of the comment before it.
std::map<std::string, std::string> PromisedCodes() {
  const auto text = ReadFile("proto/chayan/v1/error_reason.proto");
  EXPECT_OK(text);
  std::map<std::string, std::string> codes;
  std::string bracketed;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(line, "// [")) {
      bracketed = std::string(line.substr(4, line.find(']') - 4));
    } else if (absl::StartsWith(line, "ERROR_REASON_") && !bracketed.empty()) {
      codes[std::string(line.substr(0, line.find(' ')))] = bracketed;
      bracketed.clear();
    }
  }
  return codes;
}

TEST(RefusalTest, EveryReasonHasTheCodeItsCommentPromises) {
  const std::map<std::string, std::string> promised = PromisedCodes();
  const auto* descriptor = google::protobuf::GetEnumDescriptor<v1::ErrorReason>();
  ASSERT_EQ(promised.size() + 1, static_cast<size_t>(descriptor->value_count()));
  for (int i = 1; i < descriptor->value_count(); ++i) {
    const auto reason = static_cast<v1::ErrorReason>(descriptor->value(i)->number());
    const std::string& name = descriptor->value(i)->name();
    ASSERT_TRUE(promised.contains(name)) << name;
    EXPECT_EQ(absl::StatusCodeToString(CodeOf(reason)), promised.at(name)) << name;
    EXPECT_EQ(absl::StrCat("ERROR_REASON_", ReasonName(reason)), name);
  }
}

// All reasons but those of links, of other services and of no method at all.
bool MayMeetAQuestion(v1::ErrorReason reason) {
  switch (reason) {
    case v1::ERROR_REASON_METHOD_UNKNOWN:
    case v1::ERROR_REASON_AUDIT_NOT_GRANTED:
    case v1::ERROR_REASON_ENTRY_NOT_FOUND:
    case v1::ERROR_REASON_PAGE_TOKEN_INVALID:
    case v1::ERROR_REASON_REGISTRY_SET_NOT_FOUND:
    case v1::ERROR_REASON_REGISTRY_INVALID:
    case v1::ERROR_REASON_REGISTRY_CHANGED:
    case v1::ERROR_REASON_LINK_NOT_FOUND:
    case v1::ERROR_REASON_CHECKPOINT_NOT_FOUND:
    case v1::ERROR_REASON_DETAIL_ERASED:
    case v1::ERROR_REASON_LEGAL_HOLD:
    case v1::ERROR_REASON_PROPOSAL_INVALID:
    case v1::ERROR_REASON_DRAW_NOT_FOUND:
    case v1::ERROR_REASON_NOT_YET_PUBLISHED:
    case v1::ERROR_REASON_HOLD_NOT_FOUND:
      return false;
    default:
      return reason != v1::ERROR_REASON_UNSPECIFIED && reason < v1::ERROR_REASON_HELLO_INVALID;
  }
}

TEST(RefusalTest, VerifyDocumentListsTheCodesThatAQuestionMayMeet) {
  const auto proto = ReadFile("proto/chayan/v1/verification_service.proto");
  ASSERT_OK(proto);
  const size_t begin = proto->find("Codes: ");
  const std::string listed = proto->substr(begin, proto->find("rpc VerifyDocument(") - begin);
  std::map<std::string, std::string> wanted;  // code → one reason for it
  const auto* descriptor = google::protobuf::GetEnumDescriptor<v1::ErrorReason>();
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const auto reason = static_cast<v1::ErrorReason>(descriptor->value(i)->number());
    if (!MayMeetAQuestion(reason)) continue;
    wanted[absl::StatusCodeToString(CodeOf(reason))] = std::string(ReasonName(reason));
  }
  for (int code = 1; code <= 16; ++code) {
    const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
    EXPECT_EQ(absl::StrContains(listed, name + " ("), wanted.contains(name))
        << name << " " << wanted[name];
  }
}

TEST(RefusalTest, AReasonThatIsNoneIsOurOwnFault) {
  EXPECT_EQ(CodeOf(v1::ERROR_REASON_UNSPECIFIED), absl::StatusCode::kInternal);
  EXPECT_EQ(CodeOf(static_cast<v1::ErrorReason>(4711)), absl::StatusCode::kInternal);
}

google::rpc::Status Parse(const Refusal& refusal) {
  google::rpc::Status status;
  EXPECT_TRUE(status.ParseFromString(refusal.ToStatusBytes()));
  return status;
}

TEST(RefusalTest, BytesHoldReasonViolationsAndDelay) {
  Refusal refusal;
  refusal.reason = v1::ERROR_REASON_RATE_LIMITED;
  refusal.message = "too many";
  refusal.metadata = {{"member", "hro-shanhua"}, {"limit", "200"}};
  refusal.violations = {{"claims[2].date", "no such day"}};
  refusal.retry_delay = absl::Milliseconds(1500);
  const google::rpc::Status status = Parse(refusal);
  EXPECT_EQ(status.code(), 8);
  EXPECT_EQ(status.message(), "too many");
  ASSERT_EQ(status.details_size(), 3);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(status.details(0).UnpackTo(&info));
  EXPECT_EQ(status.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(info.reason(), "RATE_LIMITED");
  EXPECT_EQ(info.domain(), "chayan");
  EXPECT_EQ(info.metadata().at("limit"), "200");
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(status.details(1).UnpackTo(&bad_request));
  ASSERT_EQ(bad_request.field_violations_size(), 1);
  EXPECT_EQ(bad_request.field_violations(0).field(), "claims[2].date");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(status.details(2).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(RefusalTest, BytesHoldNoDelayAndNoViolationsWhereThereAreNone) {
  Refusal refusal;
  refusal.reason = v1::ERROR_REASON_NO_GRANT;
  EXPECT_EQ(Parse(refusal).details_size(), 1);
  refusal.retry_delay = absl::InfiniteDuration();
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(Parse(refusal).details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 365 * 86400);
}

TEST(RefusalTest, ManyViolationsAreBoundedAndTheRestCounted) {
  Refusal refusal;
  refusal.reason = v1::ERROR_REASON_FIELD_INVALID;
  for (int i = 0; i < 64; ++i) {
    refusal.violations.push_back({absl::StrCat("claims[", i, "].text"), std::string(200, 'x')});
  }
  const std::string bytes = refusal.ToStatusBytes();
  EXPECT_LT(bytes.size(), kViolationsBytesMax + 512);
  const google::rpc::Status status = Parse(refusal);
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(status.details(0).UnpackTo(&info));
  ASSERT_TRUE(status.details(1).UnpackTo(&bad_request));
  EXPECT_EQ(info.metadata().at("violations_left_out"),
            absl::StrCat(64 - bad_request.field_violations_size()));
}

}  // namespace
}  // namespace chayan::policy
