// For tests alone: a small log with its own keys, of which exchanges, receipts and exports are
// made as the gateway makes them.
#ifndef CHAYAN_GATEWAY_CLI_SAMPLE_LOG_FOR_TEST_H_
#define CHAYAN_GATEWAY_CLI_SAMPLE_LOG_FOR_TEST_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "chayan/v1/audit_service.pb.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/receipt.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/log/entry.h"
#include "gateway/registry/sample_set.h"
#include "gateway/registry/snapshot.h"
#include "gateway/tlog/bulk_frame.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/commitment.h"
#include "gateway/tlog/frame.h"
#include "gateway/tlog/policy_file.h"
#include "gateway/tlog/proof_file.h"
#include "gateway/tlog/tile.h"

namespace chayan::cli {

class SampleLog {
 public:
  static constexpr char kOrigin[] = "gw.example/log/2026";

  SampleLog() {
    registry_ = registry::SampleFiles();
    log::Entry genesis;
    genesis.type = log::EntryType::kGenesis;
    genesis.origin = kOrigin;
    genesis.vkey = log_signer().verifier_key().ToString();
    Append(genesis);
  }

  tlog::NoteSigner log_signer() const {
    return {kOrigin, tlog::KeyType::kEd25519, std::make_shared<crypto::Ed25519Key>(log_key_)};
  }
  tlog::NoteSigner witness_signer() const {
    return {"witness.example/w1", tlog::KeyType::kCosignatureV1,
            std::make_shared<crypto::Ed25519Key>(witness_key_)};
  }
  const crypto::Ed25519Key& holder_key() const { return holder_key_; }
  const registry::Files& registry() const { return registry_; }
  std::vector<std::string>& leaves() { return leaves_; }

  static std::string AnswerKeyLine(absl::string_view holder, const crypto::Ed25519Key& key) {
    return absl::StrCat("answer-key ", holder, " ",
                        Base64Encode(crypto::SpkiFromPublicKey(key.public_key())), "\n");
  }
  std::string TrustText() const {
    return absl::StrCat("log ", log_signer().verifier_key().ToString(), "\nwitness w1 ",
                        witness_signer().verifier_key().ToString(), "\nquorum none\n",
                        AnswerKeyLine("land-ad", holder_key_));
  }
  tlog::Policy Trust() const { return *tlog::Policy::Parse(TrustText()); }

  // Appends an entry, one millisecond after the last; one that names no registry set names that in
  // force.
  uint64_t Append(log::Entry entry) {
    time_ += absl::Milliseconds(1);
    entry.id = Uuid::Version7(time_, *random_);
    if (!entry.registry.has_value()) entry.registry = registry::SetDigest(registry_);
    leaves_.push_back(log::RenderLeaf(entry, time_, "gw-1"));
    return leaves_.size() - 1;
  }
  void Wait(absl::Duration time) { time_ += time; }
  // Puts another set in force. An honest log has an entry of it; every set is exported.
  void SwitchRegistry(registry::Files files, bool with_entry = true) {
    earlier_registries_.push_back(std::exchange(registry_, std::move(files)));
    log::Entry entry;
    entry.type = log::EntryType::kRegistry;
    if (with_entry) Append(entry);
  }
  void AppendReads(int count) {
    for (int i = 0; i < count; ++i) {
      log::Entry entry;
      entry.type = log::EntryType::kRead;
      entry.member = "audit-office";
      entry.system = "auditor-1";
      entry.method = "ListEntries";
      Append(entry);
    }
  }

  static v1::VerifyDocumentRequest Question() {
    v1::VerifyDocumentRequest request;
    request.set_request_id("0190a6c0-0000-7000-8000-000000000001");
    request.set_acting_for("hro-shanhua");
    request.mutable_purpose()->mutable_person()->set_id("clerk-7");
    request.mutable_purpose()->mutable_person()->set_role("clerk");
    request.mutable_purpose()->set_purpose_code("household.move");
    request.mutable_purpose()->set_legal_basis("household-act-68");
    request.mutable_purpose()->set_case_number("115-善戶-000123");
    request.set_document_kind("land.title");
    request.mutable_subject()->mutable_identifier()->set_value("A123456789");
    request.mutable_subject()->set_name("王小明");
    v1::Claim* claim = request.add_claims();
    claim->set_code("registered_on");
    claim->mutable_date()->set_era(v1::ERA_ROC);
    claim->mutable_date()->set_year(77);
    claim->mutable_date()->set_month(5);
    claim->mutable_date()->set_day(20);
    return request;
  }
  static v1::VerificationAnswer Answer() {
    v1::VerificationAnswer answer;
    answer.set_request_id(Question().request_id());
    answer.set_outcome(v1::OUTCOME_MATCH);
    v1::ClaimVerdict* verdict = answer.add_verdicts();
    verdict->set_code("registered_on");
    verdict->set_verdict(v1::VERDICT_MATCH);
    verdict->set_match_level(v1::MATCH_LEVEL_EXACT);
    answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
    return answer;
  }

