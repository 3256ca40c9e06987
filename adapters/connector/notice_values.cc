#include "adapters/connector/notice_values.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "adapters/connector/compare.h"
#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"

namespace chayan::connector {
namespace {

Value Text(const std::string& text) { return text.empty() ? Value() : Value(text); }

absl::StatusOr<Value> Date(bool given, const v1::EraDate& date, v1::DateForm form) {
  if (!given) return Value();
  CHAYAN_ASSIGN_OR_RETURN(const ident::EraDate read, DateFrom(date));
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, BoundDate(read, form));
  return Value(text);
}

Value Time(bool given, const google::protobuf::Timestamp& time) {
  if (!given) return Value();
  return FormatTimestamp(absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()));
}

// The identifier as it was typed at the counter was folded by the gateway; it is bound as it came.
Value Number(bool given, const v1::Identifier& identifier) {
  return given ? Text(identifier.value()) : Value();
}

absl::StatusOr<Value> OneValue(const v1::NoticeValue& value, const v1::DeliveredNotice& notice,
                               const v1::NoticeSubject& subject, const Value& account) {
  switch (value.from_case()) {
    case v1::NoticeValue::kItem:
      return ItemValue(value.item(), notice, value.date_form());
    case v1::NoticeValue::kElement:
      for (const v1::Claim& element : notice.payload()) {
        if (element.code() == value.element()) return ElementValue(element, value.date_form());
      }
      return Value();
    case v1::NoticeValue::kPart:
      if (value.part() == v1::NOTICE_PART_CUSTOMER_ACCOUNT) return account;
      return PartValue(value.part(), subject, value.date_form());
    case v1::NoticeValue::FROM_NOT_SET:
      return Value();
  }
  return Value();
}

bool AsksForAccount(const NoticeValues& values) {
  for (const v1::NoticeValue& value : values) {
    if (value.part() == v1::NOTICE_PART_CUSTOMER_ACCOUNT) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<Value> ItemValue(v1::NoticeItem item, const v1::DeliveredNotice& notice,
                                v1::DateForm form) {
  switch (item) {
    case v1::NOTICE_ITEM_DELIVERY_ID:
      return Text(notice.delivery_id());
    case v1::NOTICE_ITEM_NOTICE_ID:
      return Text(notice.notice_id());
    case v1::NOTICE_ITEM_NOTICE_KIND:
      return Text(notice.notice_kind());
    case v1::NOTICE_ITEM_SUBSCRIPTION:
      return Text(notice.subscription());
    case v1::NOTICE_ITEM_PUBLISHER:
      return Text(notice.publisher());
    case v1::NOTICE_ITEM_ACTING_FOR:
      return Text(notice.acting_for());
    case v1::NOTICE_ITEM_LEGAL_BASIS:
      return Text(notice.legal_basis());
    case v1::NOTICE_ITEM_EFFECTIVE_DATE:
      return Date(notice.has_effective_date(), notice.effective_date(), form);
    case v1::NOTICE_ITEM_ACCEPT_TIME:
      return Time(notice.has_accept_time(), notice.accept_time());
    case v1::NOTICE_ITEM_ACKNOWLEDGE_BY_TIME:
      return Time(notice.has_acknowledge_by_time(), notice.acknowledge_by_time());
    case v1::NOTICE_ITEM_SUPERSEDES:
      return Text(notice.supersedes_notice_id());
    case v1::NOTICE_ITEM_REVERSES:
      return Text(notice.reverses_notice_id());
    case v1::NOTICE_ITEM_ENTRY_INDEX:
      return Value(absl::StrCat(notice.entry_index()));
    case v1::NOTICE_ITEM_EARLIER_MISSING:
      return Value(notice.earlier_missing() ? "1" : "0");
    default:
      return Value();
  }
}

absl::StatusOr<Value> PartValue(v1::NoticePart part, const v1::NoticeSubject& subject,
                                v1::DateForm form) {
  switch (part) {
    case v1::NOTICE_PART_IDENTIFIER:
      return Number(subject.has_identifier(), subject.identifier());
    case v1::NOTICE_PART_FORMER_IDENTIFIER:
      return Number(subject.has_former_identifier(), subject.former_identifier());
    case v1::NOTICE_PART_NAME:
      return Text(subject.name());
    case v1::NOTICE_PART_BIRTH_DATE:
      return Date(subject.has_birth_date(), subject.birth_date(), form);
    case v1::NOTICE_PART_PUBLISHER_KEY:
      return Text(subject.publisher_key());
    default:
      return Value();
  }
}

absl::StatusOr<Value> ElementValue(const v1::Claim& element, v1::DateForm form) {
  if (element.has_date()) return Date(true, element.date(), form);
  return Text(element.text());
}

absl::StatusOr<std::vector<std::vector<Value>>> ValueRows(const NoticeValues& values,
                                                          const v1::DeliveredNotice& notice) {
  std::vector<v1::NoticeSubject> subjects(notice.subjects().begin(), notice.subjects().end());
  if (subjects.empty()) subjects.emplace_back();
  std::vector<Value> accounts;
  if (AsksForAccount(values)) {
    accounts.assign(notice.customer_accounts().begin(), notice.customer_accounts().end());
  }
  if (accounts.empty()) accounts.emplace_back();
  std::vector<std::vector<Value>> rows;
  for (const v1::NoticeSubject& subject : subjects) {
    for (const Value& account : accounts) {
      std::vector<Value>& row = rows.emplace_back();
      for (const v1::NoticeValue& value : values) {
        CHAYAN_ASSIGN_OR_RETURN(row.emplace_back(), OneValue(value, notice, subject, account));
      }
    }
  }
  return rows;
}

void CheckNoticeValues(const Place& place, const std::string& field, const NoticeValues& values) {
  std::set<std::string> names;
  for (int i = 0; i < values.size(); ++i) {
    const v1::NoticeValue& value = values[i];
    const Place here = place.Nested(field, value, i);
    here.Require("name", "\"number\"");
    if (!names.insert(value.name()).second) here.Fault("name", "stands twice, keep one");
    const bool nothing = value.from_case() == v1::NoticeValue::FROM_NOT_SET ||
                         (value.has_item() && value.item() == v1::NOTICE_ITEM_UNSPECIFIED) ||
                         (value.has_part() && value.part() == v1::NOTICE_PART_UNSPECIFIED) ||
                         (value.has_element() && value.element().empty());
    if (nothing) {
      here.Fault("name",
                 "says not what it is, add `part: NOTICE_PART_IDENTIFIER`, `element: \"…\"` or "
                 "`item: NOTICE_ITEM_NOTICE_ID`");
    }
  }
}

}  // namespace chayan::connector
