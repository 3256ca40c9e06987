#include "adapters/file/snapshot.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "adapters/connector/answer.h"
#include "gateway/base/clock.h"
#include "gateway/base/diag.h"

namespace chayan::file {
namespace {

constexpr int kRocYearOffset = 1911;

bool IsDated(const std::string& pattern) { return pattern.find('{') != std::string::npos; }

}  // namespace

std::string NameOf(const std::string& pattern, absl::CivilDay day) {
  const int year = static_cast<int>(day.year());
  return absl::StrReplaceAll(
      pattern, {{"{date}", absl::StrFormat("%04d%02d%02d", year, day.month(), day.day())},
                {"{roc_date}",
                 absl::StrFormat("%03d%02d%02d", year - kRocYearOffset, day.month(), day.day())}});
}

absl::Time TimeOfDay(absl::CivilDay day, const std::string& time) {
  const std::vector<std::string> parts = absl::StrSplit(time, ':');
  return absl::FromCivil(absl::CivilMinute(day.year(), day.month(), day.day(), std::stoi(parts[0]),
                                           std::stoi(parts[1])),
                         TaipeiTimeZone());
}

absl::Time Snapshot::DueOf(absl::CivilDay day) const {
  const std::string& due = plan_.source.file().due();
  return due.empty() ? absl::FromCivil(day + 1, TaipeiTimeZone()) : TimeOfDay(day, due);
}

void Snapshot::TryFile(Folder& folder, const std::string& name, const std::string& mark,
                       absl::CivilDay day) {
  tried_[name] = mark;
  const v1::FileTable& settings = plan_.source.file();
  absl::StatusOr<Folder::File> file = folder.Read(name);
  absl::StatusOr<std::shared_ptr<const Table>> table =
      file.ok() ? Table::Parse(settings, file->content) : file.status();
  absl::Status fault = table.status();
  if (fault.ok() && (*table)->size() > 0) {
    connector::Rows rows;
    rows.columns = (*table)->columns();
    fault = connector::CheckColumns(plan_, rows);
  }
  // A transfer that failed may succeed the next time; a bad file will not.
  if (!file.ok()) tried_.erase(name);
  absl::MutexLock lock(&mu_);
  if (!fault.ok()) {
    faults_[name] = absl::StrCat(name, ": ", fault.message());
    diag::Error("file.not_taken", {{"document_kind", plan_.kind.code()},
                                   {"file", name},
                                   {"cause", std::string(fault.message())}});
    return;
  }
  if (!IsDated(settings.name()) && file->changed > absl::InfinitePast()) {
    day = absl::ToCivilDay(file->changed, TaipeiTimeZone());
  }
  const absl::Time from_name =
      IsDated(settings.name()) ? absl::FromCivil(day, TaipeiTimeZone()) : file->changed;
  as_of_ = (*table)->as_of().value_or(from_name);
  table_ = *std::move(table);
  file_ = name;
  day_ = day;
  covered_ = day;
  faults_.erase(name);
  diag::Info("file.taken",
             {{"document_kind", plan_.kind.code()}, {"file", name}, {"records", table_->size()}});
}

void Snapshot::Look(Folder& folder, const std::map<std::string, std::string>& names,
                    absl::Time now) {
  const absl::CivilDay today = absl::ToCivilDay(now, TaipeiTimeZone());
  const v1::FileTable& settings = plan_.source.file();
  {
    // The folder could be listed; a file that is gone has no fault any more.
    absl::MutexLock lock(&mu_);
    std::erase_if(faults_, [&](const auto& fault) { return !names.contains(fault.first); });
  }
  // From the newest backwards, until one is good.
  for (int back = 0; back <= kDaysBackMax; ++back) {
    const absl::CivilDay day = today - back;
    const std::string name = NameOf(settings.name(), day);
    const auto found = names.find(name);
    if (found == names.end()) continue;
    const auto tried = tried_.find(name);
    if (tried == tried_.end() || tried->second != found->second) {
      TryFile(folder, name, found->second, day);
    }
    absl::MutexLock lock(&mu_);
    if (table_ != nullptr && file_ == name) break;
    if (!IsDated(settings.name())) break;
  }
  absl::MutexLock lock(&mu_);
  if (table_ == nullptr || settings.none_today_name().empty()) return;
  // "None today" says that the last file is still right, day by day.
  while (covered_ < today && names.contains(NameOf(settings.none_today_name(), covered_ + 1))) {
    ++covered_;
  }
}

void Snapshot::CouldNotLook(const absl::Status& why) {
  absl::MutexLock lock(&mu_);
  faults_[""] = std::string(why.message());
}

Snapshot::State Snapshot::StateAt(absl::Time now) const {
  const absl::CivilDay today = absl::ToCivilDay(now, TaipeiTimeZone());
  absl::MutexLock lock(&mu_);
  State state{table_, as_of_, true, ""};
  if (table_ == nullptr) {
    state.detail = "no file yet";
  } else {
    const absl::CivilDay needed = now < DueOf(today) ? today - 1 : today;
    state.late = covered_ < needed;
    state.detail = absl::StrCat(file_, ", ", table_->size(), " records");
    if (covered_ > day_) absl::StrAppend(&state.detail, ", none since");
    if (state.late)
      absl::StrAppend(&state.detail, ", LATE: nothing for ", absl::FormatCivilTime(covered_ + 1));
  }
  for (const auto& [name, fault] : faults_) absl::StrAppend(&state.detail, "; ", fault);
  return state;
}

}  // namespace chayan::file