  // What may be made differently from an honest exchange.
  struct Exchange {
    v1::VerifyDocumentRequest request = Question();
    v1::VerificationAnswer answer = Answer();
    std::string status = {};  // instead of the answer
    std::string entry_reason = "NO_GRANT";
    std::string entry_outcome = "MATCH";
    std::string entry_kind = "land.title";
    std::string entry_holder = "land-ad";
    std::string entry_grant = "shanhua-land-title";
    bool holder_signs = true;
    const crypto::Ed25519Key* signing_key = nullptr;
  };

  // Appends the entry of an exchange; the evidence lacks its proof until Prove().
  v1::EvidenceFile Ask(const Exchange& exchange) {
    v1::EvidenceFile evidence;
    evidence.set_request(exchange.request.SerializeAsString());
    if (exchange.status.empty()) {
      evidence.set_answer(exchange.answer.SerializeAsString());
    } else {
      evidence.set_status(exchange.status);
    }
    const crypto::Secret32 secret(*random_);
    const tlog::EntrySecrets secrets(secret);
    const std::string& result = exchange.status.empty() ? evidence.answer() : evidence.status();
    log::Entry entry;
    entry.type = exchange.status.empty() ? log::EntryType::kVerification : log::EntryType::kDenied;
    entry.member = "hro-shanhua";
    entry.system = "counter";
    entry.acting_for = exchange.request.acting_for();
    entry.cert = crypto::Sha256("cert");
    entry.method = "VerifyDocument";
    entry.kind = exchange.entry_kind;
    entry.purpose = exchange.request.purpose().purpose_code();
    entry.basis = exchange.request.purpose().legal_basis();
    entry.person_proof = "none";
    entry.grant = exchange.entry_grant;
    entry.c_req = tlog::Commit(tlog::Committed::kRequest, secrets.request, evidence.request());
    entry.c_res = tlog::Commit(tlog::Committed::kResponse, secrets.response, result);
    entry.c_detail = tlog::Commit(tlog::Committed::kDetail, secrets.detail, "detail");
    if (exchange.status.empty()) {
      entry.holder = exchange.entry_holder;
      entry.outcome = exchange.entry_outcome;
      entry.by = exchange.holder_signs ? "holder" : "gateway";
    } else {
      entry.reason = exchange.entry_reason;
    }
    // The id is drawn by Append: draw the same one to sign over it.
    time_ += absl::Milliseconds(1);
    entry.id = Uuid::Version7(time_, *random_);
    entry.registry = registry::SetDigest(registry_);
    if (exchange.status.empty() && exchange.holder_signs) {
      SignAsHolder(exchange.signing_key == nullptr ? holder_key_ : *exchange.signing_key, entry,
                   evidence);
    }
    leaves_.push_back(log::RenderLeaf(entry, time_, "gw-1"));
    evidence.mutable_receipt()->set_leaf(leaves_.back());
    evidence.mutable_receipt()->set_request_opening(std::string(secrets.request.Expose()));
    evidence.mutable_receipt()->set_response_opening(std::string(secrets.response.Expose()));
    return evidence;
  }

