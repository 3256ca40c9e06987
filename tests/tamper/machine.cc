#include "tests/tamper/machine.h"

#include <stdio.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/audit_export.h"
#include "gateway/cli/sample_log_for_test.h"
#include "gateway/log/test_log.h"
#include "gateway/store/sqlite.h"
#include "gateway/tlog/add_checkpoint.h"
#include "gateway/tlog/frame.h"
#include "gateway/tlog/merkle.h"

namespace chayan::tamper {
namespace {

using cli::SampleLog;

tlog::CompactRange TreeOf(const std::vector<std::string>& leaves, uint64_t first, uint64_t count) {
  tlog::CompactRange tree;
  for (uint64_t i = first; i < first + count; ++i) tree.Append(tlog::LeafHash(leaves[i]));
  return tree;
}

void PutSignature(const tlog::HolderSignature& signature, v1::Receipt& receipt) {
  v1::HolderSignature* proto = receipt.mutable_holder_signature();
  proto->set_key_id(signature.key_id.ToString());
  proto->set_signature(signature.signature.ToString());
  proto->set_index(signature.index);
  proto->set_count(signature.count);
  for (const tlog::Hash& hash : signature.path) proto->add_path(hash.ToString());
}

}  // namespace

Ran RunProgram(const std::string& command) {
  Ran ran;
  FILE* const pipe = popen(absl::StrCat("LC_ALL=C ", command, " 2>&1").c_str(), "r");
  CHAYAN_CHECK(pipe != nullptr);
  char block[4096];
  for (size_t got; (got = fread(block, 1, sizeof(block), pipe)) > 0;) ran.text.append(block, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) ran.exit_code = WEXITSTATUS(status);
  return ran;
}

Machine::Machine() {
  CHAYAN_CHECK(MakeDirectories(folder_ / "gateway").ok());
  std::string kek(32, '\0');
  random_.Fill({reinterpret_cast<uint8_t*>(kek.data()), kek.size()});
  CHAYAN_CHECK(WriteFile(folder_ / "kek", Base64Encode(kek) + "\n", 0600).ok());
  auto witness = witness::Witness::Create({.state_directory = folder_ / "witness", .logs = Trust()},
                                          witness_key_, clock_);
  CHAYAN_CHECK(witness.ok());
  witness_ = *std::move(witness);
  auto answers = sdk::AnswerLog::Open(folder_ / "answers");
  CHAYAN_CHECK(answers.ok());
  answers_ = *std::move(answers);
  const absl::Status started = Start();
  CHAYAN_CHECK(started.ok());
}

absl::Status Machine::Start() {
  CHAYAN_ASSIGN_OR_RETURN(store_, store::SqliteStore::Open(StorePath()));
  CHAYAN_ASSIGN_OR_RETURN(
      vault_, log::Vault::Create(folder_ / "kek", folder_ / "vault-keys", clock_, random_));
  store::RegistrySet set{.digest = registry::SetDigest(registry_), .files = registry_};
  CHAYAN_ASSIGN_OR_RETURN(
      committer_,
      log::Committer::Create({.gateway = "gw-1", .origin = kOrigin, .head_file = GuardPath()},
                             *store_, log_key_, clock_, random_, std::move(set)));
  return absl::OkStatus();
}

void Machine::Stop() {
  if (committer_ != nullptr) committer_->Stop();
  committer_.reset();
  vault_.reset();
  store_.reset();
}

Machine::Drafted Machine::Draft(const crypto::Ed25519Key& key) {
  clock_.Advance(absl::Milliseconds(1));
  Drafted drafted;
  v1::EvidenceFile& evidence = drafted.evidence;
  evidence.set_request(SampleLog::Question().SerializeAsString());
  evidence.set_answer(SampleLog::Answer().SerializeAsString());
  log::Entry& entry = drafted.entry;
  entry.type = log::EntryType::kVerification;
  entry.id = Uuid::Version7(clock_.Now(), random_);
  auto sealed = vault_->Seal({.id = entry.id,
                              .retention_class = v1::RETENTION_CLASS_FIVE_YEARS,
                              .request = evidence.request(),
                              .response = evidence.answer(),
                              .detail = "the sealed detail",
                              .subject = kSubject,
                              .person = "",
                              .case_number = ""});
  CHAYAN_CHECK(sealed.ok());
  auto frame = sdk::FrameSigner(key).Sign({{.exchange_id = entry.id,
                                            .request_digest = crypto::Sha256(evidence.request()),
                                            .answer_digest = crypto::Sha256(evidence.answer())}});
  CHAYAN_CHECK(frame.ok());
  drafted.frame = *std::move(frame);
  drafted.vault = std::move(sealed->row);
  entry.member = "hro-shanhua";
  entry.system = "counter";
  entry.acting_for = "hro-shanhua";
  entry.cert = crypto::Sha256("cert");
  entry.method = "VerifyDocument";
  entry.kind = "land.title";
  entry.holder = kHolder;
  entry.purpose = "household.move";
  entry.basis = "household-act-68";
  entry.person_proof = "none";
  entry.grant = "shanhua-land-title";
  entry.registry = registry::SetDigest(registry_);
  entry.outcome = "MATCH";
  entry.by = "holder";
  entry.hsig = tlog::HolderSignatureDigest(drafted.frame.proofs[0]);
  entry.c_req = sealed->c_req;
  entry.c_res = sealed->c_res;
  entry.c_detail = sealed->c_detail;
  evidence.mutable_receipt()->set_request_opening(sealed->request_opening);
  evidence.mutable_receipt()->set_response_opening(sealed->response_opening);
  PutSignature(drafted.frame.proofs[0], *evidence.mutable_receipt());
  return drafted;
}

uint64_t Machine::Enter(Drafted& drafted) {
  log::Outcomes outcomes;
  committer_->Submit(outcomes.Expect(std::move(drafted.entry), std::move(drafted.vault)));
  const absl::StatusOr<log::Committed> committed = outcomes.Wait()[0];
  CHAYAN_CHECK(committed.ok());
  drafted.evidence.mutable_receipt()->set_leaf(committed->leaf);
  drafted.evidence.mutable_receipt()->set_tlog_proof(committed->tlog_proof);
  return committed->index;
}

v1::EvidenceFile Machine::Ask() {
  Drafted drafted = Draft(holder_key_);
  CHAYAN_CHECK(answers_->Answered(drafted.frame, clock_.Now()).ok());
  const uint64_t index = Enter(drafted);
  const Uuid& id = drafted.frame.answers[0].exchange_id;
  CHAYAN_CHECK(answers_->Recorded({{id, index}}, clock_.Now()).ok());
  return drafted.evidence;
}

void Machine::AskAroundTheLog() {
  const Drafted drafted = Draft(holder_key_);
  CHAYAN_CHECK(answers_->Answered(drafted.frame, clock_.Now()).ok());
}

v1::EvidenceFile Machine::Invent() {
  SeededRandom random(99);
  Drafted drafted = Draft(crypto::Ed25519Key::Generate(random));
  Enter(drafted);
  return drafted.evidence;
}

void Machine::AppendReads(int count) {
  log::Outcomes outcomes;
  for (int i = 0; i < count; ++i) {
    log::Entry entry;
    entry.type = log::EntryType::kRead;
    entry.id = Uuid::Version7(clock_.Now(), random_);
    entry.member = "audit-office";
    entry.system = "auditor-1";
    entry.method = "ListEntries";
    entry.registry = registry::SetDigest(registry_);
    committer_->Submit(outcomes.Expect(std::move(entry)));
  }
  for (const auto& committed : outcomes.Wait()) CHAYAN_CHECK(committed.ok());
  clock_.Advance(absl::Milliseconds(1));
}

std::string Machine::Publish() {
  const std::string note = committer_->Checkpoint();
  const witness::Answer answer = AskWitness(note, Leaves());
  CHAYAN_CHECK(answer.status == 200);
  cosigned_ = committer_->Status().size;
  const std::string cosigned = note + answer.body;
  CHAYAN_CHECK(store_->publications()
                   ->Put({.size = cosigned_,
                          .note = cosigned,
                          .time_ms = absl::ToUnixMillis(clock_.Now()),
                          .witnessed = true,
                          .timestamp = ""})
                   .ok());
  return cosigned;
}

witness::Answer Machine::AskWitness(const std::string& note,
                                    const std::vector<std::string>& leaves) {
  tlog::AddCheckpoint request{.old_size = cosigned_, .proof = {}, .checkpoint = note};
  if (cosigned_ > 0 && cosigned_ <= leaves.size()) {
    request.proof =
        tlog::ConsistencyProof(cosigned_, leaves.size(),
                               [&](const tlog::NodeId& node) -> absl::StatusOr<tlog::Hash> {
                                 const uint64_t width = uint64_t{1} << node.level;
                                 return TreeOf(leaves, node.index * width, width).Root();
                               })
            .value();
  }
  return witness_->AddCheckpoint(tlog::FormatAddCheckpoint(request));
}

absl::StatusOr<std::vector<std::string>> Machine::ReadLeaves() {
  std::vector<std::string> leaves;
  while (leaves.size() < committer_->Status().size) {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> some,
                            store_->ReadLeaves(leaves.size(), 1000, 1 << 20));
    leaves.insert(leaves.end(), some.begin(), some.end());
  }
  return leaves;
}

