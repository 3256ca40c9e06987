#include "gateway/log/key_chain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/log/entry.h"

namespace chayan::log {
namespace {

// A rotation a month for a lifetime.
constexpr size_t kEntriesMax = 2048;
constexpr absl::string_view kDomain("chayan/log-key/v1\0", 18);

absl::Status Broken(uint64_t index, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("log keys: entry ", index, " ", what));
}

}  // namespace

std::string KeyStatement(absl::string_view reason, absl::string_view vkey) {
  return absl::StrCat(kDomain, reason, absl::string_view("\0", 1), vkey);
}

absl::StatusOr<KeyChain> KeyChain::Read(std::vector<ChainedEntry> entries) {
  if (entries.empty()) return absl::InvalidArgumentError("log keys: no genesis entry");
  if (entries.size() > kEntriesMax) return absl::InvalidArgumentError("log keys: too many");
  KeyChain chain;
  for (const ChainedEntry& entry : entries) CHAYAN_RETURN_IF_ERROR(chain.Add(entry));
  chain.entries_ = std::move(entries);
  return chain;
}

absl::StatusOr<KeyChain> KeyChain::Parse(absl::string_view file) {
  std::vector<ChainedEntry> entries;
  while (!file.empty()) {
    const size_t end = file.find('\n');
    const absl::string_view line = file.substr(0, end);
    const size_t space = line.find(' ');
    const auto index = ParseDecimal(line.substr(0, space));
    if (end == absl::string_view::npos || space == absl::string_view::npos || !index.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("log keys: line ", entries.size() + 1, " is not INDEX LEAF"));
    }
    entries.push_back({*index, std::string(line.substr(space + 1))});
    if (entries.size() > kEntriesMax) return absl::InvalidArgumentError("log keys: too many");
    file.remove_prefix(end + 1);
  }
  return Read(std::move(entries));
}

std::string KeyChain::Format(uint64_t size) const {
  std::string file;
  for (const ChainedEntry& entry : entries_) {
    if (entry.index < size) absl::StrAppend(&file, entry.index, " ", entry.leaf, "\n");
  }
  return file;
}

absl::Status KeyChain::Add(const ChainedEntry& entry) {
  const uint64_t index = entry.index;
  const absl::StatusOr<ParsedLeaf> leaf = ParseLeaf(entry.leaf);
  if (!leaf.ok()) return Broken(index, leaf.status().message());
  const bool first = keys_.empty();
  if (leaf->known_type != (first ? EntryType::kGenesis : EntryType::kKey) ||
      first != (index == 0)) {
    return Broken(index, first ? "is no genesis entry" : "brings no key and takes none away");
  }
  absl::StatusOr<tlog::VerifierKey> key = tlog::VerifierKey::Parse(leaf->Get("vkey"));
  if (!key.ok()) return Broken(index, key.status().message());
  const absl::string_view name = first ? leaf->Get("origin") : absl::string_view(origin());
  if (absl::string_view(key->name()) != name) return Broken(index, "has a key of another log");
  if (first) {
    keys_.push_back({.key = *std::move(key)});
    return absl::OkStatus();
  }
  uint64_t last = keys_[0].since;
  for (const Key& each : keys_) last = std::max({last, each.since, each.until.value_or(0)});
  if (index <= last) return Broken(index, "does not stand behind the one before");
  const absl::string_view reason = leaf->Get("reason");
  const bool added = reason == kKeyAdded;
  if (!added && reason != kKeyRetired) return Broken(index, "says neither added nor retired");

  const absl::StatusOr<std::string> signature = Base64Decode(leaf->Get("sig"));
  const std::string statement = KeyStatement(reason, leaf->Get("vkey"));
  std::optional<size_t> signer;
  size_t active = 0;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].until.has_value()) continue;
    ++active;
    const bool by_it = signature.ok() && keys_[i].key.Verify(statement, *signature).has_value();
    // A key cannot send itself away: what it says then, nobody could check.
    if (by_it && (added || keys_[i].key != *key)) signer = i;
  }
  if (!signer.has_value()) return Broken(index, "is not signed by a key that the log had then");
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& each) { return each.key == *key; });
  if (added) {
    if (found != keys_.end()) return Broken(index, "brings a key that the log had before");
    if (active == kLogKeysMax) return Broken(index, "brings a third key");
    keys_.push_back({.key = *std::move(key), .since = index, .brought_by = signer});
    return absl::OkStatus();
  }
  if (found == keys_.end() || found->until.has_value()) {
    return Broken(index, "takes away a key that the log has not");
  }
  found->until = index;
  return absl::OkStatus();
}

bool KeyChain::Has(const tlog::VerifierKey& key) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& each) { return each.key == key; });
}

bool KeyChain::IsActive(const tlog::VerifierKey& key) const {
  return std::any_of(keys_.begin(), keys_.end(),
                     [&](const Key& each) { return each.key == key && !each.until.has_value(); });
}

std::vector<std::string> KeyChain::ActiveKeys() const {
  std::vector<std::string> active;
  for (const Key& key : keys_) {
    if (!key.until.has_value()) active.push_back(key.key.ToString());
  }
  return active;
}

tlog::Policy KeyChain::Follow(tlog::Policy policy) const {
  std::vector<bool> trusted(keys_.size());
  for (size_t i = 0; i < keys_.size(); ++i) {
    const Key& key = keys_[i];
    trusted[i] = std::any_of(policy.logs().begin(), policy.logs().end(),
                             [&](const tlog::Policy::Log& log) { return log.key == key.key; });
    trusted[i] = trusted[i] || (key.brought_by.has_value() && trusted[*key.brought_by]);
    // The entry that took it away is the first that it no longer signs for.
    if (trusted[i]) policy.AddLog(key.key, key.until);
  }
  return policy;
}

}  // namespace chayan::log
