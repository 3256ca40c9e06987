#include "gateway/cli/log_audit.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/conduct_rule.h"
#include "gateway/cli/cosigned_time_rule.h"
#include "gateway/cli/export_tree.h"
#include "gateway/cli/key_rule.h"
#include "gateway/cli/notice_right_rule.h"
#include "gateway/cli/notice_step_rule.h"
#include "gateway/cli/registry_rule.h"
#include "gateway/cli/reopen_check.h"

namespace chayan::cli {
namespace {

// How often progress is told, in bundles: some ten times a second.
constexpr uint64_t kProgressBundles = 256;

class Audit {
 public:
  Audit(const AuditOptions& options, const tlog::Policy& trust, KeyRule keys)
      : options_(options), trust_(trust), keys_(std::move(keys)), proofs_(trust) {}

  absl::StatusOr<AuditReport> Run() && {
    std::error_code ignored;
    if (!std::filesystem::is_directory(options_.directory, ignored)) {
      return absl::NotFoundError(absl::StrCat(options_.directory, ": no such folder"));
    }
    report_.witness_count = trust_.witnesses().size();
    CHAYAN_RETURN_IF_ERROR(proofs_.AddCheckpoints(options_.old_checkpoints));
    report_.first_lie = ReadCheckpoint();
    // Nothing behind the first lie can be trusted.
    if (!report_.first_lie.has_value()) report_.first_lie = ReadLog();
    return std::move(report_);
  }

 private:
  const tlog::Checkpoint& checkpoint() const { return report_.standing->checkpoint; }

  std::optional<Lie> ReadCheckpoint() {
    const auto note = ReadFile(absl::StrCat(options_.directory, "/checkpoint"));
    if (!note.ok()) {
      return Lie{"the export has no checkpoint", std::nullopt,
                 std::string(note.status().message())};
    }
    auto standing = tlog::CheckCheckpoint(*note, trust_);
    if (!standing.ok()) {
      return Lie{"the checkpoint was not signed by a log of the trust file", std::nullopt,
                 std::string(standing.status().message())};
    }
    report_.standing = *std::move(standing);
    if (!report_.standing->quorum_met) {
      return Lie{"the checkpoint lacks the trust file's quorum of witnesses", std::nullopt,
                 absl::StrCat(report_.standing->witnesses.size(), " of ", report_.witness_count,
                              " cosigned")};
    }
    if (auto lie = proofs_.Compare(checkpoint())) return lie;
    auto lie = proofs_.AddReceipts(options_.receipts, checkpoint());
    report_.receipts = proofs_.receipt_count();
    report_.receipts_elsewhere = proofs_.elsewhere_count();
    return lie;
  }

  std::optional<Lie> ReadLog() {
    ExportTree tree(options_.directory, checkpoint().head, proofs_);
    TimeRule time;
    CosignedTimeRule cosigned(proofs_.standings(), *report_.standing, report_.findings);
    GenesisRule genesis(checkpoint().origin);
    RegistryRule registry(options_.directory);
    DecidingSets sets(registry, report_.findings);
    ConductRule conduct(sets, report_.findings);
    NoticeRightRule notices(sets, report_.findings);
    NoticeStepRule steps(sets, report_.findings);
    // In this order: a rule may rest on those before it.
    ReopenRule reopen(report_.reopen_leaf);
    FrameRule frames(options_.directory, checkpoint().head.size);
    EntryRule* const rules[] = {&proofs_,  &time,    &cosigned, &genesis, &reopen, &keys_,
                                &registry, &conduct, &notices,  &steps,   &frames};
    const auto check = [&](uint64_t index, absl::string_view bytes) -> std::optional<Lie> {
      const auto leaf = log::ReadLeaf(bytes);
      if (!leaf.ok()) {
        return Lie{At(index) + " has not the form of an entry", index,
                   std::string(leaf.status().message())};
      }
      const AuditedEntry entry{index, bytes, *leaf};
      for (EntryRule* const rule : rules) {
        if (auto lie = rule->Check(entry)) return lie;
      }
      ++report_.entries;
      if (!leaf->known_type.has_value()) ++report_.unknown_types;
      if (options_.visit) options_.visit(entry);
      return std::nullopt;
    };
    auto lie = ReadTree(tree, check);
    if (!lie.has_value()) lie = keys_.Finish();
    if (!lie.has_value()) lie = frames.Finish();
    report_.frames = frames.counts();
    report_.first_time = time.first();
    report_.last_time = time.last();
    report_.registry_sets = registry.count();
    report_.old_checkpoints = tree.checkpoints_passed();
    report_.held_size =
        report_.standing->witnesses.empty() ? tree.held_size() : checkpoint().head.size;
    return lie;
  }

  std::optional<Lie> ReadTree(ExportTree& tree, const ExportTree::CheckEntry& check) {
    if (auto lie = tree.Begin()) return lie;
    const uint64_t size = checkpoint().head.size;
    for (uint64_t bundle = 0; !tree.done(); ++bundle) {
      if (options_.progress && bundle % kProgressBundles == 0) {
        options_.progress(tree.size(), size);
      }
      if (auto lie = tree.ReadBundle(check)) return lie;
    }
    if (options_.progress) options_.progress(tree.size(), size);
    return tree.Finish();
  }

  const AuditOptions& options_;
  const tlog::Policy& trust_;
  KeyRule keys_;
  KeptProofs proofs_;
  AuditReport report_;
};

}  // namespace

absl::StatusOr<AuditReport> AuditLog(const AuditOptions& options, const tlog::Policy& trust) {
  absl::StatusOr<KeyRule> keys = KeyRule::Read(options.directory);
  if (!keys.ok()) {
    AuditReport report;
    report.first_lie = Lie{"the log's keys do not follow from each other", std::nullopt,
                           std::string(keys.status().message())};
    return report;
  }
  const tlog::Policy followed = keys->Follow(trust);
  return Audit(options, followed, *std::move(keys)).Run();
}

}  // namespace chayan::cli
