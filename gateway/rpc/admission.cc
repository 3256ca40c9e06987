#include "gateway/rpc/admission.h"

#include <algorithm>

#include "gateway/rpc/limits.h"

namespace chayan::rpc {
namespace {

int64_t NsPer(double per_second) { return static_cast<int64_t>(1e9 / per_second); }

}  // namespace

bool Rate::Take(absl::Duration now, double per_second, double burst) {
  const int64_t now_ns = absl::ToInt64Nanoseconds(now);
  const int64_t one_ns = NsPer(per_second);
  const auto allowed_ns = static_cast<int64_t>(burst * static_cast<double>(one_ns));
  int64_t debt = debt_until_ns_.load(std::memory_order_relaxed);
  while (true) {
    const int64_t next = std::max(debt, now_ns) + one_ns;
    if (next - now_ns > allowed_ns) return false;
    if (debt_until_ns_.compare_exchange_weak(debt, next, std::memory_order_relaxed)) return true;
  }
}

absl::Duration Rate::Wait(absl::Duration now, double per_second, double burst) const {
  const auto allowed =
      absl::Nanoseconds(burst * static_cast<double>(NsPer(per_second)) - 1e9 / per_second);
  const absl::Duration debt =
      absl::Nanoseconds(debt_until_ns_.load(std::memory_order_relaxed)) - now;
  return std::max(absl::ZeroDuration(), debt - allowed);
}

bool Rate::IsIdle(absl::Duration now) const {
  return debt_until_ns_.load(std::memory_order_relaxed) <= absl::ToInt64Nanoseconds(now);
}

MemberBounds BoundsOf(const v1::Member& member) {
  const uint32_t rate = member.requests_per_second();
  const uint32_t in_flight = member.in_flight_max();
  return {.requests_per_second = static_cast<double>(rate == 0 ? kRequestsPerSecondDefault : rate),
          .in_flight_max = in_flight == 0 ? kInFlightDefault : in_flight,
          .share = member.share()};
}

bool Slot::Take(std::shared_ptr<std::atomic<uint32_t>> count, uint32_t max) {
  Release();
  if (count->fetch_add(1, std::memory_order_relaxed) >= max) {
    count->fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  count_ = std::move(count);
  return true;
}

void Slot::Release() {
  if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
  count_.reset();
}

std::shared_ptr<MemberLoad> Admission::LoadOf(const std::string& member) {
  const absl::MutexLock lock(&mu_);
  // Members are few and come from the registry; their loads are kept.
  std::shared_ptr<MemberLoad>& load = loads_[member];
  if (load == nullptr) load = std::make_shared<MemberLoad>();
  return load;
}

bool Admission::TakeRecordedRefusal(const crypto::Digest& certificate, absl::Duration now) {
  const absl::MutexLock lock(&mu_);
  auto found = refusals_.find(certificate);
  if (found == refusals_.end()) {
    if (refusals_.size() >= kRefusedCertificatesMax) {
      absl::erase_if(refusals_, [&](const auto& entry) { return entry.second->IsIdle(now); });
      if (refusals_.size() >= kRefusedCertificatesMax) return false;
    }
    found = refusals_.emplace(certificate, std::make_unique<Rate>()).first;
  }
  return found->second->Take(now, kRecordedRefusalsPerSecond, kRecordedRefusalsBurst);
}

}  // namespace chayan::rpc
