#include "gateway/verify/twins.h"

#include <algorithm>
#include <utility>

#include "gateway/base/check.h"

namespace chayan::verify {
namespace {

// What a kept answer costs beside its bytes: key twice, digest, table slot.
constexpr size_t kKeptOverheadBytes = 400;

}  // namespace

Twins::Entered Twins::Enter(const Key& key, const crypto::Digest& request,
                            std::shared_ptr<Asker> asker, std::weak_ptr<TwinQuestion> question) {
  absl::MutexLock lock(&mu_);
  Evict();
  auto [it, inserted] = twins_.try_emplace(key);
  Twin& twin = it->second;
  if (inserted) {
    twin.ticket = ++tickets_;
    twin.request = request;
    twin.question = std::move(question);
    twin.waiting.push_back(std::move(asker));
    return {Entered::Kind::kFirst, twin.ticket, nullptr};
  }
  if (twin.request != request) return {Entered::Kind::kReused, twin.ticket, nullptr};
  if (twin.response != nullptr) return {Entered::Kind::kKept, twin.ticket, twin.response};
  twin.waiting.push_back(std::move(asker));
  return {Entered::Kind::kJoined, twin.ticket, nullptr};
}

Twins::Waiting Twins::Complete(const Key& key, uint64_t ticket,
                               std::shared_ptr<const std::string> response, bool keep) {
  absl::MutexLock lock(&mu_);
  const auto it = twins_.find(key);
  // Everybody left, and the key may be another question's by now.
  if (it == twins_.end() || it->second.ticket != ticket) return {};
  CHAYAN_CHECK(it->second.response == nullptr);
  Waiting waiting = std::exchange(it->second.waiting, {});
  if (!keep) {
    twins_.erase(it);
    return waiting;
  }
  const size_t bytes = response->size() + kKeptOverheadBytes;
  it->second.response = std::move(response);
  it->second.question.reset();
  kept_.push_back({key, clock_.Elapsed(), bytes});
  bytes_ += bytes;
  Evict();
  return waiting;
}

Twins::Left Twins::Leave(const Key& key, uint64_t ticket, const Asker* asker) {
  absl::MutexLock lock(&mu_);
  const auto it = twins_.find(key);
  if (it == twins_.end() || it->second.ticket != ticket) return {};
  Waiting& waiting = it->second.waiting;
  const auto self = std::find_if(waiting.begin(), waiting.end(),
                                 [asker](const auto& w) { return w.get() == asker; });
  if (self == waiting.end()) return {};
  Left left{std::move(*self), nullptr};
  waiting.erase(self);
  if (!waiting.empty()) return left;
  left.question = it->second.question.lock();
  twins_.erase(it);
  return left;
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
