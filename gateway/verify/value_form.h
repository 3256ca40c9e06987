// The forms of values, by which a question's claims and a notice's elements are checked. Errors say
// what to write and repeat no value.
#ifndef CHAYAN_GATEWAY_VERIFY_VALUE_FORM_H_
#define CHAYAN_GATEWAY_VERIFY_VALUE_FORM_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/registry.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/policy/refusal.h"

namespace chayan::verify {

// Collects faults under their fields' paths.
class Violations {
 public:
  void Add(std::string field, absl::string_view description) {
    list_.push_back({std::move(field), std::string(description)});
  }
  void That(const absl::Status& status, absl::string_view field) {
    if (!status.ok()) Add(std::string(field), status.message());
  }
  bool empty() const { return list_.empty(); }
  std::vector<policy::FieldViolation> Take() && { return std::move(list_); }

 private:
  std::vector<policy::FieldViolation> list_;
};

// The refusal that names them all. REQUIRES: there are some.
policy::Refusal RefuseForms(std::vector<policy::FieldViolation> violations);

// Checks a value against its element's form, a fault under `path`.date or `path`.text. The normal
// form of a text; empty for a date, and after a fault.
std::string CheckValue(const v1::Claim& value, const v1::Element& element, absl::string_view path,
                       Violations& violations);
absl::Status CheckDate(const v1::EraDate& date);
absl::Status CheckText(absl::string_view text, size_t characters_max);
// The ids, numbers and texts by which an office says who acts for it, and why.
void CheckPurpose(const v1::Purpose& purpose, Violations& violations);

// Whether a subject may have a number of this scheme; with no schemes listed, national id and
// resident numbers.
bool SchemeAllowed(v1::IdentifierScheme scheme,
                   const google::protobuf::RepeatedField<int>& allowed);

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_VALUE_FORM_H_
