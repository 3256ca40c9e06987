// A settings file made ready to run: checked whole, its connector chosen by the source it names.
#ifndef CHAYAN_ADAPTERS_PROGRAM_LOADED_H_
#define CHAYAN_ADAPTERS_PROGRAM_LOADED_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/connector/connector.h"
#include "adapters/connector/notice_sink.h"
#include "adapters/connector/plan.h"
#include "chayan/v1/adapter_config.pb.h"
#include "chayan/v1/adapter_fixture.pb.h"
#include "gateway/base/clock.h"

namespace chayan::adapter {

struct Loaded {
  v1::AdapterConfig config;  // paths absolute
  std::vector<connector::KindPlan> kinds;
  std::string connector_name;  // "sql", "http", "file"; empty: it answers nothing
  std::string sink_name;       // likewise; empty: it takes no notices
  // Starts the connector: threads, connections. Null without one.
  std::function<absl::StatusOr<std::unique_ptr<connector::Connector>>(const Clock&)> start;
  // What follows from what a source said, without asking it. INVALID_ARGUMENT: the record is not of
  // this connector, or of no kind of this file.
  std::function<absl::StatusOr<connector::HolderAnswer>(const v1::RecordedQuestion&,
                                                        const v1::QuestionPermit&, absl::Time now)>
      replay;
  // Starts the sink of notices. Null without one.
  std::function<absl::StatusOr<std::unique_ptr<connector::NoticeSink>>(const Clock&)> start_notices;
  // What becomes of a recorded notice, without asking the system: empty if it is what was
  // expected, else what differs. INVALID_ARGUMENT: the record is not of this sink.
  std::function<absl::StatusOr<std::string>(const v1::RecordedNotice&, absl::Time now)>
      replay_notice;
};

// INVALID_ARGUMENT with one line a fault.
absl::StatusOr<Loaded> Load(const std::string& path);

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_LOADED_H_
