#include "gateway/log/witness_roster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"

namespace chayan::log {

void WitnessRoster::Adopt(const registry::WitnessPolicy* policy) {
  std::map<std::string, Slot> before;
  before.swap(slots_);
  if (policy == nullptr) return;
  for (int i = 0; i < policy->proto.witnesses_size(); ++i) {
    const v1::Witness& witness = policy->proto.witnesses(i);
    const auto known = before.find(witness.vkey());
    Slot slot =
        known == before.end()
            ? Slot{.target = {policy->keys[static_cast<size_t>(i)], "", "", ""}, .state = {}}
            : std::move(known->second);
    slot.target.url = witness.url();
    slot.target.monitoring_url = witness.monitoring_url();
    slot.target.root_pem = witness.root_certificate_pem();
    slot.dials_in = witness.has_dials_in();
    slot.state.name = witness.name();
    slots_.insert_or_assign(witness.vkey(), std::move(slot));
  }
}

std::vector<WitnessRoster::Due> WitnessRoster::TakeDue(const OpenPublication& newest,
                                                       absl::Duration published_at) {
  const absl::Duration now = clock_.Elapsed();
  std::vector<Due> due;
  for (auto& [vkey, slot] : slots_) {
    if (newest.IsCosignedBy(slot.target.key)) continue;
    if (slot.dials_in) {
      if (now - published_at > kDialInSilenceMax) {
        SetFault(slot,
                 absl::StrCat("has not dialled in to cosign ", newest.row().size, " entries"));
      }
    } else if (!slot.busy && now >= slot.next_try) {
      slot.busy = true;
      due.push_back({vkey, slot.target, slot.known_size});
    }
  }
  return due;
}

void WitnessRoster::Replied(const std::string& vkey, const WitnessReply& reply) {
  const auto found = slots_.find(vkey);
  if (found == slots_.end()) return;
  Slot& slot = found->second;
  slot.busy = false;
  slot.known_size = reply.known_size;
  if (reply.cosignature.has_value()) {
    slot.retry = kWitnessRetryMin;
    return;
  }
  slot.next_try = clock_.Elapsed() + slot.retry;
  slot.retry = std::min(2 * slot.retry, kWitnessRetryMax);
  SetFault(slot, reply.fault);
}

void WitnessRoster::Cosigned(const std::string& vkey, uint64_t size) {
  const auto found = slots_.find(vkey);
  if (found == slots_.end()) return;
  WitnessState& state = found->second.state;
  if (!state.fault.empty()) diag::Info("witness.back", {{"witness", state.name}});
  state.fault.clear();
  state.cosigned_size = std::max(state.cosigned_size, size);
  state.cosigned_time = clock_.Now();
}

void WitnessRoster::SetFault(const std::string& vkey, const std::string& fault) {
  const auto found = slots_.find(vkey);
  if (found != slots_.end()) SetFault(found->second, fault);
}

void WitnessRoster::SetFault(Slot& slot, const std::string& fault) {
  if (slot.state.fault == fault) return;
  diag::Warning("witness.fault", {{"witness", slot.state.name}, {"cause", fault}});
  slot.state.fault = fault;
}

const WitnessState* WitnessRoster::Find(const std::string& vkey) const {
  const auto found = slots_.find(vkey);
  return found == slots_.end() ? nullptr : &found->second.state;
}

}  // namespace chayan::log
