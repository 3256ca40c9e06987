#include "gateway/operate/registry_desk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/operate/persons.h"
#include "gateway/policy/decide.h"
#include "gateway/rpc/recorded.h"
#include "gateway/rpc/request.h"

namespace chayan::operate {
namespace {

constexpr char kMethod[] = "/chayan.v1.OperatorService/ApplyRegistry";
// Sets that may wait to be checked: operators are few.
constexpr size_t kChecksQueuedMax = 8;
// The 4 MiB of files that operator_service.proto allows, their paths, and what comes beside them.
constexpr size_t kApplyRegistryBytesMax = 5 << 20;

policy::Refusal Changed(const char* message) {
  return Refused(v1::ERROR_REASON_REGISTRY_CHANGED, message);
}

}  // namespace

RegistryDesk::RegistryDesk(log::Committer& committer, log::Vault& vault,
                           registry::Current& registry, Clock& clock, Random& random)
    : Desk(committer, clock, random),
      vault_(vault),
      registry_(registry),
      checks_(kChecksQueuedMax) {}

void RegistryDesk::ServeOn(rpc::Server& server) {
  server.HandleUnary(
      kMethod,
      [this](Call call) {
        if (checks_.Run([this, call] { CheckAndApply(call); })) return;
        call->Fail(Refused(v1::ERROR_REASON_OVERLOADED,
                           "other registry sets are being checked; try again"));
      },
      kApplyRegistryBytesMax);
}

RegistryDesk::Set RegistryDesk::Read(const Call& call, v1::ApplyRegistryRequest& request) {
  if (const auto refusal = rpc::ReadRequest(*call, request)) {
    Refuse(call, *refusal);
    return nullptr;
  }
  registry::Files files;
  for (v1::RegistryFileContent& file : *request.mutable_files()) {
    files.emplace_back(std::move(*file.mutable_path()), std::move(*file.mutable_content()));
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> faults;
  const auto set = registry::Snapshot::Create(std::move(files), &faults);
  if (set.ok()) return *set;
  policy::Refusal refusal =
      Refused(v1::ERROR_REASON_REGISTRY_INVALID,
              absl::StrCat("the set has ", faults.size(), " faults; nothing was changed"));
  for (std::string& fault : faults) refusal.violations.push_back({"files", std::move(fault)});
  Refuse(call, std::move(refusal));
  return nullptr;
}

void RegistryDesk::CheckAndApply(const Call& call) {
  v1::ApplyRegistryRequest request;
  const Set next = Read(call, request);
  if (next == nullptr) return;
  const bool apply = !request.validate_only();
  // Taken before the base is looked at, and held until the commit: no other set comes between.
  if (apply && applying_.exchange(true)) {
    return Refuse(call, Changed("another set is taking effect; look at the difference again"));
  }
  const Set before = registry_.Get();
  v1::ApplyRegistryResponse response;
  response.set_digest(next->digest().ToString());
  for (std::string& line : registry::Differences(*before, *next)) {
    response.add_differences(std::move(line));
  }
  for (std::string& line : registry::ChangesToApprove(*before, *next)) {
    response.add_differences_to_approve(std::move(line));
  }
  if (!apply) return Reply(call, response.SerializeAsString());
  std::optional<policy::Refusal> refusal;
  if (!request.base_digest().empty() && request.base_digest() != before->digest().ToString()) {
    refusal = Changed("another set took effect meanwhile; look at the difference again");
  } else {
    const bool required = response.differences_to_approve_size() > 0;
    refusal = CheckApproval(call, request, *before, *next, required);
  }
  if (refusal.has_value()) {
    applying_ = false;
    return Refuse(call, *std::move(refusal));
  }
  Record(call, request, next, std::move(response));
}

std::optional<policy::Refusal> RegistryDesk::CheckApproval(const Call& call,
                                                           const v1::ApplyRegistryRequest& request,
                                                           const registry::Snapshot& before,
                                                           const registry::Snapshot& next,
                                                           bool required) const {
  if (!request.has_person() && !request.has_approver() && !required) return std::nullopt;
  if (required && !request.has_approver()) {
    return Refused(v1::ERROR_REASON_APPROVAL_REQUIRED,
                   "the change needs a second person's approval",
                   {{"approver",
                     "is missing; name the approver, with an assertion for this very "
                     "change: see differences_to_approve of a validate_only call"}});
  }
  if (auto refusal = CheckTexts({{"person.id", request.person().id(), kPersonTextMax},
                                 {"person.role", request.person().role(), kPersonTextMax}},
                                "who applies a set that another approves says who it is")) {
    return refusal;
  }
  // An approval is worth nothing where nobody knows who applies: it might be the same person. The
  // set in force says by which keys persons are known.
  const absl::Time now = clock_.Now();
  if (auto refusal = CheckPerson(call->caller(), request.person(), before, now,
                                 /*required=*/request.has_approver())) {
    return refusal;
  }
  if (!request.has_approver()) return std::nullopt;
  return CheckApprover(
      call->caller(), request.person(), request.approver(), before, now,
      policy::ApprovalOfSet(before.digest(), next.digest(), request.person().id()));
}

void RegistryDesk::Record(const Call& call, const v1::ApplyRegistryRequest& request, Set next,
                          v1::ApplyRegistryResponse response) {
  response.set_applied(true);
  std::string message = response.SerializeAsString();
  log::Entry entry = NewEntry(call, log::EntryType::kRegistry);
  entry.registry = next->digest();
  std::optional<store::VaultRow> row;
  if (request.has_person()) {
    v1::EntryDetail detail;
    detail.set_person_id(request.person().id());
    detail.set_person_role(request.person().role());
    if (request.has_approver()) {
      detail.set_approver_id(request.approver().id());
      detail.set_approver_role(request.approver().role());
    }
    auto sealed = SealPersons(vault_, *call, detail, message, entry);
    if (!sealed.ok()) {
      applying_ = false;
      return call->Fail(rpc::LogUnavailable(sealed.status()));
    }
    row = *std::move(sealed);
  }
  committer_.Submit(
      {std::move(entry), std::move(row), store::RegistrySet{next->digest(), next->files()},
       [this, next, call,
        message = std::move(message)](absl::StatusOr<log::Committed> committed) mutable {
         if (committed.ok()) registry_.Set(next);
         applying_ = false;
         if (!committed.ok()) return call->Fail(rpc::LogUnavailable(committed.status()));
         diag::Info("registry.applied", {{"digest", next->digest().ToHex()}});
         call->Reply(std::move(message));
       }});
}

}  // namespace chayan::operate
