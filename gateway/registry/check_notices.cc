// Notices: kinds, who may publish them, who gets them and when, and the calendar.
#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/registry/calendar.h"
#include "gateway/registry/check.h"
#include "gateway/registry/values.h"

namespace chayan::registry {
namespace {

// A marriage has two, a household that moves a dozen.
constexpr uint32_t kSubjectsMax = 64;
constexpr int kConsentsMax = 32;
constexpr uint32_t kAcknowledgeWorkdaysMax = 60;
constexpr uint32_t kPickUpWorkdaysMax = 60;
constexpr uint32_t kExpiryDaysMax = 366;
constexpr uint32_t kWeekdayMax = 7;
// The shortest month has at least this many workdays, but for a long new year.
constexpr uint32_t kWorkdayOfMonthMax = 20;
// The years a register can be about to meet.
constexpr uint32_t kCalendarYearMin = 2000;
constexpr uint32_t kCalendarYearMax = 2200;

bool Publishes(v1::Role role) { return role == v1::ROLE_HOUSEHOLD || role == v1::ROLE_PUBLISHER; }

// Who can be reached in this way.
bool CanReceive(v1::Role role, v1::DeliveryWay way) {
  if (way == v1::DELIVERY_WAY_LINK) return role == v1::ROLE_ADAPTER;
  return Publishes(role) || role == v1::ROLE_ADAPTER;
}

bool IsArea(absl::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

const Checker::GranteeRule Checker::kPublisher = {"ROLE_HOUSEHOLD or ROLE_PUBLISHER", "publish",
                                                  Publishes};

void Checker::CheckNoticeKinds() {
  const std::vector<absl::string_view> legal_bases = Keys(legal_bases_);
  ForEach("notice_kinds", &v1::RegistryFile::notice_kinds,
          [&](const v1::NoticeKind& kind, const Place& place) {
            CheckName(place, "code", kind.code(), kKindCode);
            CheckTexts(place, "title", kind.has_title(), kind.title(), /*required=*/true);
            CheckElements(kind.payload(), "payload", place);
            CheckReferences(place, "legal_bases", kind.legal_bases(), legal_bases, "legal basis");
            if (kind.legal_bases_size() == 0) {
              faults_.Add(place, "legal_bases",
                          "is empty; write the legal bases it may be published under");
            }
            CheckSchemes(place, kind.subject_schemes());
            CheckBound(place, "subjects_max", kind.subjects_max(), kSubjectsMax);
            CheckConsents(kind, place);
            CheckEnum(place, "dead_letter_policy", kind.dead_letter_policy());
            CheckReference(place, "exception_owner", -1, kind.exception_owner(), members_,
                           "member");
            CheckEnum(place, "retention_class", kind.retention_class());
          });
}

void Checker::CheckConsents(const v1::NoticeKind& kind, const Place& place) {
  if (kind.consents_size() > kConsentsMax) {
    faults_.Add(
        place, "consents",
        absl::StrCat("has ", kind.consents_size(), " consents; write at most ", kConsentsMax));
  }
  absl::flat_hash_set<absl::string_view> codes;
  for (int i = 0; i < kind.consents_size(); ++i) {
    const v1::NoticeConsent& consent = kind.consents(i);
    const Place inner = place.Nested("consents", i);
    CheckShape(inner, "code", consent.code(), kElementCode);
    CheckTexts(inner, "title", consent.has_title(), consent.title(), /*required=*/true);
    if (!codes.insert(consent.code()).second) {
      faults_.Add(inner, "code",
                  absl::StrCat("the kind has consent \"", consent.code(),
                               "\" twice; give this one its own code"));
    }
  }
}

void Checker::CheckNoticeGrants() {
  ForEach("notice_grants", &v1::RegistryFile::notice_grants,
          [this](const v1::NoticeGrant& grant, const Place& place) {
            CheckName(place, "id", grant.id(), kMemberId);
            CheckGrantee(grant, kPublisher, place);
            CheckPersonRoles(place, "person_roles", grant.person_roles());
            CheckTimes(place, grant.not_before_time(), grant.not_after_time());
            if (grant.legal_bases_size() == 0) {
              faults_.Add(place, "legal_bases",
                          "is empty, so nothing is granted; write at least one legal basis");
            }
            if (!CheckReference(place, "notice_kind", -1, grant.notice_kind(), notice_kinds_,
                                "notice kind")) {
              return;
            }
            const v1::NoticeKind& kind = *notice_kinds_.at(grant.notice_kind());
            CheckReferences(place, "legal_bases", grant.legal_bases(),
                            {kind.legal_bases().begin(), kind.legal_bases().end()},
                            absl::StrCat("legal basis of \"", kind.code(), "\""));
          });
}

void Checker::CheckSubscriptions() {
  ForEach("subscriptions", &v1::RegistryFile::subscriptions,
          [this](const v1::Subscription& subscription, const Place& place) {
            CheckName(place, "id", subscription.id(), kMemberId);
            CheckEnum(place, "way", subscription.way());
            CheckRecipient(subscription, place);
            CheckNotified(subscription, place);
            if (subscription.has_routing()) CheckNoticeRouting(subscription.routing(), place);
            if (subscription.has_schedule()) CheckSchedule(subscription.schedule(), place);
            CheckBound(place, "acknowledge_workdays", subscription.acknowledge_workdays(),
                       kAcknowledgeWorkdaysMax);
            CheckBound(place, "pick_up_workdays", subscription.pick_up_workdays(),
                       kPickUpWorkdaysMax);
            CheckBound(place, "expiry_days", subscription.expiry_days(), kExpiryDaysMax);
          });
}

void Checker::CheckRecipient(const v1::Subscription& subscription, const Place& place) {
  if (!CheckReference(place, "recipient", -1, subscription.recipient(), members_, "member")) {
    return;
  }
  const auto& systems = members_.at(subscription.recipient())->systems();
  if (std::none_of(systems.begin(), systems.end(), [&](const v1::System& system) {
        return CanReceive(system.role(), subscription.way());
      })) {
    faults_.Add(place, "recipient",
                absl::StrCat("\"", subscription.recipient(), "\" has no system that could take ",
                             "it in this way; add a system with role ROLE_ADAPTER",
                             subscription.way() == v1::DELIVERY_WAY_LINK
                                 ? ""
                                 : ", ROLE_HOUSEHOLD or ROLE_PUBLISHER"));
  }
  if (subscription.hosted() && subscription.way() != v1::DELIVERY_WAY_LINK) {
    faults_.Add(place, "hosted",
                "has no effect for notices that are pulled; remove it or write way: "
                "DELIVERY_WAY_LINK");
  }
}

void Checker::CheckNotified(const v1::Subscription& subscription, const Place& place) {
  if (subscription.subject_parts_size() == 0) {
    faults_.Add(place, "subject_parts",
                "is empty, so the recipient cannot tell whom it is about; write at least one part");
  }
  absl::flat_hash_set<int> parts;
  for (int i = 0; i < subscription.subject_parts_size(); ++i) {
    const v1::NoticePart part = subscription.subject_parts(i);
    if (part == 0 || !v1::NoticePart_IsValid(part) || !parts.insert(part).second) {
      faults_.AddAt(place, "subject_parts", i, "",
                    "is unspecified, unknown or there twice; write each part once");
    }
  }
  if (!CheckReference(place, "notice_kind", -1, subscription.notice_kind(), notice_kinds_,
                      "notice kind")) {
    return;
  }
  const v1::NoticeKind& kind = *notice_kinds_.at(subscription.notice_kind());
  CheckReferences(place, "fields", subscription.fields(), Codes(kind.payload()),
                  absl::StrCat("payload element of \"", kind.code(), "\""));
  if (!subscription.consent().empty()) {
    std::vector<absl::string_view> consents;
    for (const v1::NoticeConsent& consent : kind.consents()) consents.push_back(consent.code());
    CheckReference(place, "consent", -1, subscription.consent(), consents,
                   absl::StrCat("consent of \"", kind.code(), "\""));
  }
}

void Checker::CheckNoticeRouting(const v1::SubscriptionRouting& routing, const Place& place) {
  const Place inner = place.Nested("routing", -1);
  CheckEnum(inner, "key", routing.key());
  CheckUnique(inner, "values", routing.values());
  switch (routing.key()) {
    case v1::ROUTING_KEY_CUSTOMER_ACCOUNT:
      if (routing.values_size() > 0) {
        faults_.Add(inner, "values",
                    "has no effect: customer accounts match by their provider; remove it");
      }
      return;
    case v1::ROUTING_KEY_OFFICE:
      CheckReferences(inner, "values", routing.values(), members_, "member");
      break;
    case v1::ROUTING_KEY_OLD_AREA:
    case v1::ROUTING_KEY_NEW_AREA:
    case v1::ROUTING_KEY_ANY_AREA:
      for (int i = 0; i < routing.values_size(); ++i) {
        if (!IsArea(routing.values(i))) {
          faults_.AddAt(inner, "values", i, routing.values(i),
                        "is no area; write the digits of its code, such as \"67000\"");
        }
      }
      break;
    default:
      break;
  }
  if (routing.values_size() == 0) {
    faults_.Add(inner, "values", "is empty, so nothing matches; write at least one value");
  }
}

void Checker::CheckSchedule(const v1::DeliverySchedule& schedule, const Place& place) {
  const Place inner = place.Nested("schedule", -1);
  CheckEnum(inner, "rule", schedule.rule());
  if (const auto minute = ParseMinuteOfDay(schedule.time_of_day()); !minute.ok()) {
    faults_.Add(inner, "time_of_day", minute.status().message());
  }
  const bool weekly = schedule.rule() == v1::SCHEDULE_RULE_WEEKLY;
  const bool monthly = schedule.rule() == v1::SCHEDULE_RULE_MONTHLY;
  if (weekly ? schedule.weekday() < 1 || schedule.weekday() > kWeekdayMax
             : schedule.weekday() != 0) {
    faults_.Add(inner, "weekday",
                weekly ? "is missing or no weekday; write 1 (Monday) to 7"
                       : "has an effect for SCHEDULE_RULE_WEEKLY alone; remove it");
  }
  if (monthly ? schedule.workday() < 1 || schedule.workday() > kWorkdayOfMonthMax
              : schedule.workday() != 0) {
    faults_.Add(inner, "workday",
                monthly ? absl::StrCat("is missing or too large; write 1 to ", kWorkdayOfMonthMax)
                        : "has an effect for SCHEDULE_RULE_MONTHLY alone; remove it");
  }
}

void Checker::CheckCalendar() {
  absl::flat_hash_set<uint32_t> years;
  Calendar calendar;
  ForEach("calendar_years", &v1::RegistryFile::calendar_years,
          [&](const v1::CalendarYear& year, const Place& place) {
            if (year.year() < kCalendarYearMin || year.year() > kCalendarYearMax) {
              faults_.Add(place, "year",
                          absl::StrCat("is ", year.year(), "; write a year such as 2026"));
            } else if (!years.insert(year.year()).second) {
              faults_.Add(place, "year",
                          absl::StrCat("the set has the year ", year.year(),
                                       " twice; write each year once"));
            }
            const bool holidays = CheckDays(year, "holidays", year.holidays(), place);
            if (CheckDays(year, "workdays", year.workdays(), place) && holidays) {
              calendar.Add(year);
            }
          });
  ForEach("calendar_years", &v1::RegistryFile::calendar_years,
          [&](const v1::CalendarYear& year, const Place& place) {
            for (int i = 0; i < year.holidays_size(); ++i) {
              const auto day = ParseDay(year.holidays(i));
              if (!day.ok() || calendar.IsWorkday(calendar.NextWorkday(*day))) continue;
              faults_.AddAt(place, "holidays", i, year.holidays(i),
                            absl::StrCat("begins more than ", kFreeDaysMax,
                                         " free days in a row; no office is closed that long, "
                                         "check the days"));
              return;
            }
          });
}

bool Checker::CheckDays(const v1::CalendarYear& year, const char* field,
                        const google::protobuf::RepeatedPtrField<std::string>& days,
                        const Place& place) {
  CheckUnique(place, field, days);
  const bool are_workdays = absl::string_view(field) == "workdays";
  bool all_parsed = true;
  for (int i = 0; i < days.size(); ++i) {
    const auto day = ParseDay(days[i]);
    if (!day.ok()) {
      all_parsed = false;
      faults_.AddAt(place, field, i, days[i],
                    absl::StrCat("\"", days[i], "\" ", day.status().message()));
      continue;
    }
    if (day->year() != year.year()) {
      faults_.AddAt(place, field, i, days[i],
                    absl::StrCat("\"", days[i], "\" is not in ", year.year(),
                                 "; write it with its own year"));
    }
    if (are_workdays && Calendar().IsWorkday(*day)) {
      faults_.AddAt(place, field, i, days[i],
                    absl::StrCat("\"", days[i],
                                 "\" is no Saturday or Sunday, so it is worked "
                                 "anyway; remove it"));
    }
  }
  return all_parsed;
}

}  // namespace chayan::registry
