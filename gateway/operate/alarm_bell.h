// Tells a program of the operator's own which alarms there are, when they begin and end: for an
// office that has no Prometheus to ask.
//
// What it is told are codes and ids of the registry, never a person. A run says what is the case
// then, and what has changed since the last run that ended well; so no alarm is lost, however short
// it was or however seldom the program may run.
#ifndef CHAYAN_GATEWAY_OPERATE_ALARM_BELL_H_
#define CHAYAN_GATEWAY_OPERATE_ALARM_BELL_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "chayan/v1/gateway_config.pb.h"
#include "gateway/base/clock.h"
#include "gateway/operate/command_runner.h"

namespace chayan::operate {

// Tick is for one thread, Stop for any.
class AlarmBell {
 public:
  // What an AlarmCommand of the settings means where it says nothing.
  static constexpr absl::Duration kTimeout = absl::Seconds(30);
  static constexpr absl::Duration kInterval = absl::Minutes(1);

  // `alarms`: what is the case now. `clock` outlives the bell.
  AlarmBell(std::string gateway, v1::AlarmCommand settings,
            std::function<std::vector<std::string>()> alarms, Clock& clock);

  // Looks, and runs the program if something has changed and its last run is long enough ago.
  // Returns when it has ended.
  void Tick();
  void Stop() { runner_.Stop(); }

 private:
  Command CommandFor(const std::set<std::string>& now) const;

  const std::string gateway_;
  const v1::AlarmCommand settings_;
  const std::function<std::vector<std::string>()> alarms_;
  Clock& clock_;
  CommandRunner runner_;
  std::set<std::string> told_;  // what was the case in the last run that ended well
  std::set<std::string> seen_;  // what was the case since then, if only for a moment
  absl::Duration next_run_;     // reading of Elapsed()
};

}  // namespace chayan::operate

#endif  // CHAYAN_GATEWAY_OPERATE_ALARM_BELL_H_