  // Appends the entry of a frame: of notices, or of what a recipient said of them. The evidence of
  // each item lacks its proof until Prove().
  std::vector<v1::EvidenceFile> AskInBulk(int count, bool by_recipient = false) {
    const crypto::Secret32 secret(*random_);
    const tlog::EntrySecrets secrets(secret);
    std::vector<v1::EvidenceFile> all;
    std::vector<crypto::Digest> items;
    for (int i = 0; i < count; ++i) {
      const Uuid id = Uuid::Version7(time_, *random_);
      v1::EvidenceFile& evidence = all.emplace_back();
      by_recipient ? FillReceipt(id, evidence) : FillNotice(id, i, evidence);
      items.push_back(tlog::BulkItem(id, crypto::Sha256(evidence.request()),
                                     crypto::Sha256(evidence.answer())));
    }
    const tlog::BulkFrame frame(items);
    log::Entry entry;
    entry.type = log::EntryType::kBulk;
    entry.member = by_recipient ? "land-ad" : "hro-shanhua";
    entry.system = "counter";
    entry.cert = crypto::Sha256("cert");
    entry.method = by_recipient ? "Connect" : "PublishNotices";
    entry.outcome = by_recipient ? "DELIVERED" : "ACCEPTED";
    if (by_recipient) entry.holder = "land-ad";
    if (by_recipient) entry.hsig = crypto::Sha256("the link's frame");
    entry.c_res =
        tlog::Commit(tlog::Committed::kResponse, secrets.response, frame.CommittedBytes());
    const uint64_t index = Append(entry);
    v1::EntryFrame& kept = frames_[index];
    kept.set_entry_index(index);
    kept.set_response_opening(std::string(secrets.response.Expose()));
    for (size_t i = 0; i < items.size(); ++i) {
      absl::StrAppend(kept.mutable_items(), items[i].raw());
      all[i].mutable_receipt()->set_leaf(leaves_.back());
      all[i].mutable_receipt()->set_response_opening(kept.response_opening());
      const tlog::BulkPlace place = frame.PlaceOf(i);
      all[i].mutable_frame()->set_index(place.index);
      all[i].mutable_frame()->set_count(place.count);
      for (const tlog::Hash& hash : place.path) all[i].mutable_frame()->add_path(hash.ToString());
    }
    return all;
  }
  // By the index of their entries.
  std::map<uint64_t, v1::EntryFrame>& frames() { return frames_; }

  tlog::TreeHead Head(uint64_t size) const {
    tlog::CompactRange range;
    for (uint64_t i = 0; i < size; ++i) range.Append(tlog::LeafHash(leaves_[i]));
    return {range.size(), range.Root()};
  }
  std::string Checkpoint(bool cosigned = false) const {
    return CheckpointAt(leaves_.size(), cosigned);
  }
  std::string CheckpointAt(uint64_t size, bool cosigned = false) const {
    std::string note = *tlog::SignCheckpoint(Head(size), log_signer());
    if (!cosigned) return note;
    const std::string text = note.substr(0, note.find("\n\n") + 1);
    return note + *witness_signer().Cosign(text, 1767225600);
  }

  // Puts the proof for the leaf of `evidence` under the present tree in.
  void Prove(v1::EvidenceFile& evidence, bool cosigned = false) const {
    uint64_t index = 0;
    while (leaves_[index] != evidence.receipt().leaf()) ++index;
    std::vector<tlog::Hash> hashes;
    for (const std::string& leaf : leaves_) hashes.push_back(tlog::LeafHash(leaf));
    const tlog::Batch batch(tlog::CompactRange(), hashes);
    evidence.mutable_receipt()->set_tlog_proof(
        tlog::FormatProofFile({.extra = std::nullopt,
                               .index = index,
                               .path = batch.InclusionProof(index),
                               .checkpoint = Checkpoint(cosigned)}));
  }

