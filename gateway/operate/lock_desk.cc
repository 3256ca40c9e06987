#include "gateway/operate/lock_desk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/operate/persons.h"
#include "gateway/registry/calendar.h"
#include "gateway/rpc/recorded.h"
#include "gateway/rpc/request.h"

namespace chayan::operate {
namespace {

constexpr char kService[] = "/chayan.v1.OperatorService/";
constexpr int kPageSizeDefault = 100;
constexpr int kPageSizeMax = 1000;
// As operator_service.proto states them, in code points.
constexpr size_t kReasonMax = 500;

std::optional<policy::Refusal> CheckFields(const v1::ClearLockRequest& request) {
  return CheckTexts({{"person.id", request.person().id(), kPersonTextMax},
                     {"person.role", request.person().role(), kPersonTextMax},
                     {"reason", request.reason(), kReasonMax}},
                    "who lifts a lock says who it is, and why");
}

void Describe(const tally::Lock& from, absl::Time until, v1::Lock& to) {
  to.set_lock(from.id);
  to.set_scope(from.scope);
  to.set_document_kind(from.kind);
  to.set_member(from.member);
  to.set_system(from.system);
  to.set_count(static_cast<uint32_t>(from.count));
  to.mutable_until_time()->set_seconds(absl::ToUnixSeconds(until));
}

}  // namespace

LockDesk::LockDesk(log::Committer& committer, log::Vault& vault, tally::Book& book,
                   const registry::Current& registry, Clock& clock, Random& random)
    : Desk(committer, clock, random), vault_(vault), book_(book), registry_(registry) {}

void LockDesk::ServeOn(rpc::Server& server) {
  const std::string service = kService;
  server.HandleUnary(service + "ListLocks", [this](Call call) { ListLocks(call); });
  server.HandleUnary(service + "ClearLock", [this](Call call) { ClearLock(call); });
}

void LockDesk::ListLocks(const Call& call) {
  v1::ListLocksRequest request;
  if (const auto refusal = rpc::ReadRequest(*call, request)) return Refuse(call, *refusal);
  if (request.page_size() < 0) {
    return Refuse(call, policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "page_size",
                                             "write 0 or a positive number"));
  }
  const int size =
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);
  const absl::Time until = registry::NextMidnight(clock_.Now());
  v1::ListLocksResponse response;
  // The token is the id of the last lock of the previous page.
  for (const tally::Lock& lock : book_.locks.List(*registry_.Get())) {
    if (lock.id <= request.page_token()) continue;
    if (response.locks_size() == size) {
      response.set_next_page_token(response.locks(size - 1).lock());
      break;
    }
    Describe(lock, until, *response.add_locks());
  }
  Reply(call, response.SerializeAsString());
}

void LockDesk::ClearLock(const Call& call) {
  v1::ClearLockRequest request;
  if (const auto refusal = rpc::ReadRequest(*call, request)) return Refuse(call, *refusal);
  const auto snapshot = registry_.Get();
  if (auto refusal = CheckFields(request)) return Refuse(call, *std::move(refusal));
  const bool vouched = snapshot->HasAssertionKey(call->caller().member);
  if (auto refusal =
          CheckPerson(call->caller(), request.person(), *snapshot, clock_.Now(), vouched)) {
    return Refuse(call, *std::move(refusal));
  }
  auto charge = std::make_shared<tally::Charge>(*book_.ledger);
  v1::ClearLockResponse response;
  {
    absl::MutexLock lock(&lifting_mu_);
    const auto found = book_.locks.FindById(request.lock(), *snapshot);
    if (!found.has_value()) {
      return Refuse(call, Refused(v1::ERROR_REASON_LOCK_NOT_FOUND,
                                  "there is no such lock, or no longer; ListLocks names them",
                                  {{"lock", "names none; see chayan lock list"}}));
    }
    if (auto refusal =
            book_.locks.Lift(*found, call->caller().member, request.person().id(), *charge)) {
      return Refuse(call, *std::move(refusal));
    }
    response.set_count(static_cast<uint32_t>(found->count));
  }
  Record(call, request, std::move(charge), response);
}

void LockDesk::Record(Call call, const v1::ClearLockRequest& request,
                      std::shared_ptr<tally::Charge> charge,
                      const v1::ClearLockResponse& response) {
  log::Entry entry = NewEntry(call, log::EntryType::kOperator);
  v1::EntryDetail detail;
  detail.set_person_id(request.person().id());
  detail.set_person_role(request.person().role());
  detail.set_reason(request.reason());
  detail.set_lifted_lock(request.lock());
  const std::string message = response.SerializeAsString();
  auto row = SealPersons(vault_, *call, detail, message, entry);
  if (!row.ok()) return call->Fail(rpc::LogUnavailable(row.status()));
  committer_.Submit({.entry = std::move(entry),
                     .vault = *std::move(row),
                     .registry = std::nullopt,
                     .done =
                         [call, charge, message](absl::StatusOr<log::Committed> committed) mutable {
                           charge->Settle(committed.ok());
                           if (!committed.ok()) {
                             return call->Fail(rpc::LogUnavailable(committed.status()));
                           }
                           call->Reply(std::move(message));
                         },
                     .tallies = charge->Submit()});
}

}  // namespace chayan::operate
