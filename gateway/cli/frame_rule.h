// The rule about entries that cover a frame of items: what the export holds of a frame is what its
// entry committed to. A frame that is not there, or whose entry's sealed part was erased, is
// counted: without it its parties still prove their items, by their own receipts.
#ifndef CHAYAN_GATEWAY_CLI_FRAME_RULE_H_
#define CHAYAN_GATEWAY_CLI_FRAME_RULE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "chayan/v1/audit_service.pb.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/tlog/tile.h"

namespace chayan::cli {

// Where an export keeps the frames of a bundle's entries: "frames/x001/234", "frames/273.p/112".
std::string FramesPath(const tlog::TileId& bundle);

struct FrameCounts {
  uint64_t proved = 0;
  uint64_t items = 0;      // of those
  uint64_t not_there = 0;  // or not to be opened any more
};

class FrameRule final : public EntryRule {
 public:
  // `directory`: of the export; `size`: of its log.
  FrameRule(std::string directory, uint64_t size) : directory_(std::move(directory)), size_(size) {}
  std::optional<Lie> Check(const AuditedEntry& entry) override;
  // After the last entry.
  std::optional<Lie> Finish() const { return Leftover(); }

  const FrameCounts& counts() const { return counts_; }

 private:
  std::optional<Lie> ReadBundle(uint64_t bundle);
  std::optional<Lie> CheckFrame(const AuditedEntry& entry, const v1::EntryFrame& frame);
  // A frame of the bundle that no entry covers.
  std::optional<Lie> Leftover() const;

  const std::string directory_;
  const uint64_t size_;
  FrameCounts counts_;
  std::optional<uint64_t> bundle_;
  std::map<uint64_t, v1::EntryFrame> frames_;  // of that bundle, and not met yet
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_FRAME_RULE_H_
