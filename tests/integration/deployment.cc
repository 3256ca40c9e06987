#include "tests/integration/deployment.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/registry/snapshot.h"
#include "gateway/store/sqlite.h"

namespace chayan::integration {
namespace {

// Rows read at a time from the store.
constexpr size_t kLeavesAtATime = 1000;
constexpr size_t kLeafBytesAtATime = 4 << 20;

}  // namespace

Deployment::Deployment() {
  // Debian's Abseil has deadlock detection on, which gRPC's own locks do not always survive.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  directory_ = (std::filesystem::temp_directory_path() / "chayan_integration_XXXXXX").string();
  CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
  CHAYAN_CHECK(system(absl::StrCat("certs/dev-pki ", Path("pki"), " >/dev/null").c_str()) == 0);
  std::filesystem::copy("adapters/agencies/registry", Path("registry"));
  std::filesystem::copy(Path("pki/keys.textproto"), Path("registry/keys.textproto"));

  config_.set_gateway_name("gw-1");
  config_.set_workers(1);
  config_.set_certificate_file(Path("pki/gateway.pem"));
  config_.set_key_file(Path("pki/gateway.key"));
  config_.set_roots_file(Path("pki/trusted.pem"));
  config_.set_crl_directory(Path("pki/crl"));
  config_.set_store_file(Path("store.db"));
  config_.set_head_file(Path("head"));
  config_.set_log_origin("chayan.example/log/test");
  config_.set_log_key_file(Path("pki/log.key"));
  config_.set_vault_kek_file(Path("pki/vault.kek"));
  config_.set_vault_key_directory(Path("vault-keys"));
  config_.set_notice_ordering_key_file(Path("pki/notice-order.key"));
  config_.set_signature_share(1.0);
  config_.set_drain_grace_ms(1000);
}

Deployment::~Deployment() {
  gateway_ = nullptr;
  std::filesystem::remove_all(directory_);
}

void Deployment::StartGateway() {
  config_.set_listen(address_);
  const bool is_new = !std::filesystem::exists(Path("store.db"));
  auto gateway = Gateway::Create(config_, is_new ? Path("registry") : "");
  if (!gateway.ok()) std::fprintf(stderr, "%s\n", gateway.status().ToString().c_str());
  CHAYAN_CHECK(gateway.ok());
  gateway_ = *std::move(gateway);
  address_ = gateway_->address();
}

std::string Deployment::Path(absl::string_view name) const {
  return absl::StrCat(directory_, "/", name);
}

std::shared_ptr<grpc::Channel> Deployment::Channel(absl::string_view certificate) const {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = *ReadFile(Path("pki/root.pem"));
  tls.pem_cert_chain = *ReadFile(Path(absl::StrCat("pki/", certificate, ".pem")));
  tls.pem_private_key = *ReadFile(Path(absl::StrCat("pki/", certificate, ".key")));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address_, grpc::SslCredentials(tls), arguments);
}

sdk::AdapterOptions Deployment::AdapterFor(const std::string& holder) const {
  sdk::AdapterOptions options;
  options.gateways = {address_};
  options.gateway_uri = "spiffe://chayan.example/gateway/";
  options.ca_file = Path("pki/root.pem");
  options.certificate_file = Path(absl::StrCat("pki/", holder, ".pem"));
  options.key_file = Path(absl::StrCat("pki/", holder, ".key"));
  options.answer_key_file = Path(absl::StrCat("pki/answer/", holder, ".key"));
  options.answer_log = Path(absl::StrCat(holder, ".answers.jsonl"));
  options.kinds = {{"land.title", KindDigest("land.title"), {}}};
  options.backoff_min = absl::Milliseconds(20);
  options.backoff_max = absl::Milliseconds(200);
  return options;
}

crypto::Ed25519Key Deployment::AnswerKey(absl::string_view holder) const {
  return *crypto::Ed25519Key::FromPemFile(Path(absl::StrCat("pki/answer/", holder, ".key")));
}

crypto::Digest Deployment::KindDigest(absl::string_view kind) const {
  auto snapshot = registry::Snapshot::Load(Path("registry"), /*faults=*/nullptr);
  CHAYAN_CHECK(snapshot.ok());
  return (*snapshot)->FindKind(kind)->digest;
}

std::string Deployment::Leaves() const {
  CHAYAN_CHECK(gateway_ == nullptr);
  auto store = store::SqliteStore::Open(Path("store.db"));
  CHAYAN_CHECK(store.ok());
  const uint64_t size = (*store)->ReadHead()->size;
  std::string all;
  for (uint64_t read = 0; read < size;) {
    auto leaves = (*store)->ReadLeaves(read, kLeavesAtATime, kLeafBytesAtATime);
    CHAYAN_CHECK(leaves.ok() && !leaves->empty());
    for (const std::string& leaf : *leaves) absl::StrAppend(&all, leaf, "\n");
    read += leaves->size();
  }
  return all;
}

v1::VerifyDocumentRequest LandQuestion(absl::string_view request_id) {
  v1::VerifyDocumentRequest request;
  request.set_request_id(std::string(request_id));
  request.set_acting_for("hro-shanhua");
  v1::Purpose& purpose = *request.mutable_purpose();
  purpose.mutable_person()->set_id("clerk-1");
  purpose.mutable_person()->set_role("clerk");
  purpose.set_purpose_code("household.move");
  purpose.set_legal_basis("household-act-68");
  purpose.set_case_number("case-1");
  request.set_document_kind("land.title");
  v1::Subject& subject = *request.mutable_subject();
  subject.mutable_identifier()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  subject.mutable_identifier()->set_value("A123456789");
  subject.set_name("王小明");
  const auto claim = [&request](const char* code, const char* text) {
    v1::Claim& added = *request.add_claims();
    added.set_code(code);
    added.set_text(text);
  };
  claim("land_office", "AD");
  claim("section", "0863");
  claim("lot", "48");
  claim("owner_name", "王小明");
  return request;
}

}  // namespace chayan::integration