  // Writes the export as it is published, without a word of what this room's exporter does.
  void Export(const std::string& directory) const {
    std::vector<tlog::Hash> hashes;
    for (const std::string& leaf : leaves_) hashes.push_back(tlog::LeafHash(leaf));
    tlog::RightEdge edge;
    const auto put = [&](const tlog::TileId& id, absl::string_view bytes) {
      const std::string path = absl::StrCat(directory, "/", tlog::TilePath(id));
      CHAYAN_CHECK(MakeDirectories(path.substr(0, path.rfind('/'))).ok());
      CHAYAN_CHECK(WriteFile(path, bytes).ok());
    };
    for (const auto& [id, bytes] : edge.Append(hashes)) put(id, bytes);
    for (const tlog::TileId& id : tlog::NewTiles(0, leaves_.size())) {
      if (id.is_bundle) {
        std::string bundle;
        for (uint32_t i = 0; i < id.width; ++i) {
          tlog::AppendBundleEntry(bundle, leaves_[id.index * tlog::kTileWidth + i]);
        }
        put(id, bundle);
      } else if (id.width < tlog::kTileWidth) {
        put(id, tlog::EncodeTile(edge.PartialTile(id.level)));
      }
    }
    for (const tlog::TileId& id : tlog::NewTiles(0, leaves_.size())) {
      v1::ListFramesResponse frames;
      for (const auto& [index, frame] : frames_) {
        if (id.is_bundle && index / tlog::kTileWidth == id.index) *frames.add_frames() = frame;
      }
      if (frames.frames().empty()) continue;
      const std::string path = absl::StrCat(
          directory, "/frames", tlog::TilePath(id).substr(std::string("tile/entries").size()));
      CHAYAN_CHECK(MakeDirectories(path.substr(0, path.rfind('/'))).ok());
      CHAYAN_CHECK(WriteFile(path, frames.SerializeAsString()).ok());
    }
    ExportRegistry(directory, registry_);
    for (const registry::Files& files : earlier_registries_) ExportRegistry(directory, files);
    CHAYAN_CHECK(WriteFile(absl::StrCat(directory, "/checkpoint"), Checkpoint()).ok());
  }

 private:
  static void FillNotice(const Uuid& id, int number, v1::EvidenceFile& evidence) {
    v1::PublishNoticeRequest request;
    request.set_request_id(absl::StrCat("0190a6c0-0000-7000-8000-", 100000000000 + number));
    request.mutable_purpose()->mutable_person()->set_id("clerk-8");
    v1::AcceptedNotice answer;
    answer.set_request_id(request.request_id());
    answer.set_notice_id(id.ToText());
    evidence.set_request(request.SerializeAsString());
    evidence.set_answer(answer.SerializeAsString());
  }
  static void FillReceipt(const Uuid& id, v1::EvidenceFile& evidence) {
    v1::DeliveredNotice notice;
    notice.set_delivery_id(id.ToText());
    v1::DeliveryReceipt receipt;
    receipt.set_delivery_id(id.ToText());
    receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
    evidence.set_request(notice.SerializeAsString());
    evidence.set_answer(receipt.SerializeAsString());
  }
  static void ExportRegistry(const std::string& directory, const registry::Files& files) {
    for (const auto& [name, content] : files) {
      const std::string path =
          absl::StrCat(directory, "/registry/", registry::SetDigest(files).ToHex(), "/", name);
      CHAYAN_CHECK(MakeDirectories(path.substr(0, path.rfind('/'))).ok());
      CHAYAN_CHECK(WriteFile(path, content).ok());
    }
  }
  void SignAsHolder(const crypto::Ed25519Key& key, log::Entry& entry, v1::EvidenceFile& evidence) {
    // The second of three answers in its frame.
    const tlog::Frame frame({crypto::Sha256("one"),
                             tlog::AnswerDigest(entry.id, evidence.request(), evidence.answer()),
                             crypto::Sha256("three")});
    const tlog::HolderSignature signature =
        frame.ForAnswer(1, crypto::KeyId(key.public_key()), *frame.Sign(key));
    entry.hsig = tlog::HolderSignatureDigest(signature);
    v1::HolderSignature* proto = evidence.mutable_receipt()->mutable_holder_signature();
    proto->set_key_id(signature.key_id.ToString());
    proto->set_signature(signature.signature.ToString());
    proto->set_index(signature.index);
    proto->set_count(signature.count);
    for (const tlog::Hash& hash : signature.path) proto->add_path(hash.ToString());
  }

  std::shared_ptr<SeededRandom> random_ = std::make_shared<SeededRandom>(2026);
  crypto::Ed25519Key log_key_ = crypto::Ed25519Key::Generate(*random_);
  crypto::Ed25519Key witness_key_ = crypto::Ed25519Key::Generate(*random_);
  crypto::Ed25519Key holder_key_ = crypto::Ed25519Key::Generate(*random_);
  absl::Time time_ = absl::FromUnixSeconds(1767225600);
  registry::Files registry_;  // in force
  std::vector<registry::Files> earlier_registries_;
  std::vector<std::string> leaves_;
  std::map<uint64_t, v1::EntryFrame> frames_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_SAMPLE_LOG_FOR_TEST_H_
