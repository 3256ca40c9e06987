#include "gateway/cli/receipt_check.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/notice_agreement.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/commitment.h"
#include "gateway/tlog/frame.h"
#include "gateway/tlog/proof_file.h"
#include "google/protobuf/stubs/logging.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::cli {
namespace {

// Of some 500 bytes each. Files that were upgraded together share one.
constexpr size_t kCheckpointsHeldMax = 1024;

absl::Status Lie(absl::string_view what) { return absl::DataLossError(what); }

bool HasUnknownFields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

// Runs the steps one by one over one report.
class Steps {
 public:
  Steps(absl::string_view bytes, EvidenceChecker& checker)
      : bytes_(bytes), trust_(checker.trust()), checker_(checker) {}

  ReceiptReport Run() && {
    using Step = absl::Status (Steps::*)(std::string&);
    constexpr std::pair<CheckStep, Step> kSteps[] = {
        {CheckStep::kFile, &Steps::File},
        {CheckStep::kEntry, &Steps::EntryShape},
        {CheckStep::kCheckpoint, &Steps::CheckpointSignature},
        {CheckStep::kInclusion, &Steps::Inclusion},
        {CheckStep::kWitnesses, &Steps::Witnesses},
        {CheckStep::kRequestCommitment, &Steps::RequestCommitment},
        {CheckStep::kAnswerCommitment, &Steps::AnswerCommitment},
        {CheckStep::kAgreement, &Steps::Agreement},
        {CheckStep::kHolderSignature, &Steps::HolderSignature},
    };
    for (const auto& [step, run] : kSteps) {
      CheckedStep checked{.step = step, .status = absl::OkStatus(), .detail = ""};
      checked.status = (this->*run)(checked.detail);
      report_.steps.push_back(std::move(checked));
      if (!report_.ok()) break;
    }
    return std::move(report_);
  }

 private:
  const v1::EvidenceFile& evidence() const { return report_.evidence; }
  const v1::Receipt& receipt() const { return report_.evidence.receipt(); }
  bool covers_frame() const { return report_.leaf.known_type == log::EntryType::kBulk; }
  const std::string& result() const {
    return evidence().has_status() ? evidence().status() : evidence().answer();
  }

  absl::Status File(std::string& detail) {
    v1::EvidenceFile& file = report_.evidence;
    // A file that is none is this check's finding, not protobuf's to shout about.
    const google::protobuf::LogSilencer silence;
    if (!file.ParseFromArray(bytes_.data(), static_cast<int>(bytes_.size()))) {
      return Lie("not an evidence file");
    }
    // One spelling only: what is not looked at could be anything.
    if (HasUnknownFields(file) || HasUnknownFields(file.receipt()) ||
        HasUnknownFields(file.receipt().holder_signature()) || HasUnknownFields(file.frame()) ||
        bytes_ != absl::string_view(file.SerializeAsString())) {
      return Lie("the file holds bytes that belong to no field");
    }
    if (!file.has_receipt()) return Lie("the file holds no receipt");
    if (file.result_case() == v1::EvidenceFile::RESULT_NOT_SET) {
      return Lie("the file holds neither answer nor error");
    }
    CHAYAN_ASSIGN_OR_RETURN(proof_, tlog::ParseProofFile(receipt().tlog_proof()));
    if (proof_.extra.has_value()) return Lie("the proof holds extra data that nothing proves");
    detail = absl::StrCat(bytes_.size(), " bytes");
    return absl::OkStatus();
  }

  absl::Status EntryShape(std::string& detail) {
    CHAYAN_ASSIGN_OR_RETURN(report_.leaf, log::ParseLeaf(receipt().leaf()));
    const log::ParsedLeaf& leaf = report_.leaf;
    const bool answered = leaf.known_type == log::EntryType::kVerification || RecordsNotice(leaf);
    const bool refused =
        leaf.known_type == log::EntryType::kDenied || leaf.known_type == log::EntryType::kFailed;
    if (!answered && !refused) {
      return Lie(absl::StrCat("an entry of type ", leaf.type, " records no call of its caller"));
    }
    if (answered != evidence().has_answer()) {
      return Lie(absl::StrCat("the entry is of type ", leaf.type, ", but the file holds ",
                              evidence().has_answer() ? "an answer" : "an error"));
    }
    if (covers_frame() != evidence().has_frame()) {
      return Lie(covers_frame() ? "the entry covers a frame, and the file says of no place in it"
                                : "the entry covers no frame, and the file says of a place in one");
    }
    detail = absl::StrCat(leaf.type, " ", leaf.id.ToText());
    return absl::OkStatus();
  }

  absl::Status CheckpointSignature(std::string& detail) {
    CHAYAN_ASSIGN_OR_RETURN(tlog::CheckpointStanding standing,
                            checker_.CheckCheckpoint(proof_.checkpoint));
    detail = absl::StrCat(standing.checkpoint.origin, ", ", standing.checkpoint.head.size);
    report_.standing = tlog::InclusionStanding{proof_.index, std::move(standing)};
    return absl::OkStatus();
  }

