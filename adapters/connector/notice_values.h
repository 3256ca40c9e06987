// Values of a notice by the names that an agency's settings give them: parameters of a statement,
// columns of a file.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_NOTICE_VALUES_H_
#define CHAYAN_ADAPTERS_CONNECTOR_NOTICE_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/connector/place.h"
#include "adapters/connector/rows.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/notice_sink.pb.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace chayan::connector {

using NoticeValues = google::protobuf::RepeatedPtrField<v1::NoticeValue>;

// One row a subject, or one where the notice names none; for values that ask for a customer
// account, one for each of these and each account. INVALID_ARGUMENT: a date that is none.
absl::StatusOr<std::vector<std::vector<Value>>> ValueRows(const NoticeValues& values,
                                                          const v1::DeliveredNotice& notice);

// What a notice says of itself; nullopt where it does not.
absl::StatusOr<Value> ItemValue(v1::NoticeItem item, const v1::DeliveredNotice& notice,
                                v1::DateForm form);
// A part of one subject, but no customer account.
absl::StatusOr<Value> PartValue(v1::NoticePart part, const v1::NoticeSubject& subject,
                                v1::DateForm form);
absl::StatusOr<Value> ElementValue(const v1::Claim& element, v1::DateForm form);

// Says what is wrong with each of `field`'s values, where `message` has them at `place`.
void CheckNoticeValues(const Place& place, const std::string& field, const NoticeValues& values);

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_NOTICE_VALUES_H_
