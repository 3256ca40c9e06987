#include "gateway/audit/test_rig.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/crypto/digest.h"
#include "gateway/log/search_key.h"
#include "gateway/registry/sample_set.h"

namespace chayan::audit {
namespace {

absl::Time Start() { return absl::FromUnixSeconds(1768435200); }  // 2026-01-15 in Taipei

}  // namespace

TestRig::TestRig(const std::string& audit_grants) : clock(Start()) {
  registry::Files files = registry::SampleFiles();
  for (auto& [path, content] : files) {
    const size_t grants = content.find("audit_grants {");
    if (grants != std::string::npos) content.resize(grants);
  }
  files.emplace_back("audit.textproto", audit_grants);
  std::vector<std::string> faults;
  auto snapshot = registry::Snapshot::Create(std::move(files), &faults);
  CHAYAN_CHECK(snapshot.ok());
  snapshot_ = *std::move(snapshot);
  stack_ = std::make_unique<log::TestStack>(
      store::RegistrySet{snapshot_->digest(), snapshot_->files()}, clock, random_);
  Open();
}

TestRig::~TestRig() { stack_->Stop(); }

void TestRig::Open() {
  page_tokens_ = std::make_unique<PageTokens>(random_);
  with_ = std::unique_ptr<Collaborators>(
      new Collaborators{.committer = stack_->committer(),
                        .store = stack_->store(),
                        .vault = stack_->vault(),
                        .registry = [this] { return snapshot_; },
                        .first_published = [this](uint64_t) -> absl::StatusOr<std::string> {
                          if (published_.empty())
                            return absl::NotFoundError("nothing is published");
                          return published_;
                        },
                        .clock = clock,
                        .random = random_,
                        .page_tokens = *page_tokens_});
  erasures_ = std::make_unique<Erasures>(*with_);
  retention_ = std::make_unique<Retention>(*with_, *erasures_);
}

void TestRig::Restart() {
  stack_->Stop();
  retention_.reset();
  erasures_.reset();
  with_.reset();
  stack_->Reopen();
  Open();
}

void TestRig::TickAll() {
  // Each tick erases some thousand rows; tests have fewer.
  for (int i = 0; i < 4; ++i) {
    retention_->Tick();
    erasures_->Tick();
  }
}

uint64_t TestRig::Record(const Question& question) {
  v1::EntryDetail detail;
  detail.set_person_id("clerk-7");
  detail.set_case_number("113-0042");
  detail.mutable_subject()->mutable_identifier()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  detail.mutable_subject()->mutable_identifier()->set_value(question.subject);
  detail.mutable_subject()->set_name(question.name);
  log::Entry entry;
  entry.type = log::EntryType::kVerification;
  entry.id = Uuid::Version7(clock.Now(), random_);
  entry.member = entry.acting_for = question.member;
  entry.system = "counter";
  entry.cert = crypto::Sha256("certificate of the counter");
  entry.method = "VerifyDocument";
  entry.kind = question.kind;
  entry.purpose = "household.move";
  entry.basis = "household-act-68";
  entry.person_proof = "none";
  entry.grant = "shanhua-land-title";
  entry.registry = snapshot_->digest();
  entry.outcome = "MATCH";
  entry.by = "holder";
  log::VaultInput input;
  const std::string detail_bytes = detail.SerializeAsString();
  input.id = entry.id;
  input.retention_class = question.retention_class;
  input.request = "request";
  input.response = "response";
  input.detail = detail_bytes;
  input.subject = *log::SubjectKey(detail.subject().identifier());
  input.person = log::PersonKey(question.member, "clerk-7");
  input.case_number = log::CaseKey(question.member, "113-0042");
  auto sealed = vault().Seal(input);
  CHAYAN_CHECK(sealed.ok());
  entry.c_req = sealed->c_req;
  entry.c_res = sealed->c_res;
  entry.c_detail = sealed->c_detail;
  log::Outcomes outcomes;
  stack_->committer().Submit(outcomes.Expect(std::move(entry), std::move(sealed->row)));
  const auto committed = outcomes.Wait()[0];
  CHAYAN_CHECK(committed.ok());
  return committed->index;
}

std::string TestRig::RawFiles() const {
  std::string bytes;
  for (const auto& file : std::filesystem::recursive_directory_iterator(stack_->folder().path())) {
    if (!file.is_regular_file()) continue;
    std::ifstream stream(file.path(), std::ios::binary);
    bytes.append(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return bytes;
}

policy::Caller TestRig::Auditor(const std::string& system) {
  policy::Caller caller;
  caller.member = "audit-office";
  caller.system = system;
  caller.role = v1::ROLE_AUDITOR;
  caller.certificate = crypto::Sha256("certificate of " + system);
  return caller;
}

v1::AuditPurpose Purpose(const std::string& id) {
  v1::AuditPurpose purpose;
  purpose.set_person_id(id);
  purpose.set_case_number("115-audit-1");
  return purpose;
}

}  // namespace chayan::audit
