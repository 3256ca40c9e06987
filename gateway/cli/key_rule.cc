#include "gateway/cli/key_rule.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::cli {

absl::StatusOr<KeyRule> KeyRule::Read(const std::string& directory) {
  KeyRule rule;
  const auto file = ReadFile(absl::StrCat(directory, "/", log::kLogKeysFile));
  if (absl::IsNotFound(file.status())) return rule;
  CHAYAN_RETURN_IF_ERROR(file.status());
  CHAYAN_ASSIGN_OR_RETURN(rule.chain_, log::KeyChain::Parse(*file));
  return rule;
}

tlog::Policy KeyRule::Follow(const tlog::Policy& trust) const {
  return chain_.has_value() ? chain_->Follow(trust) : trust;
}

std::optional<Lie> KeyRule::Check(const AuditedEntry& entry) {
  const bool speaks_of_keys =
      entry.leaf.known_type == log::EntryType::kKey || (entry.index == 0 && chain_.has_value());
  if (!speaks_of_keys) return std::nullopt;
  if (!chain_.has_value() || seen_ == chain_->entries().size()) {
    return Lie{At(entry.index) + " changes the keys of the log, and the export does not say so",
               entry.index, absl::StrCat("it is not in the file ", log::kLogKeysFile)};
  }
  const log::ChainedEntry& expected = chain_->entries()[seen_++];
  if (expected.index == entry.index && entry.bytes == absl::string_view(expected.leaf)) {
    return std::nullopt;
  }
  return Lie{At(entry.index) + " is not the one that the log's keys are followed by", entry.index,
             absl::StrCat("the file ", log::kLogKeysFile, " has another one here")};
}

std::optional<Lie> KeyRule::Finish() const {
  if (!chain_.has_value() || seen_ == chain_->entries().size()) return std::nullopt;
  const uint64_t index = chain_->entries()[seen_].index;
  return Lie{At(index) + " does not change the log's keys, though the export says so", index,
             absl::StrCat("only the file ", log::kLogKeysFile, " has such an entry")};
}

}  // namespace chayan::cli
