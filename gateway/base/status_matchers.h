// GoogleTest matchers for absl::Status and absl::StatusOr. For tests alone.
#ifndef CHAYAN_GATEWAY_BASE_STATUS_MATCHERS_H_
#define CHAYAN_GATEWAY_BASE_STATUS_MATCHERS_H_

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// EXPECT_THAT(F(), IsOk())
MATCHER(IsOk, negation ? "is an error" : "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

// EXPECT_THAT(F(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("field")))
MATCHER_P2(StatusIs, code, message_matcher, "has the code and a matching message") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         ::testing::Matches(message_matcher)(std::string(StatusOf(arg).message()));
}

}  // namespace chayan

#define ASSERT_OK(expression) ASSERT_THAT((expression), ::chayan::IsOk())
#define EXPECT_OK(expression) EXPECT_THAT((expression), ::chayan::IsOk())

#endif  // CHAYAN_GATEWAY_BASE_STATUS_MATCHERS_H_
