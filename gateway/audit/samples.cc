#include "gateway/audit/samples.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "chayan/v1/audit_record.pb.h"
#include "gateway/audit/filter.h"
#include "gateway/audit/kept_records.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/ident/fold.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/sample.h"

namespace chayan::audit {
namespace {

constexpr size_t kEntriesPageDefault = 100;
constexpr size_t kEntriesPageMax = 1000;
constexpr size_t kDrawsPageDefault = 100;
constexpr size_t kDrawsPageMax = 1000;
// What RecordFindingsRequest promises.
constexpr int kFindingsMax = 1000;
constexpr size_t kNoteCodePointsMax = 500;

policy::Refusal NoSuchDraw() {
  return policy::RefusedField(v1::ERROR_REASON_DRAW_NOT_FOUND, "draw",
                              "there is no such draw of yours");
}

// False after a refusal.
bool CheckSize(AuditCall& call, const v1::DrawSampleRequest& request) {
  const bool by_count = request.size_case() == v1::DrawSampleRequest::kCount;
  const uint64_t value = by_count ? request.count() : request.percent();
  const uint64_t max = by_count ? tlog::kSampleSizeMax : 100;
  if (request.size_case() != v1::DrawSampleRequest::SIZE_NOT_SET && value >= 1 && value <= max) {
    return true;
  }
  call.Refuse(policy::RefusedField(
      v1::ERROR_REASON_FIELD_INVALID, by_count ? "count" : "percent",
      absl::StrCat("write count, 1 to ", tlog::kSampleSizeMax, ", or percent, 1 to 100")));
  return false;
}

// A draw of the caller's; empty after a refusal.
std::optional<v1::DrawRecord> ReadDraw(const Collaborators& with, AuditCall& call, uint64_t draw) {
  const absl::StatusOr<store::KeptRecord> kept =
      with.store.records()->Read(store::RecordKind::kDraw, store::RecordKey(draw));
  if (absl::IsNotFound(kept.status())) {
    call.Refuse(NoSuchDraw());
    return std::nullopt;
  }
  absl::StatusOr<v1::DrawRecord> record =
      kept.ok() ? ParseRecord<v1::DrawRecord>(*kept) : kept.status();
  if (!record.ok()) {
    call.Refuse(StoreFault(record.status()));
    return std::nullopt;
  }
  record->mutable_draw()->set_draw(draw);
  if (record->draw().member() == call.caller().member &&
      record->draw().system() == call.caller().system) {
    return *std::move(record);
  }
  call.Refuse(NoSuchDraw());
  return std::nullopt;
}

store::Record KeptAs(uint64_t draw, const v1::DrawRecord& record) {
  return {store::RecordKind::kDraw, store::RecordKey(draw), record.SerializeAsString()};
}

// The draw with its findings counted.
v1::Draw Told(const v1::DrawRecord& record) {
  std::map<v1::Finding, uint32_t> counts;
  for (const auto& [index, finding] : record.findings()) ++counts[finding];
  v1::Draw draw = record.draw();
  for (const auto& [finding, count] : counts) {
    v1::FindingCount* told = draw.add_findings();
    told->set_finding(finding);
    told->set_count(count);
  }
  return draw;
}

// Entries before the draw that fit its filter, in the order of the log.
absl::StatusOr<std::vector<uint64_t>> Population(const Collaborators& with,
                                                 const v1::DrawSampleRequest& request,
                                                 uint64_t draw) {
  policy::FieldViolation violation;
  CHAYAN_ASSIGN_OR_RETURN(const Filter filter, Filter::Create(request.filter(), violation));
  CHAYAN_ASSIGN_OR_RETURN(const store::EntryRange range, filter.Range(with.store, draw));
  std::vector<uint64_t> fitting;
  CHAYAN_RETURN_IF_ERROR(
      VisitLeaves(with.store, range, [&](uint64_t index, absl::string_view leaf) {
        if (filter.Fits(leaf)) fitting.push_back(index);
        return true;
      }));
  return fitting;
}

// Draws, and writes all of it into the record.
absl::Status Draw(const Collaborators& with, const std::string& checkpoint,
                  const std::string& nonce, v1::DrawRecord& record) {
  v1::DrawSampleRequest request;
  if (!request.ParseFromString(record.draw().request())) {
    return absl::DataLossError("a draw's request is damaged");
  }
  // Our own note; whoever draws again checks its signatures.
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Note note, tlog::ParseNote(checkpoint));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Checkpoint opened, tlog::ParseCheckpoint(note.text));
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<uint64_t> fitting,
                          Population(with, request, record.draw().draw()));
  const uint64_t size = request.size_case() == v1::DrawSampleRequest::kCount
                            ? request.count()
                            : tlog::ShareOf(fitting.size(), request.percent());
  const crypto::Digest seed = tlog::SampleSeed(crypto::Sha256(nonce), opened.head.root);
  for (const uint64_t number : tlog::DrawNumbers(seed, fitting.size(), size)) {
    record.add_indexes(fitting[number]);
  }
  record.mutable_draw()->set_nonce(nonce);
  record.mutable_draw()->set_checkpoint(checkpoint);
  record.mutable_draw()->set_population(fitting.size());
  record.mutable_draw()->set_sample_size(static_cast<uint32_t>(record.indexes_size()));
  return absl::OkStatus();
}

