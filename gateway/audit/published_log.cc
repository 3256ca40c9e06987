#include "gateway/audit/published_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/audit/audit_call.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"
#include "gateway/log/tree_reader.h"
#include "gateway/rpc/recorded.h"
#include "gateway/rpc/request.h"

namespace chayan::audit {
namespace {

constexpr char kService[] = "/chayan.v1.AuditService/";
// Reads that may wait for the reading thread.
constexpr size_t kReadsQueuedMax = 256;
constexpr int kPageSizeDefault = 100;
// A checkpoint with its cosignatures and timestamp has some 10 KB.
constexpr int kPageSizeMax = 500;
constexpr size_t kPageBytesMax = 2 << 20;

// Whether there is one is not for others to learn.
policy::Refusal NoSuchReceipt() {
  return policy::RefusedField(v1::ERROR_REASON_ENTRY_NOT_FOUND, "index",
                              "there is no such entry, or it is not yours");
}

// What the publisher says of a witness's finding, as callers hear it.
policy::Refusal RefusalOf(const absl::Status& status, const std::string& field) {
  const std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
      return policy::Refused(v1::ERROR_REASON_ROLE_NOT_ALLOWED, message);
    case absl::StatusCode::kNotFound:
      return policy::RefusedField(v1::ERROR_REASON_CHECKPOINT_NOT_FOUND, field, message);
    case absl::StatusCode::kResourceExhausted:
      return policy::Refused(v1::ERROR_REASON_OVERLOADED, message);
    default:
      return policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, field, message);
  }
}

// A step of a notice's delivery; `holder` is then its recipient.
bool IsOfDelivery(const log::ParsedLeaf& leaf) {
  return leaf.known_type == log::EntryType::kDelivery ||
         leaf.known_type == log::EntryType::kAcknowledgement;
}

// Whether the caller had a part in the exchange: it asked, or its agency answered, or was told.
bool IsParty(const policy::Caller& caller, const log::ParsedLeaf& leaf) {
  if (caller.role == v1::ROLE_AUDITOR) return true;
  if (IsOfDelivery(leaf) && leaf.Get("holder") == caller.member) return true;
  if (caller.role == v1::ROLE_ADAPTER && leaf.Get("holder") == caller.member) return true;
  return leaf.Get("member") == caller.member && leaf.Get("system") == caller.system;
}

}  // namespace

PublishedLog::PublishedLog(log::Publisher& publisher, log::Committer& committer,
                           store::Store& store, Clock& clock, Random& random)
    : publisher_(publisher),
      committer_(committer),
      store_(store),
      clock_(clock),
      random_(random),
      reads_(kReadsQueuedMax) {}

void PublishedLog::ServeOn(rpc::Server& server) {
  const std::string service = kService;
  // These wait for nothing.
  server.HandleUnary(service + "GetCheckpoint", [this](const Call& call) { GetCheckpoint(call); });
  server.HandleUnary(service + "AddCosignature",
                     [this](const Call& call) { AddCosignature(call); });
  const std::pair<const char*, void (PublishedLog::*)(const Call&)> reads[] = {
      {"GetConsistencyProof", &PublishedLog::GetConsistencyProof},
      {"ListPublishedCheckpoints", &PublishedLog::ListPublishedCheckpoints},
      {"GetReceipt", &PublishedLog::GetReceipt}};
  for (const auto& [method, read] : reads) {
    server.HandleUnary(service + method, [this, read = read](const Call& call) {
      if (reads_.Run([this, call, read] { (this->*read)(call); })) return;
      policy::Refusal refusal =
          policy::Refused(v1::ERROR_REASON_OVERLOADED, "too many reads wait; try again later");
      refusal.retry_delay = absl::Seconds(1);
      call->Fail(refusal);
    });
  }
}

void PublishedLog::GetCheckpoint(const Call& call) {
  v1::GetCheckpointRequest request;
  if (!Parse(call, request)) return;
  std::string note;
  switch (request.kind()) {
    case v1::CHECKPOINT_KIND_UNSPECIFIED:
      note = publisher_.BestCheckpoint();
      break;
    case v1::CHECKPOINT_KIND_PUBLISHED:
      note = publisher_.Published();
      break;
    case v1::CHECKPOINT_KIND_SIGNED:
      break;
    default:
      return Refuse(call,
                    policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "kind",
                                         "write one of the values of CheckpointKind, or nothing"));
  }
  v1::GetCheckpointResponse response;
  response.set_checkpoint(note.empty() ? committer_.Checkpoint() : std::move(note));
  response.set_log_keys(committer_.LogKeys());
  call->Reply(response.SerializeAsString());
}

void PublishedLog::GetConsistencyProof(const Call& call) {
  v1::GetConsistencyProofRequest request;
  if (!Parse(call, request)) return;
  const auto edge = committer_.Edge();
  if (request.new_size() > edge->size()) {
    return Refuse(call, policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "new_size",
                                             absl::StrCat("write at most ", edge->size())));
  }
  if (request.old_size() > request.new_size()) {
    return Refuse(call, policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "old_size",
                                             "write at most new_size"));
  }
  const auto path = log::ConsistencyPath(store_, *edge, request.old_size(), request.new_size());
  if (!path.ok()) return Refuse(call, StoreFault(path.status()));
  v1::GetConsistencyProofResponse response;
  for (const tlog::Hash& hash : *path) response.add_hashes(hash.ToString());
  call->Reply(response.SerializeAsString());
}

