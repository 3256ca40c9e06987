#include "gateway/report/anomalies.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/era_date.h"
#include "gateway/registry/text_reader.h"
#include "gateway/report/period.h"

namespace chayan::report {
namespace {

using log::EntryType;
using log::Key;

// A table's cell names this many entries; the file of findings needs no more to begin with.
constexpr size_t kEntriesShownMax = 20;
constexpr int kMinutesADay = 24 * 60;

absl::Status Invalid(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

// "08:30" as minutes of the day, "24:00" as its end.
absl::StatusOr<int> ParseMinute(const std::string& field, const std::string& text) {
  int hour = 0, minute = 0;
  const bool shaped = text.size() == 5 && text[2] == ':' &&
                      absl::SimpleAtoi(text.substr(0, 2), &hour) &&
                      absl::SimpleAtoi(text.substr(3), &minute);
  const int value = hour * 60 + minute;
  if (!shaped || minute > 59 || minute < 0 || value < 0 || value > kMinutesADay) {
    return Invalid(field, "no time of day; write it as 08:30");
  }
  return value;
}

bool IsQuestion(const log::LeafView& leaf) {
  return leaf.known_type == EntryType::kVerification || leaf.known_type == EntryType::kDenied ||
         leaf.known_type == EntryType::kFailed;
}

std::string SystemOf(const log::LeafView& leaf) {
  return absl::StrCat(leaf.Get(Key::kMember), "/", leaf.Get(Key::kSystem));
}

void Extend(Anomaly& anomaly, uint64_t index, const log::LeafView& leaf) {
  if (anomaly.entries.empty()) {
    anomaly.first_timestamp = std::string(leaf.timestamp);
    anomaly.member = std::string(leaf.Get(Key::kMember));
    anomaly.system = std::string(leaf.Get(Key::kSystem));
    anomaly.office = std::string(leaf.Get(Key::kFor));
  }
  anomaly.entries.push_back(index);
  anomaly.last_timestamp = std::string(leaf.timestamp);
}

}  // namespace

absl::StatusOr<Anomalies> Anomalies::Create(const std::string& text) {
  Anomalies anomalies;
  std::vector<std::string> faults;
  registry::ReadText read;
  registry::ReadMessage(
      text,
      [&](int line, int column, absl::string_view what) {
        faults.push_back(absl::StrCat("line ", line, ":", column, ": ", what));
      },
      anomalies.rules_, read);
  if (!faults.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(absl::StrJoin(faults, "; "), "; see proto/chayan/v1/anomaly_rules.proto"));
  }
  CHAYAN_RETURN_IF_ERROR(anomalies.ReadRules());
  return anomalies;
}

absl::Status Anomalies::ReadRules() {
  if (rules_.has_outside_hours()) {
    const v1::OutsideHoursRule& rule = rules_.outside_hours();
    CHAYAN_ASSIGN_OR_RETURN(default_hours_,
                            ReadHours("outside_hours.default_hours", rule.default_hours()));
    for (int i = 0; i < rule.offices_size(); ++i) {
      const std::string path = absl::StrCat("outside_hours.offices[", i, "]");
      const std::string& office = rule.offices(i).office();
      if (office.empty()) return Invalid(path + ".office", "is missing; write the office's id");
      CHAYAN_ASSIGN_OR_RETURN(WorkHours hours, ReadHours(path, rule.offices(i)));
      if (!offices_.emplace(office, std::move(hours)).second) {
        return Invalid(path + ".office", "stands there twice; write each office once");
      }
    }
  }
  if (rules_.has_repeated_subject()) {
    const v1::RepeatedSubjectRule& rule = rules_.repeated_subject();
    if (rule.questions() < 2) return Invalid("repeated_subject.questions", "write 2 or more");
    if (rule.within_hours() < 1) return Invalid("repeated_subject.within_hours", "write 1 or more");
  }
  if (rules_.has_failed_streak()) {
    const v1::FailedStreakRule& rule = rules_.failed_streak();
    if (rule.length() < 2) return Invalid("failed_streak.length", "write 2 or more");
    if (rule.within_minutes() < 1)
      return Invalid("failed_streak.within_minutes", "write 1 or more");
    if (rule.failures().empty()) {
      return Invalid("failed_streak.failures", "is empty; write outcomes or reasons: NOT_FOUND");
    }
    failures_.insert(rule.failures().begin(), rule.failures().end());
  }
  return absl::OkStatus();
}

absl::StatusOr<Anomalies::WorkHours> Anomalies::ReadHours(const std::string& path,
                                                          const v1::OfficeHours& hours) {
  WorkHours read;
  CHAYAN_ASSIGN_OR_RETURN(read.from_minute,
                          ParseMinute(path + ".hours.from", hours.hours().from()));
  CHAYAN_ASSIGN_OR_RETURN(read.to_minute, ParseMinute(path + ".hours.to", hours.hours().to()));
  if (read.to_minute <= read.from_minute) {
    return Invalid(path + ".hours.to", "lies before from; exchange the two");
  }
  for (const uint32_t day : hours.weekdays()) {
    if (day < 1 || day > 7) return Invalid(path + ".weekdays", "write 1 (Monday) to 7 (Sunday)");
    read.weekdays.set(day);
  }
  if (hours.weekdays().empty()) read.weekdays = 0b00111110;
  for (const std::string& text : hours.holidays()) {
    const auto date = ident::ParseEraDate(text);
    if (!date.ok() || !ident::IsComplete(*date)) {
      return Invalid(path + ".holidays", "no day; write it as 2026-02-17");
    }
    read.holidays.insert(ident::ToCivilDay(*date));
  }
  return read;
}

bool Anomalies::WorkHours::Covers(absl::Time time) const {
  const absl::CivilMinute local = absl::ToCivilMinute(time, TaipeiTimeZone());
  const absl::CivilDay day(local);
  const size_t weekday = static_cast<size_t>(absl::GetWeekday(day)) + 1;
  const int minute = local.hour() * 60 + local.minute();
  return weekdays.test(weekday) && !holidays.contains(day) && minute >= from_minute &&
         minute < to_minute;
}

void Anomalies::Add(uint64_t index, const log::LeafView& leaf, const Opened* opened) {
  if (!IsQuestion(leaf)) return;
  const absl::Time time = TimeOfEntry(leaf.timestamp);
  if (rules_.has_outside_hours()) CheckHours(index, leaf, time);
  if (rules_.has_repeated_subject() && opened != nullptr) CheckRepeated(index, leaf, time, *opened);
  if (rules_.has_failed_streak()) CheckStreak(index, leaf, time);
}

void Anomalies::CheckHours(uint64_t index, const log::LeafView& leaf, absl::Time time) {
  const absl::string_view office = leaf.Get(Key::kFor);
  if (office.empty()) return;  // nobody's hours
  const auto own = offices_.find(office);
  if ((own == offices_.end() ? default_hours_ : own->second).Covers(time)) return;
  Anomaly& anomaly = outside_[{std::string(office), absl::ToCivilDay(time, TaipeiTimeZone())}];
  Extend(anomaly, index, leaf);
}

void Anomalies::CheckRepeated(uint64_t index, const log::LeafView& leaf, absl::Time time,
                              const Opened& opened) {
  const v1::RepeatedSubjectRule& rule = rules_.repeated_subject();
  DropFinishedPairs(time);
  std::deque<Seen>& seen =
      asked_[absl::StrCat(leaf.Get(Key::kMember), "\n", opened.person, "\n", opened.subject)];
  seen.push_back({index, time});
  while (time - seen.front().time > absl::Hours(rule.within_hours())) seen.pop_front();
  if (seen.size() < rule.questions()) return;
  // Each further question within the span belongs to the anomaly that is there.
  Anomaly* const last = found_.empty() ? nullptr : &found_.back();
  if (last != nullptr && last->rule == Anomaly::Rule::kRepeatedSubject &&
      last->person == opened.person && last->entries.back() == seen[seen.size() - 2].index) {
    Extend(*last, index, leaf);
    return;
  }
  Anomaly anomaly{.rule = Anomaly::Rule::kRepeatedSubject};
  Extend(anomaly, index, leaf);
  anomaly.first_timestamp = FormatTimestamp(seen.front().time);
  anomaly.entries.clear();
  for (const Seen& one : seen) anomaly.entries.push_back(one.index);
  anomaly.person = opened.person;
  found_.push_back(std::move(anomaly));
}

void Anomalies::DropFinishedPairs(absl::Time now) {
  if (asked_.size() < sweep_at_) return;
  const absl::Duration span = absl::Hours(rules_.repeated_subject().within_hours());
  absl::erase_if(asked_, [&](const auto& pair) { return now - pair.second.back().time > span; });
  // As many again before the next look, so that each pair pays for a look or two.
  sweep_at_ = std::max(kPairsMin, 2 * asked_.size());
}

void Anomalies::CheckStreak(uint64_t index, const log::LeafView& leaf, absl::Time time) {
  const v1::FailedStreakRule& rule = rules_.failed_streak();
  const absl::string_view what = leaf.known_type == EntryType::kVerification
                                     ? leaf.Get(Key::kOutcome)
                                     : leaf.Get(Key::kReason);
  Streak& streak = streaks_[SystemOf(leaf)];
  const bool failed = failures_.contains(what);
  const bool too_long =
      !streak.anomaly.entries.empty() && time - streak.first > absl::Minutes(rule.within_minutes());
  if (!failed || too_long) EndStreak(streak);
  if (!failed) return;
  if (streak.anomaly.entries.empty()) streak.first = time;
  Extend(streak.anomaly, index, leaf);
}

void Anomalies::EndStreak(Streak& streak) {
  if (streak.anomaly.entries.size() >= rules_.failed_streak().length()) {
    streak.anomaly.rule = Anomaly::Rule::kFailedStreak;
    found_.push_back(std::move(streak.anomaly));
  }
  streak.anomaly = {};
}

std::vector<Anomaly> Anomalies::Take() {
  for (auto& [system, streak] : streaks_) EndStreak(streak);
  for (auto& [key, anomaly] : outside_) found_.push_back(std::move(anomaly));
  std::sort(found_.begin(), found_.end(), [](const Anomaly& a, const Anomaly& b) {
    return std::pair(a.entries.front(), a.rule) < std::pair(b.entries.front(), b.rule);
  });
  return std::move(found_);
}

Table AnomalyTable(Language language, const std::vector<Anomaly>& anomalies) {
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  const auto rule = [&](Anomaly::Rule which) {
    switch (which) {
      case Anomaly::Rule::kOutsideHours:
        return say("非上班時間查詢", "outside the office's hours");
      case Anomaly::Rule::kRepeatedSubject:
        return say("同一人反覆查詢同一對象", "one person, one subject, again and again");
      case Anomaly::Rule::kFailedStreak:
        return say("連續查無或不符", "failed lookups in a row");
    }
    return std::string();
  };
  Table table{.name = "anomalies", .title = say("異常", "anomalies")};
  table.header = {say("規則", "rule"),       say("會員", "member"),          say("系統", "system"),
                  say("機關", "office"),     say("承辦人", "person"),        say("件數", "count"),
                  say("起", "first"),        say("起(民國)", "first (ROC)"), say("迄", "last"),
                  say("紀錄索引", "entries")};
  for (const Anomaly& anomaly : anomalies) {
    const absl::Time first = TimeOfEntry(anomaly.first_timestamp);
    const size_t shown = std::min(anomaly.entries.size(), kEntriesShownMax);
    std::string entries = absl::StrJoin(
        anomaly.entries.begin(), anomaly.entries.begin() + static_cast<ptrdiff_t>(shown), " ");
    if (shown < anomaly.entries.size()) entries += " …";
    table.rows.push_back({rule(anomaly.rule), anomaly.member, anomaly.system, anomaly.office,
                          anomaly.person, absl::StrCat(anomaly.entries.size()), IsoTime(first),
                          RocTime(first), IsoTime(TimeOfEntry(anomaly.last_timestamp)),
                          std::move(entries)});
  }
  return table;
}

}  // namespace chayan::report
