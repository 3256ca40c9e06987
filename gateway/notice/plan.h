// What accepting a notice changes: the notice, a sealed delivery for each recipient, and the steps
// of deliveries whose place it takes. Reads the store and changes nothing: the committer applies
// the plan, and refuses it when what it stands on has changed meanwhile.
#ifndef CHAYAN_GATEWAY_NOTICE_PLAN_H_
#define CHAYAN_GATEWAY_NOTICE_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "chayan/v1/entry_detail.pb.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/notice/collaborators.h"
#include "gateway/registry/snapshot.h"

namespace chayan::notice {

// A notice that another one replaces or undoes.
struct Followed {
  store::StoredNotice notice{};
  std::vector<store::StoredDelivery> deliveries{};
  bool reversed = false;
};

// REQUIRES: permitted and of its form. Refers to all of it.
struct PlanRequest {
  const v1::PublishNoticeRequest& request;
  const std::vector<store::SubjectKey>& subjects;
  const v1::NoticeKind& kind;
  const registry::Snapshot& snapshot;
  const std::string& publisher;  // member id
  absl::Time now;
  const Followed* followed = nullptr;
  bool bulk = false;
};

struct Plan {
  // All but request_key, request_digest and system, which are the caller's.
  store::NewNotice notice{};
  std::vector<store::StateStep> steps{};
  // Who gets what of it, for the sealed part of the entry.
  std::vector<v1::NoticeRecipient> recipients{};
};

// Fails when the store cannot be read or the vault has no key.
absl::StatusOr<Plan> MakePlan(const Collaborators& with, const PlanRequest& request);

// All deliveries of a notice, in their order.
absl::StatusOr<std::vector<store::StoredDelivery>> AllDeliveries(store::Notices& notices,
                                                                 int64_t notice);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_PLAN_H_
