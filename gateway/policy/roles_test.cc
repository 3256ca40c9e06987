// Goal: each role may call what the design gives it and nothing else. Method: the whole table,
// every role against every method of every service, written out a second time by hand.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "gateway/policy/decide.h"

namespace chayan::policy {
namespace {

// Letters: Household, Publisher, Adapter, aUditor, Witness, Operator.
struct Row {
  const char* method;
  const char* roles;
};

constexpr Row kRows[] = {
    {"/chayan.v1.VerificationService/VerifyDocument", "H"},
    {"/chayan.v1.VerificationService/VerifyDocuments", "H"},
    {"/chayan.v1.VerificationService/ListDocumentKinds", "H"},
    {"/chayan.v1.VerificationService/GetDocumentKind", "H"},
    {"/chayan.v1.NoticeService/PublishNotice", "HP"},
    {"/chayan.v1.NoticeService/PublishNotices", "HP"},
    {"/chayan.v1.NoticeService/ReceiveNotices", "HPA"},
    {"/chayan.v1.NoticeService/GetFrame", "HPA"},
    {"/chayan.v1.NoticeService/AcknowledgeNotice", "HPA"},
    {"/chayan.v1.AdapterLinkService/Connect", "A"},
    {"/chayan.v1.AuditService/GetCheckpoint", "HPAUWO"},
    {"/chayan.v1.AuditService/GetConsistencyProof", "UW"},
    {"/chayan.v1.AuditService/AddCosignature", "W"},
    {"/chayan.v1.AuditService/ListPublishedCheckpoints", "U"},
    {"/chayan.v1.AuditService/GetReceipt", "HPAU"},
    {"/chayan.v1.AuditService/ListEntries", "U"},
    {"/chayan.v1.AuditService/GetEntry", "U"},
    {"/chayan.v1.AuditService/GetRegistrySet", "U"},
    {"/chayan.v1.AuditService/GetCheckpoints", "U"},
    {"/chayan.v1.OperatorService/GetStatus", "O"},
    {"/chayan.v1.OperatorService/ApplyRegistry", "O"},
    {"/grpc.health.v1.Health/Check", "HPAUWO"},
    {"/grpc.health.v1.Health/Watch", "HPAUWO"},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "HPAUWO"},
    {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "HPAUWO"},
    {"/chayan.v1.AdapterLinkService/ConnectX", ""},
    {"/chayan.v1.OtherService/Get", ""},
    {"chayan.v1.VerificationService/VerifyDocument", ""},
    {"/chayan.v1.VerificationService", ""},
    {"/", ""},
    {"", ""},
};

TEST(RolesTest, EachRoleMayCallItsMethodsAlone) {
  const std::pair<char, v1::Role> roles[] = {{'H', v1::ROLE_HOUSEHOLD}, {'P', v1::ROLE_PUBLISHER},
                                             {'A', v1::ROLE_ADAPTER},   {'U', v1::ROLE_AUDITOR},
                                             {'W', v1::ROLE_WITNESS},   {'O', v1::ROLE_OPERATOR}};
  for (const Row& row : kRows) {
    for (const auto& [letter, role] : roles) {
      EXPECT_EQ(RoleMayCall(role, row.method),
                std::string(row.roles).find(letter) != std::string::npos)
          << letter << " " << row.method;
    }
    EXPECT_FALSE(RoleMayCall(v1::ROLE_UNSPECIFIED, row.method));
    EXPECT_FALSE(RoleMayCall(static_cast<v1::Role>(40), row.method));
  }
}

}  // namespace
}  // namespace chayan::policy