// The first published checkpoint that covers the draw's entry; empty after a refusal.
std::optional<std::string> Covering(const Collaborators& with, AuditCall& call, uint64_t draw) {
  absl::StatusOr<std::string> covering = with.first_published(draw);
  if (covering.ok()) return *std::move(covering);
  if (!absl::IsNotFound(covering.status())) {
    call.Refuse(StoreFault(covering.status()));
    return std::nullopt;
  }
  policy::Refusal refusal = policy::Refused(
      v1::ERROR_REASON_NOT_YET_PUBLISHED, "no published checkpoint covers the draw yet; ask again");
  refusal.retry_delay = absl::Seconds(2);
  call.Refuse(std::move(refusal));
  return std::nullopt;
}

// A page of the sampled entries.
absl::Status FillPage(const Collaborators& with, const v1::DrawRecord& record, uint64_t first,
                      uint64_t end, v1::RevealSampleResponse& response) {
  for (uint64_t i = first; i < end; ++i) {
    const uint64_t index = record.indexes(static_cast<int>(i));
    CHAYAN_ASSIGN_OR_RETURN(std::vector<std::string> leaves, with.store.ReadLeaves(index, 1, 0));
    v1::FoundEntry* entry = response.add_entries();
    entry->set_index(index);
    entry->set_leaf(std::move(leaves[0]));
  }
  return absl::OkStatus();
}

}  // namespace

void DrawSample(const Collaborators& /*with*/, AuditCall call) {
  v1::DrawSampleRequest request;
  if (!call.Parse(request) || !CheckSize(call, request)) return;
  const absl::StatusOr<crypto::Digest> nonce_hash = crypto::Digest::FromRaw(request.nonce_hash());
  if (!nonce_hash.ok()) {
    return call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "nonce_hash",
                                            "write the 32 bytes of the nonce's SHA-256"));
  }
  policy::FieldViolation violation;
  const absl::StatusOr<Filter> filter = Filter::Create(request.filter(), violation);
  if (!filter.ok()) {
    return call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID,
                                            std::move(violation.field),
                                            std::move(violation.description)));
  }
  if (!call.Permit(policy::AuditAction::kDraw, filter->Scope()).has_value()) return;
  v1::DrawRecord record;
  record.mutable_draw()->set_member(call.caller().member);
  record.mutable_draw()->set_system(call.caller().system);
  record.mutable_draw()->mutable_draw_time()->set_seconds(absl::ToUnixSeconds(call.now()));
  record.mutable_draw()->set_request(std::string(call.request_bytes()));
  call.entry().digest = *nonce_hash;
  std::optional<std::string> opening = call.SealRequest();
  if (!opening.has_value()) return;
  record.mutable_draw()->set_request_opening(*opening);
  std::optional<log::Committed> recorded = call.Commit(
      {.records = {{store::RecordKind::kDraw, /*key=*/"", record.SerializeAsString()}}});
  if (!recorded.has_value()) return;
  v1::DrawSampleResponse response;
  response.set_draw(recorded->index);
  response.mutable_receipt()->set_leaf(std::move(recorded->leaf));
  response.mutable_receipt()->set_tlog_proof(std::move(recorded->tlog_proof));
  response.mutable_receipt()->set_request_opening(*std::move(opening));
  call.Answer(response.SerializeAsString());
}

