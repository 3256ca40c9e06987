#include "gateway/cli/registry_rule.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"

namespace chayan::cli {
namespace {

// A decision that began before a registry switch is recorded behind it with the set that it began
// with: among the next entries or, where many are recorded a second, within the time that a
// decision may take at most. A holder may take two minutes; the rest is ours.
constexpr uint64_t kEntriesAfterSwitchMax = 1024;
constexpr absl::Duration kDecisionTimeMax = absl::Minutes(3);

std::optional<absl::Time> TimeOf(absl::string_view timestamp) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, timestamp, &time, nullptr)) return std::nullopt;
  return time;
}

}  // namespace

std::optional<Lie> TimeRule::Check(const AuditedEntry& entry) {
  const absl::string_view now = entry.leaf.timestamp;
  if (now < absl::string_view(last_)) {
    return Lie{At(entry.index) + " is older than the entry before it", entry.index,
               "the log's time never goes back"};
  }
  if (first_.empty()) first_ = std::string(now);
  last_.assign(now.data(), now.size());
  return std::nullopt;
}

std::optional<absl::Time> TimeRule::first() const { return TimeOf(first_); }
std::optional<absl::Time> TimeRule::last() const { return TimeOf(last_); }

std::optional<Lie> GenesisRule::Check(const AuditedEntry& entry) {
  const bool is_genesis = entry.leaf.known_type == log::EntryType::kGenesis;
  if (is_genesis != (entry.index == 0)) {
    return Lie{is_genesis ? At(entry.index) + " is a second genesis entry"
                          : "the first entry is no genesis entry",
               entry.index, "a log begins once, with its first entry"};
  }
  if (!is_genesis || entry.leaf.Get(log::Key::kOrigin) == origin_) return std::nullopt;
  return Lie{"the genesis entry names another log", entry.index,
             absl::StrCat("the checkpoint is of ", origin_)};
}

std::optional<Lie> RegistryRule::Check(const AuditedEntry& entry) {
  const absl::string_view digest = entry.leaf.Get(log::Key::kRegistry);
  if (digest.empty()) return std::nullopt;
  const bool puts_in_force = entry.leaf.known_type == log::EntryType::kGenesis ||
                             entry.leaf.known_type == log::EntryType::kRegistry;
  // Most entries name the set that the one before them names.
  if (digest == in_force_ && !puts_in_force) return std::nullopt;
  if (!sets_.contains(digest)) {
    if (auto lie = CheckFiles(entry.index, digest)) return lie;
  }
  if (!puts_in_force) return CheckInForce(entry, digest);
  if (!in_force_.empty()) put_out_[in_force_] = {entry.index, TimeOf(entry.leaf.timestamp)};
  put_out_.erase(digest);
  in_force_ = std::string(digest);
  return std::nullopt;
}

std::optional<Lie> RegistryRule::CheckInForce(const AuditedEntry& entry,
                                              absl::string_view digest) const {
  const auto before = put_out_.find(digest);
  if (before == put_out_.end()) {
    return Lie{At(entry.index) + " names a registry set that no earlier entry put in force",
               entry.index, "a set decides from the genesis or registry entry on that names it"};
  }
  // Not what decided, but what was looked at.
  if (entry.leaf.known_type == log::EntryType::kRead) return std::nullopt;
  const Switch& put_out = before->second;
  const std::optional<absl::Time> now = TimeOf(entry.leaf.timestamp);
  const bool had_begun =
      entry.index - put_out.index <= kEntriesAfterSwitchMax ||
      (now.has_value() && put_out.time.has_value() && *now - *put_out.time <= kDecisionTimeMax);
  if (had_begun) return std::nullopt;
  return Lie{At(entry.index) + " was decided by a registry set that was not in force", entry.index,
             absl::StrCat(At(put_out.index), " put another set in force, ",
                          entry.index - put_out.index, " entries before")};
}

std::optional<Lie> RegistryRule::CheckFiles(uint64_t index, absl::string_view digest) {
  const auto raw = Base64Decode(digest);
  if (!raw.ok()) return Lie{At(index) + " names no registry set", index, "not a digest"};
  const std::string folder = absl::StrCat("registry/", HexEncode(*raw));
  auto files = ReadTree(absl::StrCat(directory_, "/", folder), "");
  if (!files.ok() || files->empty()) {
    return Lie{"the registry set that decided is missing", index,
               absl::StrCat(At(index), " names it; there is no ", folder)};
  }
  if (registry::SetDigest(*files).raw() != *raw) {
    return Lie{folder + " was changed", index,
               absl::StrCat("its files have another digest than ", At(index), " names")};
  }
  sets_.emplace(digest, *std::move(files));
  return std::nullopt;
}

}  // namespace chayan::cli
