#include "gateway/cli/kept_proofs.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/receipt_check.h"

namespace chayan::cli {

absl::Status KeptProofs::AddCheckpoints(const std::vector<NamedBytes>& checkpoints) {
  for (const auto& [name, bytes] : checkpoints) {
    auto standing = tlog::CheckCheckpoint(bytes, trust_);
    if (!standing.ok()) return Annotate(standing.status(), name);
    const tlog::Checkpoint& old = standing->checkpoint;
    checkpoints_.emplace_back(name, old);
    landmarks_.emplace(old.head.size, Landmark{old.head.root, name, /*is_checkpoint=*/true});
    standings_.push_back(*std::move(standing));
  }
  return absl::OkStatus();
}

std::optional<Lie> KeptProofs::Compare(const tlog::Checkpoint& exported) const {
  for (const auto& [name, old] : checkpoints_) {
    if (old.origin != exported.origin) {
      return Lie{absl::StrCat("the checkpoint is of another log than ", name), std::nullopt,
                 absl::StrCat(exported.origin, " in place of ", old.origin)};
    }
    if (old.head.size > exported.head.size) {
      return Lie{"the log has shrunk", exported.head.size,
                 absl::StrCat(name, " signs ", old.head.size, " entries, the export's only ",
                              exported.head.size)};
    }
  }
  return std::nullopt;
}

std::optional<Lie> KeptProofs::AddReceipts(const std::vector<NamedBytes>& receipts,
                                           const tlog::Checkpoint& exported) {
  for (const auto& [name, bytes] : receipts) {
    const ReceiptReport receipt = CheckEvidence(bytes, trust_);
    if (!receipt.ok()) {
      return Lie{absl::StrCat("receipt ", name, " does not hold"), std::nullopt,
                 absl::StrCat(StepName(receipt.first_lie().step), ": ",
                              receipt.first_lie().status.message())};
    }
    const tlog::CheckpointStanding& seen = receipt.standing->checkpoint;
    if (seen.checkpoint.origin != exported.origin) {
      ++elsewhere_count_;
      continue;
    }
    if (receipt.standing->index >= exported.head.size) {
      return Lie{absl::StrCat("receipt ", name, " is newer than the export"),
                 receipt.standing->index,
                 "the export ends before its entry; export again and repeat"};
    }
    const std::string source = absl::StrCat("receipt ", name);
    if (seen.checkpoint.head.size <= exported.head.size) {
      landmarks_.emplace(seen.checkpoint.head.size, Landmark{seen.checkpoint.head.root, source});
    }
    const auto [known, is_new] = known_leaves_.try_emplace(
        receipt.standing->index, tlog::LeafHash(receipt.evidence.receipt().leaf()), source);
    if (!is_new && known->second.hash != tlog::LeafHash(receipt.evidence.receipt().leaf())) {
      return Lie{
          absl::StrCat("the log promised two different entries as ", At(receipt.standing->index)),
          receipt.standing->index,
          absl::StrCat(known->second.source, " and ", source, " are both signed")};
    }
    standings_.push_back(seen);
    ++receipt_count_;
  }
  return std::nullopt;
}

std::optional<Lie> KeptProofs::Check(const AuditedEntry& entry) {
  const auto known = known_leaves_.find(entry.index);
  if (known == known_leaves_.end() || known->second.hash == tlog::LeafHash(entry.bytes)) {
    return std::nullopt;
  }
  return Lie{At(entry.index) + " is not the one that was answered for", entry.index,
             absl::StrCat(known->second.source, " holds another entry with this index")};
}

}  // namespace chayan::cli