void RevealSample(const Collaborators& with, AuditCall call) {
  v1::RevealSampleRequest request;
  if (!call.Parse(request)) return;
  call.entry().ref = request.draw();
  if (!call.Permit(policy::AuditAction::kSample).has_value()) return;
  std::optional<v1::DrawRecord> record = ReadDraw(with, call, request.draw());
  if (!record.has_value()) return;
  v1::DrawSampleRequest drawn;
  const bool nonce_fits =
      drawn.ParseFromString(record->draw().request()) &&
      request.nonce().size() >= tlog::kNonceBytesMin &&
      request.nonce().size() <= tlog::kNonceBytesMax &&
      crypto::Sha256(request.nonce()).raw() == absl::string_view(drawn.nonce_hash());
  if (!nonce_fits) {
    return call.Refuse(policy::RefusedField(
        v1::ERROR_REASON_FIELD_INVALID, "nonce",
        absl::StrCat("write the ", tlog::kNonceBytesMin, " to ", tlog::kNonceBytesMax,
                     " bytes whose SHA-256 the draw recorded")));
  }
  const bool is_new = record->draw().nonce().empty();
  if (is_new) {
    const std::optional<std::string> checkpoint = Covering(with, call, request.draw());
    if (!checkpoint.has_value()) return;
    if (const absl::Status status = Draw(with, *checkpoint, request.nonce(), *record);
        !status.ok()) {
      return call.Refuse(StoreFault(status));
    }
  }
  const auto size = static_cast<uint64_t>(record->indexes_size());
  const std::optional<PagePlace> place = call.PageStart(request, {0, size});
  if (!place.has_value()) return;
  const uint64_t end = std::min<uint64_t>(
      place->next + AuditCall::PageSize(request, kEntriesPageDefault, kEntriesPageMax), size);
  v1::RevealSampleResponse response;
  *response.mutable_draw() = Told(*record);
  if (const absl::Status status = FillPage(with, *record, place->next, end, response);
      !status.ok()) {
    return call.Refuse(StoreFault(status));
  }
  if (end < size) response.set_next_page_token(call.NextToken(request, {end, size}));
  if (!is_new) return call.Reply(response.SerializeAsString());
  if (!call.Commit({.records = {KeptAs(request.draw(), *record)}}).has_value()) return;
  call.Answer(response.SerializeAsString());
}

void ListDraws(const Collaborators& with, AuditCall call) {
  v1::ListDrawsRequest request;
  if (!call.Parse(request) || !call.Permit(policy::AuditAction::kSample).has_value()) return;
  const std::optional<PagePlace> place = call.PageStart(request, {});
  if (!place.has_value()) return;
  const auto size =
      static_cast<int>(AuditCall::PageSize(request, kDrawsPageDefault, kDrawsPageMax));
  v1::ListDrawsResponse response;
  const absl::Status status = VisitRecords<v1::DrawRecord>(
      *with.store.records(), store::RecordKind::kDraw, place->next,
      [&](uint64_t index, const store::KeptRecord&, v1::DrawRecord record) {
        if (request.unrevealed_only() && !record.draw().nonce().empty()) return true;
        if (response.draws_size() == size) {
          response.set_next_page_token(call.NextToken(request, {index, 0}));
          return false;
        }
        record.mutable_draw()->set_draw(index);
        *response.add_draws() = Told(record);
        return true;
      });
  if (!status.ok()) return call.Refuse(StoreFault(status));
  call.Reply(response.SerializeAsString());
}

void RecordFindings(const Collaborators& with, AuditCall call) {
  v1::RecordFindingsRequest request;
  if (!call.Parse(request) || !call.TakePurpose(request.purpose())) return;
  call.entry().ref = request.draw();
  if (!call.Permit(policy::AuditAction::kSample).has_value()) return;
  std::optional<v1::DrawRecord> record = ReadDraw(with, call, request.draw());
  if (!record.has_value()) return;
  if (request.findings_size() < 1 || request.findings_size() > kFindingsMax) {
    return call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "findings",
                                            absl::StrCat("write 1 to ", kFindingsMax)));
  }
  for (int i = 0; i < request.findings_size(); ++i) {
    const v1::SampleFinding& finding = request.findings(i);
    const auto fault = [&](const char* field, const char* message) {
      call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID,
                                       absl::StrCat("findings[", i, "].", field), message));
    };
    const auto& drawn = record->indexes();
    if (std::find(drawn.begin(), drawn.end(), finding.index()) == drawn.end()) {
      return fault("index", "is not in the revealed sample");
    }
    if (!v1::Finding_IsValid(finding.finding()) || finding.finding() == 0) {
      return fault("finding", "write one of Finding's values");
    }
    if (!IsValidUtf8(finding.note()) ||
        ident::CountCodePoints(finding.note()) > kNoteCodePointsMax) {
      return fault("note", "write at most 500 characters");
    }
    (*record->mutable_findings())[finding.index()] = finding.finding();
    if (!finding.note().empty()) {
      (*call.detail().mutable_finding_notes())[finding.index()] = finding.note();
    }
  }
  if (!call.Commit({.records = {KeptAs(request.draw(), *record)}}).has_value()) return;
  v1::RecordFindingsResponse response;
  *response.mutable_draw() = Told(*record);
  call.Answer(response.SerializeAsString());
}

}  // namespace chayan::audit
