// From a value type to its rule of comparison and its normal form. Dates cross here between the
// messages and room ident.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_COMPARE_H_
#define CHAYAN_ADAPTERS_CONNECTOR_COMPARE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/sdk/match.h"
#include "chayan/v1/adapter_config.pb.h"
#include "chayan/v1/registry.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/ident/era_date.h"

namespace chayan::connector {

// Compares a claim's value with what the register holds. A value of the wrong form (text for a
// date) is UNCOMPARABLE.
sdk::Comparison Compare(v1::ValueType type, v1::ComparisonRule rule, const v1::Claim& claim,
                        absl::string_view held);

// Compares the subject's number with what the register holds, by the number's scheme.
sdk::Comparison CompareNumber(const v1::Identifier& identifier, absl::string_view held);

// The text that is bound for a claim of this type: its normal form; names, addresses and free text
// as they came.
absl::StatusOr<std::string> BoundText(v1::ValueType type, const v1::Claim& claim,
                                      v1::DateForm form);
absl::StatusOr<std::string> BoundNumber(const v1::Identifier& identifier);
absl::StatusOr<std::string> BoundDate(const ident::EraDate& date, v1::DateForm form);

// INVALID_ARGUMENT if the message is no date.
absl::StatusOr<ident::EraDate> DateFrom(const v1::EraDate& date);
v1::EraDate DateTo(const ident::EraDate& date);

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_COMPARE_H_