std::string Machine::Sign(const std::vector<std::string>& leaves) const {
  const tlog::CompactRange tree = TreeOf(leaves, 0, leaves.size());
  return *tlog::SignCheckpoint({tree.size(), tree.Root()}, LogSigner());
}

absl::StatusOr<std::string> Machine::ExportTo(const std::string& note,
                                              const std::vector<std::string>& leaves) {
  const std::string directory = folder_ / absl::StrCat("export-", ++exports_);
  cli::LogSource source;
  source.checkpoint = [&]() -> absl::StatusOr<std::string> { return note; };
  source.leaves = [&](uint64_t first, uint64_t end) -> absl::StatusOr<std::vector<std::string>> {
    return std::vector<std::string>(leaves.begin() + static_cast<std::ptrdiff_t>(first),
                                    leaves.begin() + static_cast<std::ptrdiff_t>(end));
  };
  source.registry_set = [&](const crypto::Digest& digest) -> absl::StatusOr<registry::Files> {
    if (store_ == nullptr) return registry_;
    CHAYAN_ASSIGN_OR_RETURN(const store::RegistrySet set, store_->ReadRegistry(digest));
    return set.files;
  };
  CHAYAN_RETURN_IF_ERROR(cli::ExportLog(directory, Trust(), source).status());
  return directory;
}