void PublishedLog::AddCosignature(const Call& call) {
  v1::AddCosignatureRequest request;
  if (!Parse(call, request)) return;
  const policy::Caller& caller = call->caller();
  absl::Status status;
  std::string field;
  switch (request.finding_case()) {
    case v1::AddCosignatureRequest::kCosignature:
      status = publisher_.TakeCosignature(
          caller.member, caller.system, request.cosignature().size(), request.cosignature().line());
      field = absl::IsNotFound(status) ? "cosignature.size" : "cosignature.line";
      break;
    case v1::AddCosignatureRequest::kConflictingCheckpoint:
      status =
          publisher_.TakeConflict(caller.member, caller.system, request.conflicting_checkpoint());
      field = "conflicting_checkpoint";
      break;
    case v1::AddCosignatureRequest::FINDING_NOT_SET:
      return Refuse(call, policy::RefusedField(v1::ERROR_REASON_FIELD_MISSING, "cosignature",
                                               "write a cosignature or a conflicting_checkpoint"));
  }
  if (!status.ok()) return Refuse(call, RefusalOf(status, field));
  call->Reply(v1::AddCosignatureResponse().SerializeAsString());
}

void PublishedLog::ListPublishedCheckpoints(const Call& call) {
  v1::ListPublishedCheckpointsRequest request;
  if (!Parse(call, request)) return;
  if (request.page_size() < 0) {
    return Refuse(call, policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "page_size",
                                             "write 0 or a positive number"));
  }
  // The token is the size to go on from.
  uint64_t next = request.size_min();
  if (!request.page_token().empty()) {
    const auto text = Base64UrlDecode(request.page_token());
    const auto size = text.ok() ? ParseDecimal(*text) : text.status();
    if (!size.ok()) {
      return Refuse(call,
                    policy::RefusedField(v1::ERROR_REASON_PAGE_TOKEN_INVALID, "page_token",
                                         "write next_page_token of the previous page, or nothing"));
    }
    next = *size;
  }
  const int page =
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);
  const store::PublicationKind kind = request.timestamped_only()
                                          ? store::PublicationKind::kTimestamped
                                          : store::PublicationKind::kAny;
  v1::ListPublishedCheckpointsResponse response;
  size_t bytes = 0;
  while (store_.publications() != nullptr) {
    auto row = store_.publications()->ReadFirst(next, kind);
    if (absl::IsNotFound(row.status())) break;
    if (!row.ok()) return Refuse(call, StoreFault(row.status()));
    bytes += row->note.size() + row->timestamp.size();
    if (response.checkpoints_size() == page ||
        (bytes > kPageBytesMax && response.checkpoints_size() > 0)) {
      response.set_next_page_token(Base64UrlEncode(absl::StrCat(row->size)));
      break;
    }
    next = row->size + 1;
    v1::PublishedCheckpoint* const checkpoint = response.add_checkpoints();
    checkpoint->set_checkpoint(std::move(row->note));
    checkpoint->set_timestamp(std::move(row->timestamp));
  }
  rpc::ReplyRecorded(committer_, NewEntry(*call, log::EntryType::kRead), call,
                     response.SerializeAsString());
}

void PublishedLog::GetReceipt(const Call& call) {
  v1::GetReceiptRequest request;
  if (!Parse(call, request)) return;
  absl::StatusOr<log::Committed> entry = publisher_.Prove(request.index());
  if (absl::IsOutOfRange(entry.status())) return Refuse(call, NoSuchReceipt());
  if (!entry.ok()) return Refuse(call, StoreFault(entry.status()));
  const absl::StatusOr<log::ParsedLeaf> leaf = log::ParseLeaf(entry->leaf);
  if (!leaf.ok()) return Refuse(call, StoreFault(leaf.status()));
  if (!IsParty(call->caller(), *leaf)) {
    const absl::StatusOr<bool> published = PublishedWhatIsDelivered(call->caller(), *leaf);
    if (!published.ok()) return Refuse(call, StoreFault(published.status()));
    if (!*published) return Refuse(call, NoSuchReceipt());
  }
  v1::GetReceiptResponse response;
  response.set_leaf(std::move(entry->leaf));
  response.set_tlog_proof(std::move(entry->tlog_proof));
  log::Entry read = NewEntry(*call, log::EntryType::kRead);
  read.ref = request.index();
  rpc::ReplyRecorded(committer_, std::move(read), call, response.SerializeAsString());
}

absl::StatusOr<bool> PublishedLog::PublishedWhatIsDelivered(const policy::Caller& caller,
                                                            const log::ParsedLeaf& leaf) {
  uint64_t notice = 0;
  // A period that had none is of no notice.
  if (!IsOfDelivery(leaf) || !absl::SimpleAtoi(leaf.Get("ref"), &notice)) return false;
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves, store_.ReadLeaves(notice, 1, 0));
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf published, log::ParseLeaf(leaves.front()));
  return published.Get("member") == caller.member;
}

log::Entry PublishedLog::NewEntry(const rpc::UnaryCall& call, log::EntryType type) {
  return rpc::EntryOf(call.caller(), call.method(), type, Uuid::Version7(clock_.Now(), random_));
}

void PublishedLog::Refuse(const Call& call, policy::Refusal refusal) {
  rpc::FailRecorded(committer_, NewEntry(*call, log::EntryType::kFailed), call, std::move(refusal));
}

template <typename Request>
bool PublishedLog::Parse(const Call& call, Request& request) {
  const auto refusal = rpc::ReadRequest(*call, request);
  if (refusal.has_value()) Refuse(call, *refusal);
  return !refusal.has_value();
}

}  // namespace chayan::audit
