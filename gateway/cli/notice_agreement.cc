#include "gateway/cli/notice_agreement.h"

#include "absl/strings/str_cat.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/bulk_frame.h"
#include "gateway/tlog/frame.h"

namespace chayan::cli {
namespace {

using log::EntryType;

absl::Status Lie(absl::string_view what) { return absl::DataLossError(what); }

template <typename Message>
absl::StatusOr<Message> Parse(const std::string& bytes, absl::string_view what) {
  Message message;
  if (!message.ParseFromString(bytes)) return Lie(absl::StrCat(what, " cannot be read"));
  return message;
}

absl::Status CheckState(const log::ParsedLeaf& leaf, v1::DeliveryState state) {
  if (absl::StrCat("DELIVERY_STATE_", leaf.Get("outcome")) == v1::DeliveryState_Name(state)) {
    return absl::OkStatus();
  }
  return Lie("the entry records another state than the answer says");
}

absl::Status CheckDelivery(const std::string& asked, const std::string& answered) {
  return asked == answered ? absl::OkStatus() : Lie("the answer is about another delivery");
}

// Of the three ways to publish, what the request says for all of them.
struct Published {
  std::string request_id;
  std::string kind;  // empty: the request names none
  std::string acting_for;
  std::string basis;
  std::string follows;
};

Published Of(const v1::PublishNoticeRequest& request) {
  return {.request_id = request.request_id(),
          .kind = request.notice_kind(),
          .acting_for = request.acting_for(),
          .basis = request.purpose().legal_basis(),
          .follows = {}};
}

absl::StatusOr<Published> ReadPublished(const log::ParsedLeaf& leaf, const std::string& bytes) {
  if (leaf.Get("method") == "SupersedeNotice") {
    CHAYAN_ASSIGN_OR_RETURN(const auto request,
                            Parse<v1::SupersedeNoticeRequest>(bytes, "the request"));
    Published published = Of(request.replacement());
    published.follows = request.notice_id();
    return published;
  }
  if (leaf.Get("method") == "ReverseNotice") {
    CHAYAN_ASSIGN_OR_RETURN(const auto request,
                            Parse<v1::ReverseNoticeRequest>(bytes, "the request"));
    return Published{.request_id = request.request_id(),
                     .kind = {},
                     .acting_for = request.acting_for(),
                     .basis = request.purpose().legal_basis(),
                     .follows = request.notice_id()};
  }
  CHAYAN_ASSIGN_OR_RETURN(const auto request,
                          Parse<v1::PublishNoticeRequest>(bytes, "the request"));
  return Of(request);
}

absl::StatusOr<std::string> CheckPublished(const log::ParsedLeaf& leaf,
                                           const v1::EvidenceFile& evidence) {
  CHAYAN_ASSIGN_OR_RETURN(const Published request, ReadPublished(leaf, evidence.request()));
  CHAYAN_ASSIGN_OR_RETURN(const auto answer,
                          Parse<v1::AcceptedNotice>(evidence.answer(), "the answer"));
  if (answer.request_id() != request.request_id) {
    return Lie("the answer belongs to another notice: it repeats another request id");
  }
  if (answer.follows_notice_id() != request.follows) {
    return Lie("the answer follows another notice than the request names");
  }
  // A bulk entry is of many notices; its frame says that this is one of them.
  if (leaf.known_type != EntryType::kBulk && answer.notice_id() != leaf.id.ToText()) {
    return Lie("the entry is of another notice than the answer names");
  }
  if (!request.kind.empty()) CHAYAN_RETURN_IF_ERROR(CheckSameCode(leaf, "kind", request.kind));
  CHAYAN_RETURN_IF_ERROR(CheckSameCode(leaf, "for", request.acting_for));
  CHAYAN_RETURN_IF_ERROR(CheckSameCode(leaf, "basis", request.basis));
  return answer.notice_id();
}

// The entry names kind and entry of the notice that it is about.
absl::Status CheckAbout(const log::ParsedLeaf& leaf, const v1::DeliveredNotice& notice) {
  CHAYAN_RETURN_IF_ERROR(CheckSameCode(leaf, "kind", notice.notice_kind()));
  if (leaf.Get("ref") == absl::StrCat(notice.entry_index())) return absl::OkStatus();
  return Lie("the entry is about another notice than the one that came");
}

// That a notice came: the request is the notice, the answer what its recipient said.
absl::StatusOr<std::string> CheckReceived(const log::ParsedLeaf& leaf,
                                          const v1::EvidenceFile& evidence) {
  CHAYAN_ASSIGN_OR_RETURN(const auto notice,
                          Parse<v1::DeliveredNotice>(evidence.request(), "the notice"));
  CHAYAN_ASSIGN_OR_RETURN(const auto receipt,
                          Parse<v1::DeliveryReceipt>(evidence.answer(), "the receipt"));
  CHAYAN_RETURN_IF_ERROR(CheckDelivery(notice.delivery_id(), receipt.delivery_id()));
  if (leaf.known_type != EntryType::kBulk) CHAYAN_RETURN_IF_ERROR(CheckAbout(leaf, notice));
  // Of a connector that the operator runs, the log says that it was handed over.
  const bool handed_over =
      leaf.Get("outcome") == "HANDED_OVER" && receipt.state() == v1::DELIVERY_STATE_DELIVERED;
  if (!handed_over) CHAYAN_RETURN_IF_ERROR(CheckState(leaf, receipt.state()));
  return notice.delivery_id();
}

// A step that its caller took: an acknowledgement, or sending it again.
template <typename Request>
absl::StatusOr<std::string> CheckStep(const log::ParsedLeaf& leaf, const v1::EvidenceFile& evidence,
                                      const std::string& (*delivery_of)(const Request&)) {
  CHAYAN_ASSIGN_OR_RETURN(const auto request, Parse<Request>(evidence.request(), "the request"));
  CHAYAN_ASSIGN_OR_RETURN(const auto answer,
                          Parse<v1::DeliveryStatus>(evidence.answer(), "the answer"));
  CHAYAN_RETURN_IF_ERROR(CheckDelivery(delivery_of(request), answer.delivery_id()));
  CHAYAN_RETURN_IF_ERROR(CheckState(leaf, answer.state()));
  return answer.delivery_id();
}

absl::StatusOr<std::string> CheckFetched(const log::ParsedLeaf& leaf,
                                         const v1::EvidenceFile& evidence) {
  CHAYAN_ASSIGN_OR_RETURN(const auto request,
                          Parse<v1::FetchNoticeDetailRequest>(evidence.request(), "the request"));
  CHAYAN_ASSIGN_OR_RETURN(const auto notice,
                          Parse<v1::DeliveredNotice>(evidence.answer(), "the notice"));
  CHAYAN_RETURN_IF_ERROR(CheckDelivery(request.delivery_id(), notice.delivery_id()));
  CHAYAN_RETURN_IF_ERROR(CheckAbout(leaf, notice));
  return notice.delivery_id();
}

// Who is bound by a bulk entry: the recipient whose receipts it covers; else the publisher.
bool IsOfRecipient(const log::ParsedLeaf& leaf) { return !leaf.Get("holder").empty(); }

// By which a frame knows the item.
absl::StatusOr<Uuid> IdOfItem(const log::ParsedLeaf& leaf, const v1::EvidenceFile& evidence) {
  if (IsOfRecipient(leaf)) {
    CHAYAN_ASSIGN_OR_RETURN(const auto receipt,
                            Parse<v1::DeliveryReceipt>(evidence.answer(), "the receipt"));
    return Uuid::FromText(receipt.delivery_id());
  }
  CHAYAN_ASSIGN_OR_RETURN(const auto notice,
                          Parse<v1::AcceptedNotice>(evidence.answer(), "the answer"));
  return Uuid::FromText(notice.notice_id());
}

}  // namespace

bool RecordsNotice(const log::ParsedLeaf& leaf) {
  const absl::string_view method = leaf.Get("method");
  switch (leaf.known_type.value_or(EntryType::kFailed)) {
    case EntryType::kNotice:
    case EntryType::kBulk:
      return true;
    case EntryType::kDelivery:
      return leaf.Get("by") == "holder" || method == "ReplayDelivery";
    case EntryType::kAcknowledgement:
      return method == "AcknowledgeNotice";
    case EntryType::kRead:
      return method == "FetchNoticeDetail";
    default:
      return false;
  }
}

absl::StatusOr<std::string> CheckNoticeAgreement(const log::ParsedLeaf& leaf,
                                                 const v1::EvidenceFile& evidence) {
  switch (leaf.known_type.value()) {
    case EntryType::kNotice:
      return CheckPublished(leaf, evidence);
    case EntryType::kBulk:
      return IsOfRecipient(leaf) ? CheckReceived(leaf, evidence) : CheckPublished(leaf, evidence);
    case EntryType::kAcknowledgement:
      return CheckStep<v1::AcknowledgeNoticeRequest>(
          leaf, evidence, [](const auto& request) -> const std::string& {
            return request.acknowledgement().delivery_id();
          });
    case EntryType::kDelivery:
      if (leaf.Get("by") == "holder") return CheckReceived(leaf, evidence);
      return CheckStep<v1::ReplayDeliveryRequest>(
          leaf, evidence,
          [](const auto& request) -> const std::string& { return request.delivery_id(); });
    default:
      return CheckFetched(leaf, evidence);
  }
}

absl::StatusOr<std::string> FrameBytesFrom(const log::ParsedLeaf& leaf,
                                           const v1::EvidenceFile& evidence) {
  const v1::FrameProof& proof = evidence.frame();
  tlog::BulkPlace place{.index = proof.index(), .count = proof.count()};
  for (const std::string& hash : proof.path()) {
    CHAYAN_ASSIGN_OR_RETURN(const tlog::Hash parsed, tlog::Hash::FromRaw(hash));
    place.path.push_back(parsed);
  }
  CHAYAN_ASSIGN_OR_RETURN(const Uuid id, IdOfItem(leaf, evidence));
  return tlog::CommittedBytesFrom(
      tlog::BulkItem(id, crypto::Sha256(evidence.request()), crypto::Sha256(evidence.answer())),
      place);
}

bool IsBoundByCall(const log::ParsedLeaf& leaf) {
  return leaf.known_type == EntryType::kDelivery && leaf.Get("method") == "ReceiveNotices";
}

absl::StatusOr<crypto::Digest> SignedDelivery(const v1::EvidenceFile& evidence) {
  CHAYAN_ASSIGN_OR_RETURN(const auto receipt,
                          Parse<v1::DeliveryReceipt>(evidence.answer(), "the receipt"));
  const absl::StatusOr<Uuid> delivery = Uuid::FromText(receipt.delivery_id());
  if (!delivery.ok()) return Lie("the receipt names no delivery");
  return tlog::DeliveryDigest(*delivery, crypto::Sha256(evidence.request()),
                              crypto::Sha256(evidence.answer()));
}

absl::Status CheckSameCode(const log::ParsedLeaf& leaf, absl::string_view key,
                           absl::string_view asked) {
  const absl::string_view recorded = leaf.Get(key);
  if (recorded.empty() || recorded == "unknown" || recorded == asked) return absl::OkStatus();
  return Lie(absl::StrCat("the entry's ", key, " is ", recorded, ", the request's another"));
}

}  // namespace chayan::cli
