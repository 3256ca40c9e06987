#include "gateway/rpc/trust_state.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"

namespace chayan::rpc {
namespace {

absl::Time NewestOf(const std::vector<crypto::Crl>& lists) {
  absl::Time newest = absl::InfinitePast();
  for (const crypto::Crl& list : lists) newest = std::max(newest, list.this_update());
  return newest;
}

absl::StatusOr<std::vector<crypto::Crl>> ParseLists(absl::string_view content) {
  if (absl::StrContains(content, "-----BEGIN")) return crypto::Crl::AllFromPem(content);
  absl::StatusOr<crypto::Crl> list = crypto::Crl::FromDer(content);
  if (!list.ok()) return list.status();
  return std::vector<crypto::Crl>{*std::move(list)};
}

bool SameCertificates(const std::vector<crypto::Certificate>& a,
                      const std::vector<crypto::Certificate>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.digest() == y.digest(); });
}

}  // namespace

TrustLists::Finding TrustLists::Check(const std::vector<crypto::Certificate>& chain,
                                      absl::string_view uri) const {
  if (denied_.Denies(chain, uri)) return Finding::kRevoked;
  if (!roots_.contains(chain.back().digest())) return Finding::kRootGone;
  bool known = true;
  // The root at the end is trusted by its file, not by a list.
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    bool listed = false;
    if (const auto lists = lists_.find(chain[i + 1].spki_digest()); lists != lists_.end()) {
      for (const crypto::Crl& list : lists->second) {
        if (list.Revokes(chain[i])) return Finding::kRevoked;
        listed |= list.issuer_der() == chain[i].issuer_der();
      }
    }
    known &= listed;
  }
  return known ? Finding::kGood : Finding::kUnknown;
}

TrustState::TrustState(Files files, const Clock& clock)
    : files_(std::move(files)),
      clock_(clock),
      folder_(files_.crl_directory),
      denylist_(files_.denylist_file) {}

bool TrustState::ReadFolder() {
  if (!folder_.Changed()) return false;
  auto contents = folder_.Read();
  if (!contents.ok()) {
    folder_alarms_ = {"crl.unreadable"};
    return first_;
  }
  if (!first_ && *contents == contents_ && !folder_alarms_.contains("crl.unreadable")) return false;
  contents_ = *std::move(contents);
  read_.clear();
  folder_alarms_.clear();
  for (const auto& [path, content] : contents_) {
    absl::StatusOr<std::vector<crypto::Crl>> lists = ParseLists(content);
    if (!lists.ok()) {
      folder_alarms_.insert("crl.malformed");
      diag::Warning("crl.malformed",
                    {{"path", path}, {"why", std::string(lists.status().message())}});
      continue;
    }
    read_.insert(read_.end(), lists->begin(), lists->end());
  }
  if (read_.empty()) folder_alarms_.insert("crl.none");
  return true;
}

bool TrustState::ReadDenyList(const registry::Snapshot& snapshot, bool registry_changed) {
  if (files_.denylist_file.empty()) return false;
  // Another registry can mend a list or spoil it: entries name issuers by their ids in it.
  if (!denylist_.Changed() && !registry_changed) return false;
  const absl::StatusOr<std::string> text = ReadFile(files_.denylist_file);
  if (text.ok() && *text == denylist_text_ && denylist_fault_.empty() && !registry_changed) {
    return false;
  }
  absl::StatusOr<DenyList> denied =
      text.ok() ? DenyList::Parse(*text, snapshot) : absl::StatusOr<DenyList>(text.status());
  if (!denied.ok()) {
    const std::string fault(denied.status().message());
    if (std::exchange(denylist_fault_, fault) != fault) {
      diag::Error("denylist.unreadable", {{"path", files_.denylist_file},
                                          {"why", fault},
                                          {"in_force", first_ ? "none" : "the last good list"}});
    }
    return false;
  }
  denylist_fault_.clear();
  denylist_text_ = *text;
  denied_ = *std::move(denied);
  return true;
}

