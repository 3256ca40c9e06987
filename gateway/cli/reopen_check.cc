#include "gateway/cli/reopen_check.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/log/entry.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/note.h"

namespace chayan::cli {
namespace {

// The note that the entry carries in its parts.
absl::StatusOr<std::string> CarriedNote(const log::ParsedLeaf& leaf) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::VerifierKey key, tlog::VerifierKey::Parse(leaf.Get("vkey")));
  CHAYAN_ASSIGN_OR_RETURN(const std::string signature, Base64Decode(leaf.Get("sig")));
  CHAYAN_ASSIGN_OR_RETURN(const std::string root, Base64Decode(leaf.Get("root")));
  tlog::Checkpoint checkpoint;
  checkpoint.origin = std::string(leaf.Get("origin"));
  CHAYAN_ASSIGN_OR_RETURN(checkpoint.head.size, ParseDecimal(leaf.Get("size")));
  CHAYAN_ASSIGN_OR_RETURN(checkpoint.head.root, tlog::Hash::FromRaw(root));
  return tlog::FormatNote(
      tlog::FormatCheckpoint(checkpoint),
      tlog::FormatSignatureLine({.name = key.name(), .key_id = key.id(), .bytes = signature}));
}

class Check {
 public:
  Check(const std::string& directory, const tlog::Policy& trust)
      : directory_(directory), trust_(trust) {}

  absl::StatusOr<ReopenReport> Run(absl::string_view reopen_leaf,
                                   const std::vector<NamedBytes>& receipts) && {
    CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, log::ParseLeaf(reopen_leaf));
    report_.origin = std::string(leaf.Get("origin"));
    CHAYAN_ASSIGN_OR_RETURN(report_.size, ParseDecimal(leaf.Get("size")));
    CHAYAN_ASSIGN_OR_RETURN(report_.lost, ParseDecimal(leaf.Get("lost")));
    const absl::StatusOr<std::string> note = CarriedNote(leaf);
    if (!note.ok()) return Found("the reopen entry carries no checkpoint", note.status().message());
    if (const auto carried = tlog::CheckCheckpoint(*note, trust_); !carried.ok()) {
      return Found("the reopen entry carries a checkpoint that the log before did not sign",
                   carried.status().message());
    }
    if (report_.lost > report_.size) {
      return Found("the reopen entry says that more is lost than there was", "lost beyond size");
    }
    AuditOptions options;
    options.directory = directory_;
    CHAYAN_ASSIGN_OR_RETURN(const uint64_t size, ExportedSize());
    if (size >= report_.size) options.old_checkpoints = {{"the reopen entry", *note}};
    CHAYAN_RETURN_IF_ERROR(SortReceipts(size, receipts, options));
    if (report_.first_lie.has_value()) return std::move(report_);
    CHAYAN_ASSIGN_OR_RETURN(AuditReport before, AuditLog(options, trust_));
    report_.read = before.entries;
    if (before.first_lie.has_value()) {
      report_.first_lie = std::move(before.first_lie);
      report_.first_lie->what = absl::StrCat("the log before: ", report_.first_lie->what);
    } else if (before.standing->checkpoint.origin != report_.origin) {
      return Found(
          "the export is not of the log that the reopen entry names",
          absl::StrCat(before.standing->checkpoint.origin, " in place of ", report_.origin));
    } else if (size < report_.lost) {
      return Found(absl::StrCat("the export of the log before ends at ", size,
                                " entries, though only those from ", report_.lost,
                                " on are said to be lost"),
                   "ask the operator for the rest");
    }
    return std::move(report_);
  }

 private:
  ReopenReport Found(absl::string_view what, absl::string_view how) {
    report_.first_lie = Lie{std::string(what), std::nullopt, std::string(how)};
    return std::move(report_);
  }

  absl::StatusOr<uint64_t> ExportedSize() const {
    CHAYAN_ASSIGN_OR_RETURN(const std::string bytes,
                            ReadFile(absl::StrCat(directory_, "/checkpoint")));
    CHAYAN_ASSIGN_OR_RETURN(const auto standing, tlog::CheckCheckpoint(bytes, trust_));
    return standing.checkpoint.head.size;
  }

  // Those that the export reaches are the audit's; the others are of entries that must be among the
  // lost ones.
  absl::Status SortReceipts(uint64_t size, const std::vector<NamedBytes>& receipts,
                            AuditOptions& options) {
    EvidenceChecker checker(trust_);
    for (const auto& [name, bytes] : receipts) {
      const ReceiptReport receipt = checker.Check(bytes);
      if (!receipt.ok()) {
        report_.first_lie = Lie{absl::StrCat("receipt ", name, " does not hold"), std::nullopt,
                                std::string(receipt.first_lie().status.message())};
        return absl::OkStatus();
      }
      if (receipt.standing->checkpoint.checkpoint.origin != report_.origin) continue;
      const uint64_t index = receipt.standing->index;
      if (index < size) {
        options.receipts.emplace_back(name, bytes);
      } else if (index < report_.lost || index >= report_.size) {
        report_.first_lie = Lie{absl::StrCat("receipt ", name,
                                             " proves an entry that is neither kept nor said to "
                                             "be lost"),
                                index,
                                absl::StrCat("the reopen entry says that ", report_.lost, " to ",
                                             report_.size, " are lost")};
        return absl::OkStatus();
      } else {
        ++report_.lost_receipts;
      }
    }
    return absl::OkStatus();
  }

  const std::string& directory_;
  const tlog::Policy& trust_;
  ReopenReport report_;
};

}  // namespace

std::optional<Lie> ReopenRule::Check(const AuditedEntry& entry) {
  if (entry.leaf.known_type != log::EntryType::kReopen) return std::nullopt;
  if (entry.index != 1) {
    return Lie{At(entry.index) + " says that the log goes on for another", entry.index,
               "a log says so with its second entry or never"};
  }
  leaf_ = std::string(entry.bytes);
  return std::nullopt;
}

absl::StatusOr<ReopenReport> CheckReopening(absl::string_view reopen_leaf,
                                            const std::string& directory, const tlog::Policy& trust,
                                            const std::vector<NamedBytes>& receipts) {
  return Check(directory, trust).Run(reopen_leaf, receipts);
}

}  // namespace chayan::cli
