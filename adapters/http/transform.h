// Fixed changes of a value's spelling, from what a system writes to what the matcher reads.
#ifndef CHAYAN_ADAPTERS_HTTP_TRANSFORM_H_
#define CHAYAN_ADAPTERS_HTTP_TRANSFORM_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/http_source.pb.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace chayan::http_connector {

// Immutable; thread-safe.
class Transforms {
 public:
  Transforms() = default;
  // INVALID_ARGUMENT, with a remedy: a step that is not set, a pattern that RE2 does not take.
  static absl::StatusOr<Transforms> Create(
      const google::protobuf::RepeatedPtrField<v1::ValueTransform>& steps);

  // INVALID_ARGUMENT: a step cannot read the value; which is not repeated.
  absl::StatusOr<std::string> Apply(std::string value) const;

 private:
  using Step = std::function<absl::StatusOr<std::string>(std::string)>;
  static absl::StatusOr<Step> NewStep(const v1::ValueTransform& step);

  std::vector<Step> steps_;
};

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_TRANSFORM_H_
