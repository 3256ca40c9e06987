// chayan notice publish --bulk: a file of notices over one bulk stream, and what became of each.
// A stream that is cut is opened again, and what had no answer is sent again under its request id,
// so that nothing is published twice.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_BULK_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_BULK_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "gateway/cli/notice_rows.h"
#include "gateway/cli/program.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

struct NoticeBulk {
  std::string in;
  std::string out;              // CSV, appended to
  std::string evidence_folder;  // an evidence file of each notice; empty: none
  TypedNotice defaults;
  std::optional<tlog::Policy> trust;
  NoticeRows::FetchKind fetch_kind;
  // Waits before a stream is opened again.
  std::function<void(absl::Duration)> wait;
};

// The file is read whole before anything is sent: a mistake in its last row costs nothing.
ExitCode RunNoticeBulk(Program& program, Client& client, const NoticeBulk& bulk);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_BULK_H_
