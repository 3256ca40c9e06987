// Which methods each role may call. What does not stand here, nobody may.

#include "absl/strings/match.h"
#include "gateway/policy/decide.h"

namespace chayan::policy {
namespace {

constexpr unsigned Bit(v1::Role role) { return 1u << role; }

constexpr unsigned kHousehold = Bit(v1::ROLE_HOUSEHOLD);
constexpr unsigned kPublisher = Bit(v1::ROLE_PUBLISHER);
constexpr unsigned kAdapter = Bit(v1::ROLE_ADAPTER);
constexpr unsigned kAuditor = Bit(v1::ROLE_AUDITOR);
constexpr unsigned kWitness = Bit(v1::ROLE_WITNESS);
constexpr unsigned kOperator = Bit(v1::ROLE_OPERATOR);
constexpr unsigned kEveryone = kHousehold | kPublisher | kAdapter | kAuditor | kWitness | kOperator;

// A whole method, or with a slash at its end all methods of a service. The first that fits decides.
struct Rule {
  absl::string_view method;
  unsigned roles;
};

constexpr Rule kRules[] = {
    {"/chayan.v1.VerificationService/", kHousehold},
    // An adapter takes notices, looks at them, says that its office acted, and proves what it said;
    // it publishes none.
    {"/chayan.v1.NoticeService/ReceiveNotices", kHousehold | kPublisher | kAdapter},
    {"/chayan.v1.NoticeService/FetchNoticeDetail", kHousehold | kPublisher | kAdapter},
    {"/chayan.v1.NoticeService/GetFrame", kHousehold | kPublisher | kAdapter},
    {"/chayan.v1.NoticeService/AcknowledgeNotice", kHousehold | kPublisher | kAdapter},
    {"/chayan.v1.NoticeService/ListDeliveries", kHousehold | kPublisher | kAdapter},
    {"/chayan.v1.NoticeService/", kHousehold | kPublisher},
    {"/chayan.v1.AdapterLinkService/Connect", kAdapter},
    // Checkpoints concern no person, and everyone needs them to check what they were given.
    {"/chayan.v1.AuditService/GetCheckpoint", kEveryone},
    {"/chayan.v1.AuditService/GetConsistencyProof", kAuditor | kWitness},
    {"/chayan.v1.AuditService/AddCosignature", kWitness},
    // Of their own entries; an auditor's of all.
    {"/chayan.v1.AuditService/GetReceipt", kHousehold | kPublisher | kAdapter | kAuditor},
    // What is due to be destroyed: dates and keys' names.
    {"/chayan.v1.AuditService/ListRetention", kAuditor | kOperator},
    {"/chayan.v1.AuditService/", kAuditor},
    {"/chayan.v1.OperatorService/", kOperator},
    {"/grpc.health.v1.Health/", kEveryone},
    {"/grpc.reflection.v1.ServerReflection/", kEveryone},
    {"/grpc.reflection.v1alpha.ServerReflection/", kEveryone},
};

bool Fits(const Rule& rule, absl::string_view method) {
  return absl::EndsWith(rule.method, "/") ? absl::StartsWith(method, rule.method)
                                          : method == rule.method;
}

}  // namespace

bool RoleMayCall(v1::Role role, absl::string_view method) {
  if (role == v1::ROLE_UNSPECIFIED || !v1::Role_IsValid(role)) return false;
  for (const Rule& rule : kRules) {
    if (Fits(rule, method)) return (rule.roles & Bit(role)) != 0;
  }
  return false;
}

}  // namespace chayan::policy
