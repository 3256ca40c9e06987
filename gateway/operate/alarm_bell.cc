#include "gateway/operate/alarm_bell.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/diag.h"

namespace chayan::operate {
namespace {

// Of one variable: far below what the system lets a program have.
constexpr size_t kTextMax = 32 << 10;

using Alarms = std::set<std::string>;

Alarms Without(const Alarms& all, const Alarms& those) {
  Alarms rest;
  std::set_difference(all.begin(), all.end(), those.begin(), those.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

std::string Variable(absl::string_view name, const Alarms& alarms) {
  std::string text = absl::StrCat(name, "=", absl::StrJoin(alarms, " "));
  if (text.size() > kTextMax) text = absl::StrCat(text.substr(0, text.rfind(' ', kTextMax)), " …");
  return text;
}

absl::Duration SecondsOr(uint32_t seconds, absl::Duration otherwise) {
  return seconds == 0 ? otherwise : absl::Seconds(seconds);
}

}  // namespace

AlarmBell::AlarmBell(std::string gateway, v1::AlarmCommand settings,
                     std::function<std::vector<std::string>()> alarms, Clock& clock)
    : gateway_(std::move(gateway)),
      settings_(std::move(settings)),
      alarms_(std::move(alarms)),
      clock_(clock),
      next_run_(clock.Elapsed()) {}

void AlarmBell::Tick() {
  const std::vector<std::string> alarms = alarms_();
  const Alarms now(alarms.begin(), alarms.end());
  seen_.insert(now.begin(), now.end());
  const bool changed = now != told_ || !Without(seen_, told_).empty();
  if (!changed || clock_.Elapsed() < next_run_) return;
  next_run_ = clock_.Elapsed() + SecondsOr(settings_.interval_seconds(), kInterval);
  const absl::Status status = runner_.Run(CommandFor(now));
  if (!status.ok()) {
    // What there is to tell is told in the next run.
    diag::Error("alarm.command_failed", {{"cause", std::string(status.message())}});
    return;
  }
  diag::Info("alarm.told", {{"alarms", now.size()}});
  told_ = now;
  seen_ = now;
}

Command AlarmBell::CommandFor(const Alarms& now) const {
  Alarms before_and_since = told_;
  before_and_since.insert(seen_.begin(), seen_.end());
  Command command;
  command.words = {settings_.program()};
  command.words.insert(command.words.end(), settings_.arguments().begin(),
                       settings_.arguments().end());
  command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin",
                         "LANG=C.UTF-8",
                         absl::StrCat("CHAYAN_GATEWAY=", gateway_),
                         absl::StrCat("CHAYAN_TIME=", FormatTimestamp(clock_.Now())),
                         Variable("CHAYAN_ALARMS", now),
                         Variable("CHAYAN_ALARMS_BEGUN", Without(seen_, told_)),
                         Variable("CHAYAN_ALARMS_ENDED", Without(before_and_since, now))};
  command.timeout = SecondsOr(settings_.timeout_seconds(), kTimeout);
  return command;
}

}  // namespace chayan::operate