  absl::Status Inclusion(std::string& detail) {
    const tlog::TreeHead& head = report_.standing->checkpoint.checkpoint.head;
    detail = absl::StrCat(proof_.index);
    return tlog::VerifyInclusion(proof_.index, head.size, tlog::LeafHash(receipt().leaf()),
                                 proof_.path, head.root);
  }

  absl::Status Witnesses(std::string& detail) {
    report_.witness_count = trust_.witnesses().size();
    const size_t seen = report_.standing->checkpoint.witnesses.size();
    detail = absl::StrCat(seen, "/", report_.witness_count);
    if (report_.standing->checkpoint.quorum_met) return absl::OkStatus();
    return Lie(absl::StrCat(seen, " of ", report_.witness_count,
                            " witnesses cosigned, fewer than the trust file's quorum asks for"));
  }

  absl::Status Commitment(tlog::Committed what, absl::string_view key, absl::string_view opening,
                          absl::string_view bytes) {
    const absl::string_view text = report_.leaf.Get(key);
    if (text.empty()) return Lie(absl::StrCat("the entry has no ", key));
    CHAYAN_ASSIGN_OR_RETURN(const std::string commitment, Base64Decode(text));
    return tlog::VerifyCommitment(what, opening, bytes, commitment);
  }

  absl::Status RequestCommitment(std::string& detail) {
    detail = absl::StrCat(evidence().request().size(), " bytes");
    // The frame holds requests with their answers.
    if (covers_frame()) return absl::OkStatus();
    return Commitment(tlog::Committed::kRequest, "c_req", receipt().request_opening(),
                      evidence().request());
  }

  absl::Status AnswerCommitment(std::string& detail) {
    detail = absl::StrCat(result().size(), " bytes");
    if (covers_frame()) return FrameCommitment(detail);
    return Commitment(tlog::Committed::kResponse, "c_res", receipt().response_opening(), result());
  }