// Puts each list under the authority that signed it; keeps the last ones of an authority that has
// none now, or older ones than before.
void TrustState::AcceptLists(const TrustLists* last, TrustLists& next) {
  std::vector<const crypto::Certificate*> signers;
  for (const crypto::Certificate& root : roots_) {
    signers.push_back(&root);
    next.issuers_[root.spki_digest()] = absl::StrCat("root-", root.digest().ToHex().substr(0, 8));
  }
  for (const auto& [id, issuer] : snapshot_->issuers()) {
    signers.push_back(&issuer);
    next.issuers_[issuer.spki_digest()] = id;
  }
  accept_alarms_.clear();
  for (const crypto::Crl& list : read_) {
    const auto signer = std::find_if(signers.begin(), signers.end(), [&](const auto* certificate) {
      return certificate->subject_der() == list.issuer_der() && list.IsSignedBy(*certificate);
    });
    if (signer == signers.end()) {
      accept_alarms_.insert("crl.unsigned");
      continue;
    }
    next.lists_[(*signer)->spki_digest()].push_back(list);
  }
  if (last == nullptr) return;
  for (const auto& [key, lists] : last->lists_) {
    const auto now = next.lists_.find(key);
    if (now == next.lists_.end()) {
      accept_alarms_.insert("crl.missing");
      next.lists_[key] = lists;
      next.issuers_.try_emplace(key, last->issuers_.at(key));
    } else if (NewestOf(now->second) < NewestOf(lists)) {
      accept_alarms_.insert("crl.older");
      now->second = lists;
    }
  }
}

absl::Status TrustState::Refresh(const std::vector<crypto::Certificate>& roots,
                                 std::shared_ptr<const registry::Snapshot> snapshot) {
  const bool folder_changed = ReadFolder();
  const bool registry_changed = first_ || snapshot != snapshot_;
  const bool denylist_changed = ReadDenyList(*snapshot, registry_changed);
  if (first_ && folder_alarms_.contains("crl.unreadable")) {
    return absl::InvalidArgumentError(
        absl::StrCat(files_.crl_directory, ": the folder of revocation lists cannot be read"));
  }
  if (first_ && !denylist_fault_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(files_.denylist_file, ": ", denylist_fault_));
  }
  const bool signers_changed = registry_changed || !SameCertificates(roots, roots_);
  if (folder_changed || denylist_changed || signers_changed) {
    roots_ = roots;
    snapshot_ = std::move(snapshot);
    const std::shared_ptr<const TrustLists> last = first_ ? nullptr : Current();
    auto next = std::make_shared<TrustLists>();
    AcceptLists(last.get(), *next);
    next->denied_ = denied_;
    for (const crypto::Certificate& root : roots_) next->roots_.insert(root.digest());
    const absl::MutexLock lock(&mu_);
    current_ = std::move(next);
  }
  first_ = false;
  std::set<std::string> alarms = folder_alarms_;
  alarms.insert(accept_alarms_.begin(), accept_alarms_.end());
  if (!denylist_fault_.empty()) alarms.insert("denylist.unreadable");
  const absl::MutexLock lock(&mu_);
  for (const std::string& alarm : alarms) {
    if (!alarms_.contains(alarm)) diag::Warning("alarm", {{"name", alarm}});
  }
  alarms_ = std::move(alarms);
  return absl::OkStatus();
}

std::shared_ptr<const TrustLists> TrustState::Current() const {
  const absl::MutexLock lock(&mu_);
  return current_;
}

std::vector<std::string> TrustState::Alarms() const {
  const absl::Time now = clock_.Now();
  const absl::MutexLock lock(&mu_);
  std::set<std::string> alarms = alarms_;
  for (const auto& [key, lists] : current_->lists_) {
    for (const crypto::Crl& list : lists) {
      if (list.next_update() && *list.next_update() < now) alarms.insert("crl.expired");
    }
  }
  return {alarms.begin(), alarms.end()};
}

std::vector<RevocationList> TrustState::RevocationLists() const {
  const std::shared_ptr<const TrustLists> current = Current();
  std::vector<RevocationList> newest;
  for (const auto& [key, lists] : current->lists_) {
    const auto list = std::max_element(
        lists.begin(), lists.end(),
        [](const auto& a, const auto& b) { return a.this_update() < b.this_update(); });
    if (list == lists.end()) continue;
    newest.push_back({current->issuers_.at(key), list->this_update(), list->next_update()});
  }
  std::sort(newest.begin(), newest.end(),
            [](const auto& a, const auto& b) { return a.issuer < b.issuer; });
  return newest;
}

}  // namespace chayan::rpc
