#include "gateway/verify/twins.h"

#include <algorithm>

#include "gateway/base/check.h"

namespace chayan::verify {
namespace {

// What a kept answer costs beside its bytes: key twice, digest, table slot.
constexpr size_t kKeptOverheadBytes = 400;

}  // namespace

Twins::Entered Twins::Enter(const std::string& key, const crypto::Digest& request,
                            std::shared_ptr<Asker> asker) {
  absl::MutexLock lock(&mu_);
  Evict();
  auto [it, inserted] = twins_.try_emplace(key);
  Twin& twin = it->second;
  if (inserted) {
    twin.request = request;
    twin.waiting.push_back(std::move(asker));
    return {Entered::Kind::kFirst, nullptr};
  }
  if (twin.request != request) return {Entered::Kind::kReused, nullptr};
  if (twin.response != nullptr) return {Entered::Kind::kKept, twin.response};
  twin.waiting.push_back(std::move(asker));
  return {Entered::Kind::kJoined, nullptr};
}

std::vector<std::shared_ptr<Asker>> Twins::Complete(const std::string& key,
                                                    std::shared_ptr<const std::string> response,
                                                    bool keep) {
  absl::MutexLock lock(&mu_);
  const auto it = twins_.find(key);
  CHAYAN_CHECK(it != twins_.end() && it->second.response == nullptr);
  std::vector<std::shared_ptr<Asker>> waiting = std::move(it->second.waiting);
  it->second.waiting.clear();
  if (!keep) {
    twins_.erase(it);
    return waiting;
  }
  const size_t bytes = response->size() + 2 * key.size() + kKeptOverheadBytes;
  it->second.response = std::move(response);
  kept_.push_back({key, clock_.Elapsed(), bytes});
  bytes_ += bytes;
  Evict();
  return waiting;
}

bool Twins::Leave(const std::string& key, const Asker* asker) {
  absl::MutexLock lock(&mu_);
  const auto it = twins_.find(key);
  if (it == twins_.end()) return false;
  std::vector<std::shared_ptr<Asker>>& waiting = it->second.waiting;
  const auto self = std::find_if(waiting.begin(), waiting.end(),
                                 [asker](const auto& w) { return w.get() == asker; });
  if (self == waiting.end()) return false;
  waiting.erase(self);
  return waiting.empty();
}

void Twins::Evict() {
  const absl::Duration now = clock_.Elapsed();
  while (!kept_.empty() && (bytes_ > bytes_max_ || now - kept_.front().since >= kTwinAgeMax)) {
    bytes_ -= kept_.front().bytes;
    twins_.erase(kept_.front().key);
    kept_.pop_front();
  }
}

}  // namespace chayan::verify