  // That request and answer stand in the frame that the entry covers.
  absl::Status FrameCommitment(std::string& detail) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string committed, FrameBytesFrom(report_.leaf, evidence()));
    absl::StrAppend(&detail, ", ", evidence().frame().index(), "/", evidence().frame().count());
    return Commitment(tlog::Committed::kResponse, "c_res", receipt().response_opening(), committed);
  }

  absl::Status SameReason() {
    google::rpc::Status status;
    if (!status.ParseFromString(evidence().status())) return Lie("the error cannot be read");
    for (const google::protobuf::Any& any : status.details()) {
      google::rpc::ErrorInfo info;
      if (!any.UnpackTo(&info)) continue;
      if (info.reason() == report_.leaf.Get("reason")) return absl::OkStatus();
    }
    return Lie("the entry records another reason than the error gives");
  }

  absl::Status Agreement(std::string& detail) {
    if (!evidence().has_answer()) {
      detail = std::string(report_.leaf.Get("reason"));
      return SameReason();
    }
    if (RecordsNotice(report_.leaf)) {
      CHAYAN_ASSIGN_OR_RETURN(detail, CheckNoticeAgreement(report_.leaf, evidence()));
      return absl::OkStatus();
    }
    v1::VerifyDocumentRequest request;
    v1::VerificationAnswer answer;
    if (!request.ParseFromString(evidence().request()) ||
        !answer.ParseFromString(evidence().answer())) {
      return Lie("request or answer cannot be read");
    }
    if (answer.request_id() != request.request_id()) {
      return Lie("the answer belongs to another question: it repeats another request id");
    }
    CHAYAN_RETURN_IF_ERROR(CheckSameCode(report_.leaf, "kind", request.document_kind()));
    CHAYAN_RETURN_IF_ERROR(CheckSameCode(report_.leaf, "for", request.acting_for()));
    CHAYAN_RETURN_IF_ERROR(
        CheckSameCode(report_.leaf, "purpose", request.purpose().purpose_code()));
    CHAYAN_RETURN_IF_ERROR(CheckSameCode(report_.leaf, "basis", request.purpose().legal_basis()));
    if (absl::StrCat("OUTCOME_", report_.leaf.Get("outcome")) !=
        v1::Outcome_Name(answer.outcome())) {
      return Lie("the entry records another outcome than the answer says");
    }
    const bool by_holder = report_.leaf.Get("by") == "holder";
    if (by_holder != (answer.answered_by() == v1::ANSWER_SOURCE_HOLDER)) {
      return Lie("entry and answer differ on who made the answer");
    }
    detail = request.request_id();
    return absl::OkStatus();
  }

  absl::StatusOr<tlog::HolderSignature> ReadSignature() const {
    const v1::HolderSignature& proto = receipt().holder_signature();
    tlog::HolderSignature signature;
    CHAYAN_ASSIGN_OR_RETURN(signature.key_id, crypto::Digest::FromRaw(proto.key_id()));
    CHAYAN_ASSIGN_OR_RETURN(signature.signature,
                            crypto::Ed25519Signature::FromRaw(proto.signature()));
    signature.index = proto.index();
    signature.count = proto.count();
    if (static_cast<size_t>(proto.path_size()) > tlog::kPathHashesMax) {
      return Lie("a path longer than any tree is high");
    }
    for (const std::string& hash : proto.path()) {
      CHAYAN_ASSIGN_OR_RETURN(const tlog::Hash parsed, tlog::Hash::FromRaw(hash));
      signature.path.push_back(parsed);
    }
    return signature;
  }

  // The key of that id which the trust file gives to the entry's holder, and to nobody else.
  absl::StatusOr<crypto::Ed25519PublicKey> FindAnswerKey(const crypto::Digest& key_id) const {
    const absl::string_view holder = report_.leaf.Get("holder");
    std::string owner;
    for (const tlog::Policy::AnswerKey& key : trust_.answer_keys()) {
      if (crypto::KeyId(key.key) != key_id) continue;
      if (key.holder == holder) return key.key;
      owner = key.holder;
    }
    if (!owner.empty()) {
      return Lie(absl::StrCat("signed by the key of ", owner, " in the name of ", holder));
    }
    return Lie(absl::StrCat("the trust file has no answer key of ", holder,
                            " with the id of the one that signed; ask ", holder,
                            " for it and add `answer-key ", holder, " BASE64-SPKI`"));
  }

  absl::Status HolderSignature(std::string& detail) {
    // It is over the frame of the link in which a recipient said it; the bytes stand in its own
    // log.
    if (covers_frame()) return absl::OkStatus();
    const absl::string_view recorded = report_.leaf.Get("hsig");
    const bool by_holder = report_.leaf.Get("by") == "holder" && !IsBoundByCall(report_.leaf);
    if (by_holder && (recorded.empty() || !receipt().has_holder_signature())) {
      return Lie("the holder is said to have answered, but its signature is missing");
    }
    if (!by_holder) {
      if (!recorded.empty() || receipt().has_holder_signature()) {
        return Lie("the gateway is said to have answered, but there is a holder's signature");
      }
      return absl::OkStatus();
    }
    CHAYAN_ASSIGN_OR_RETURN(const tlog::HolderSignature signature, ReadSignature());
    if (tlog::HolderSignatureDigest(signature).ToBase64() != recorded) {
      return Lie("the entry records another signature of the holder than the receipt holds");
    }
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519PublicKey key, FindAnswerKey(signature.key_id));
    crypto::Digest signed_digest =
        tlog::AnswerDigest(report_.leaf.id, evidence().request(), evidence().answer());
    if (report_.leaf.known_type == log::EntryType::kDelivery) {
      CHAYAN_ASSIGN_OR_RETURN(signed_digest, SignedDelivery(evidence()));
    }
    CHAYAN_RETURN_IF_ERROR(tlog::VerifyHolderSignature(key, signed_digest, signature));
    report_.holder_signed = true;
    detail = std::string(report_.leaf.Get("holder"));
    return absl::OkStatus();
  }

  const absl::string_view bytes_;
  const tlog::Policy& trust_;
  EvidenceChecker& checker_;
  tlog::ProofFile proof_;
  ReceiptReport report_;
};

}  // namespace

absl::string_view StepName(CheckStep step) {
  switch (step) {
    case CheckStep::kFile:
      return "file";
    case CheckStep::kEntry:
      return "entry";
    case CheckStep::kCheckpoint:
      return "checkpoint";
    case CheckStep::kInclusion:
      return "inclusion";
    case CheckStep::kWitnesses:
      return "witnesses";
    case CheckStep::kRequestCommitment:
      return "request-commitment";
    case CheckStep::kAnswerCommitment:
      return "answer-commitment";
    case CheckStep::kAgreement:
      return "agreement";
    case CheckStep::kHolderSignature:
      return "holder-signature";
  }
  return "";
}

ReceiptReport CheckEvidence(absl::string_view evidence_bytes, const tlog::Policy& trust) {
  return EvidenceChecker(trust).Check(evidence_bytes);
}

ReceiptReport EvidenceChecker::Check(absl::string_view evidence_bytes) {
  return Steps(evidence_bytes, *this).Run();
}

absl::StatusOr<tlog::CheckpointStanding> EvidenceChecker::CheckCheckpoint(const std::string& note) {
  const auto known = held_.find(note);
  if (known != held_.end()) return known->second;
  CHAYAN_ASSIGN_OR_RETURN(tlog::CheckpointStanding standing, tlog::CheckCheckpoint(note, trust_));
  if (held_.size() == kCheckpointsHeldMax) held_.clear();
  return held_.emplace(note, std::move(standing)).first->second;
}

}  // namespace chayan::cli
