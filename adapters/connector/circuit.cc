#include "adapters/connector/circuit.h"

#include "gateway/base/diag.h"

namespace chayan::connector {

bool Circuit::Admit() {
  absl::MutexLock lock(&mu_);
  if (!open_) return true;
  if (trying_ || IsEarly()) return false;
  trying_ = true;
  return true;
}

void Circuit::Succeeded() {
  absl::MutexLock lock(&mu_);
  if (open_) diag::Info("adapter.source_up");
  failures_ = 0;
  open_ = false;
  trying_ = false;
}

void Circuit::Failed() {
  absl::MutexLock lock(&mu_);
  ++failures_;
  trying_ = false;
  if (failures_ < options_.failures_max) return;
  if (!open_) diag::Error("adapter.source_down", {{"failures", failures_}});
  open_ = true;
  opened_at_ = clock_.Elapsed();
}

void Circuit::Cancelled() {
  absl::MutexLock lock(&mu_);
  trying_ = false;
}

bool Circuit::is_open() const {
  absl::MutexLock lock(&mu_);
  return open_;
}

bool Circuit::rests() const {
  absl::MutexLock lock(&mu_);
  return open_ && IsEarly();
}

}  // namespace chayan::connector