absl::StatusOr<std::string> Machine::Export() {
  const auto published = store_->publications()->ReadNewest(store::PublicationKind::kAny);
  const bool whole = published.ok() && published->size == committer_->Status().size;
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves, ReadLeaves());
  return ExportTo(whole ? published->note : committer_->Checkpoint(), leaves);
}

std::string Machine::ExportForged(const std::vector<std::string>& leaves, const std::string& note) {
  const auto directory = ExportTo(note.empty() ? Sign(leaves) : note, leaves);
  CHAYAN_CHECK(directory.ok());
  return *directory;
}

tlog::NoteSigner Machine::LogSigner() const {
  return {kOrigin, tlog::KeyType::kEd25519, std::make_shared<crypto::Ed25519Key>(log_key_)};
}

std::string Machine::TrustText() const {
  return absl::StrCat("log ", LogSigner().verifier_key().ToString(), "\nwitness w1 ",
                      witness_key_.verifier_key().ToString(), "\nquorum none\n",
                      SampleLog::AnswerKeyLine(kHolder, holder_key_));
}

tlog::Policy Machine::Trust() const { return *tlog::Policy::Parse(TrustText()); }

Ran Machine::Verify(const std::string& directory, const std::string& more) const {
  return RunProgram(absl::StrCat(CHAYAN_AUDIT_PROGRAM, " verify ", directory, " --trust ",
                                 Keep("trust", TrustText()), " ", more));
}

Ran Machine::VerifyWitnessed(const std::string& directory) const {
  return RunProgram(absl::StrCat(CHAYAN_AUDIT_PROGRAM, " verify ", directory, " --vkey ",
                                 LogSigner().verifier_key().ToString(), " --witness ",
                                 witness_key_.verifier_key().ToString()));
}

Ran Machine::Reconcile(const std::string& directory) const {
  return RunProgram(absl::StrCat(CHAYAN_PROGRAM, " audit reconcile ", directory, " --trust ",
                                 Keep("trust", TrustText()), " --holder ", kHolder, " --answers ",
                                 folder_ / "answers"));
}

std::string Machine::Keep(const std::string& name, const std::string& bytes) const {
  const std::string path = folder_ / name;
  CHAYAN_CHECK(WriteFile(path, bytes).ok());
  return path;
}

std::string Machine::KeepReceipt(const v1::EvidenceFile& evidence) const {
  const std::string directory = folder_ / "receipts";
  CHAYAN_CHECK(MakeDirectories(directory).ok());
  CHAYAN_CHECK(WriteFile(directory + "/office.chayan", evidence.SerializeAsString()).ok());
  return directory;
}

}  // namespace chayan::tamper
