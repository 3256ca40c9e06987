// Draws a sample again from an exported log, as anyone can: what the gateway
// said was drawn must be what nonce, log and rule give.
#ifndef CHAYAN_GATEWAY_CLI_SAMPLE_CHECK_H_
#define CHAYAN_GATEWAY_CLI_SAMPLE_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/tlog/checkpoint.h"

namespace chayan::cli {

class SampleCheck {
 public:
  // `draw` as RevealSample gave it. INVALID_ARGUMENT when it holds no revealed
  // draw, its request is none, or its checkpoint does not cover the draw's
  // entry. That a log of the trust signed the checkpoint, and the export passes
  // through it, is the audit's part: give it as an old one.
  static absl::StatusOr<SampleCheck> Create(v1::Draw draw);

  const v1::Draw& draw() const { return draw_; }
  // Each entry of the export, in order.
  void Add(const AuditedEntry& entry);
  // The entries that must have been drawn, in their order; or why draw and log
  // do not fit: the draw's entry commits to another nonce or request, or the
  // population differs.
  absl::StatusOr<std::vector<uint64_t>> Finish() const;

 private:
  SampleCheck(v1::Draw draw, const v1::DrawSampleRequest& request, tlog::Checkpoint checkpoint)
      : draw_(std::move(draw)),
        request_(request),
        checkpoint_(std::move(checkpoint)),
        filter_(request.filter()) {}
  absl::Status CheckDrawEntry(const AuditedEntry& entry) const;

  v1::Draw draw_;
  v1::DrawSampleRequest request_;
  tlog::Checkpoint checkpoint_;
  EntryFilter filter_;
  std::vector<uint64_t> population_;
  std::optional<absl::Status> draw_entry_;  // once it was seen
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_SAMPLE_CHECK_H_
