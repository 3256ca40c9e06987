// The files of an export as a tree: bundles and tiles read in order, every stored hash compared
// with what the entries give, and where they differ the judgement which of the two lies.
//
// Memory does not grow with the log: some bundles, and of each level the last tile.
#ifndef CHAYAN_GATEWAY_CLI_EXPORT_TREE_H_
#define CHAYAN_GATEWAY_CLI_EXPORT_TREE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/cli/bundle_reader.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/cli/kept_proofs.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/tile.h"

namespace chayan::cli {

class ExportTree {
 public:
  // Judges one entry by itself.
  using CheckEntry = std::function<std::optional<Lie>(uint64_t index, absl::string_view bytes)>;

  // `proofs` outlives it.
  ExportTree(std::string directory, const tlog::TreeHead& head, const KeptProofs& proofs)
      : directory_(std::move(directory)),
        head_(head),
        proofs_(proofs),
        bundles_(directory_, head.size) {}

  // What was read so far.
  uint64_t size() const { return tree_.size(); }
  bool done() const { return tree_.size() >= head_.size; }
  // Kept checkpoints through which the entries were seen to pass.
  size_t checkpoints_passed() const { return checkpoints_passed_; }
  // Of the largest of them, receipts' checkpoints included: as many entries somebody else holds a
  // signed root of.
  uint64_t held_size() const { return held_size_; }

  // Before the first bundle: what is known of the empty log.
  std::optional<Lie> Begin() { return CheckLandmarks(0); }
  // The next bundle. REQUIRES: !done().
  std::optional<Lie> ReadBundle(const CheckEntry& check_entry);
  // After the last one: the partial tiles and the signed root.
  std::optional<Lie> Finish();

 private:
  std::string PathOf(const tlog::TileId& tile) const;
  Lie WrongCount(const Bundle& bundle) const;
  Lie JudgeWithStored(const Bundle& bundle, Lie by_itself) const;
  std::string WhatDiffers(const Bundle& bundle, uint32_t at) const;
  Lie Disagree(const Bundle& bundle) const;
  std::optional<tlog::Hash> RootFrom(uint64_t bundle, bool from_tiles) const;
  std::optional<Lie> Append(std::span<const tlog::Hash> hashes);
  std::optional<Lie> CheckLandmarks(uint64_t size);
  std::optional<Lie> CompareTile(const tlog::TileId& id, absl::string_view bytes) const;

  const std::string directory_;
  const tlog::TreeHead head_;
  const KeptProofs& proofs_;
  BundleReader bundles_;
  tlog::RightEdge tree_;
  uint64_t held_size_ = 0;
  size_t checkpoints_passed_ = 0;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_EXPORT_TREE_H_
