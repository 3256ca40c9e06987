#include "gateway/cli/kept_proofs.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::cli {
namespace {

// Files checked at once; the next ones wait until their reports, of some 5 KB, are let go.
constexpr size_t kSliceFiles = 4096;

// Nearly all of the time goes into signatures, and no file's check rests on another's: each
// processor takes the next file.
std::vector<ReceiptReport> CheckAll(std::span<const NamedBytes> receipts,
                                    const tlog::Policy& trust) {
  std::vector<ReceiptReport> reports(receipts.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    EvidenceChecker checker(trust);
    for (size_t i = next++; i < receipts.size(); i = next++) {
      reports[i] = checker.Check(receipts[i].second);
    }
  };
  {
    const size_t threads = std::min<size_t>(std::thread::hardware_concurrency(), receipts.size());
    std::vector<std::jthread> others;
    for (size_t i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  return reports;
}

}  // namespace

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

std::optional<Lie> KeptProofs::AddReceipts(std::span<const NamedBytes> receipts,
                                           const tlog::Checkpoint& exported) {
  while (!receipts.empty()) {
    const auto slice = receipts.first(std::min(receipts.size(), kSliceFiles));
    receipts = receipts.subspan(slice.size());
    const std::vector<ReceiptReport> reports = CheckAll(slice, trust_);
    for (size_t i = 0; i < slice.size(); ++i) {
      if (auto lie = AddReceipt(slice[i].first, reports[i], exported)) return lie;
    }
  }
  return std::nullopt;
}

std::optional<Lie> KeptProofs::AddReceipt(const std::string& name, const ReceiptReport& receipt,
                                          const tlog::Checkpoint& exported) {
  if (!receipt.ok()) {
    return Lie{absl::StrCat("receipt ", name, " does not hold"), std::nullopt,
               absl::StrCat(StepName(receipt.first_lie().step), ": ",
                            receipt.first_lie().status.message())};
  }
  const tlog::CheckpointStanding& seen = receipt.standing->checkpoint;
  if (seen.checkpoint.origin != exported.origin) {
    ++elsewhere_count_;
    return std::nullopt;
  }
  const uint64_t index = receipt.standing->index;
  if (index >= exported.head.size) {
    return Lie{absl::StrCat("receipt ", name, " is newer than the export"), index,
               "the export ends before its entry; export again and repeat"};
  }
  const std::string source = absl::StrCat("receipt ", name);
  if (seen.checkpoint.head.size <= exported.head.size) {
    landmarks_.emplace(seen.checkpoint.head.size, Landmark{seen.checkpoint.head.root, source});
  }
  const tlog::Hash leaf = tlog::LeafHash(receipt.evidence.receipt().leaf());
  const auto [known, is_new] = known_leaves_.try_emplace(index, leaf, source);
  if (!is_new && known->second.hash != leaf) {
    return Lie{absl::StrCat("the log promised two different entries as ", At(index)), index,
               absl::StrCat(known->second.source, " and ", source, " are both signed")};
  }
  standings_.push_back(seen);
  ++receipt_count_;
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
