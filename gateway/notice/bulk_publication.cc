#include "gateway/notice/bulk_publication.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/wire.h"
#include "gateway/log/search_key.h"
#include "gateway/notice/frame_reads.h"
#include "gateway/notice/publication.h"
#include "gateway/rpc/recorded.h"
#include "gateway/verify/limits.h"
#include "gateway/verify/response.h"

namespace chayan::notice {
namespace {

// Notices of a frame, for those that nobody is to get: their part of the log is small then.
constexpr size_t kNoticesMax = 64;

bool ParseNotice(const std::string& bytes, v1::PublishNoticeRequest& request) {
  return bytes.size() <= verify::kQuestionBytesMax && request.ParseFromString(bytes) &&
         NoticeWire().Accepts(bytes);
}

std::string Response(absl::string_view request_id, absl::string_view answer,
                     absl::string_view receipt, const tlog::BulkPlace& place) {
  using View = v1::PublishNoticeResponseView;
  std::string notice;
  wire::AppendText(notice, View::kRequestIdFieldNumber, request_id);
  wire::AppendBytes(notice, View::kNoticeFieldNumber, answer);
  wire::AppendText(notice, View::kReceiptFieldNumber, receipt);
  std::string response;
  wire::AppendBytes(response, v1::PublishNoticesResponse::kNoticeFieldNumber, notice);
  wire::AppendBytes(response, v1::PublishNoticesResponse::kFrameFieldNumber,
                    ToProto(place).SerializeAsString());
  return response;
}

}  // namespace

bool BulkPublication::Shared::operator==(const Shared& other) const {
  return acting_for == other.acting_for && basis == other.basis && person == other.person &&
         person_role == other.person_role && test == other.test &&
         permit.grant == other.permit.grant && permit.kind == other.permit.kind &&
         permit.person_proof == other.permit.person_proof;
}

void BulkPublication::Begin() {
  snapshot_ = with_.registry();
  items_.clear();
  deliveries_ = 0;
  subjects_.clear();
  keys_.clear();
  change_ = std::make_shared<store::NoticeChange>();
  detail_.Clear();
  numbers_.clear();
  cases_.clear();
}

BulkPublication::Shared BulkPublication::SharedOf(const v1::PublishNoticeRequest& request,
                                                  const policy::NoticePermit& permit) {
  const v1::Purpose& purpose = request.purpose();
  return {.acting_for = request.acting_for(),
          .basis = purpose.legal_basis(),
          .person = purpose.person().id(),
          .person_role = purpose.person().role(),
          .test = request.test(),
          .permit = permit};
}

BulkPublication::Added BulkPublication::Add(const std::string& request) {
  v1::PublishNoticeRequest notice;
  if (!ParseNotice(request, notice)) return Added::kAlone;
  if (empty()) Begin();
  const store::RequestKey key = RequestKeyOf(caller_, method_, notice.request_id());
  if (keys_.contains(key)) return Added::kNextFrame;
  if (!absl::IsNotFound(with_.notices.FindRequest(key).status())) return Added::kAlone;
  policy::NoticeDecision decision = policy::DecideNotice(
      caller_, {notice.acting_for(), notice.purpose(), notice.notice_kind(), /*bulk=*/true},
      *snapshot_, with_.clock.Now());
  const auto* const permit = std::get_if<policy::NoticePermit>(&decision);
  if (permit == nullptr) return Added::kAlone;
  CheckedNotice checked =
      CheckNotice(notice, *permit->kind, caller_.member, *snapshot_, with_.ordering);
  if (!checked.violations.empty()) return Added::kAlone;
  Shared shared = SharedOf(notice, *permit);
  if (empty()) {
    shared_ = std::move(shared);
  } else if (deliveries_ >= lane_.deliveries_max() || items_.size() >= kNoticesMax ||
             shared_ != shared || HasAny(checked.subjects)) {
    return Added::kNextFrame;
  }
  return AddItem(request, notice, std::move(checked), *permit, key) ? Added::kYes : Added::kAlone;
}

bool BulkPublication::HasAny(const std::vector<store::SubjectKey>& subjects) const {
  return std::any_of(subjects.begin(), subjects.end(),
                     [this](const store::SubjectKey& one) { return subjects_.contains(one); });
}

bool BulkPublication::AddItem(const std::string& bytes, const v1::PublishNoticeRequest& request,
                              CheckedNotice checked, const policy::NoticePermit& permit,
                              const store::RequestKey& key) {
  absl::StatusOr<Plan> plan = MakePlan(with_, {.request = request,
                                               .subjects = checked.subjects,
                                               .kind = *permit.kind,
                                               .snapshot = *snapshot_,
                                               .publisher = caller_.member,
                                               .now = with_.clock.Now(),
                                               .bulk = true});
  if (!plan.ok()) return false;
  store::NewNotice& notice = plan->notice;
  notice.request_key = key;
  notice.request_digest = crypto::Sha256(bytes);
  notice.system = caller_.system;

  v1::BulkNotice& detail = *detail_.add_bulk_notices();
  detail.set_notice_id(notice.id.ToText());
  detail.set_request_id(request.request_id());
  detail.set_case_number(request.purpose().case_number());
  detail.set_reason(request.purpose().reason());
  *detail.mutable_subjects() = request.subjects();
  if (request.has_routing()) *detail.mutable_routing() = request.routing();
  for (v1::NoticeRecipient& one : plan->recipients) *detail.add_recipients() = std::move(one);

  deliveries_ += notice.deliveries.size();
  keys_.insert(key);
  subjects_.insert(checked.subjects.begin(), checked.subjects.end());
  std::move(checked.numbers.begin(), checked.numbers.end(), std::back_inserter(numbers_));
  std::string case_key = log::CaseKey(request.acting_for(), request.purpose().case_number());
  // Notices of a campaign have one case number often, one each otherwise.
  if (cases_.empty() || cases_.back() != case_key) cases_.push_back(std::move(case_key));
  items_.push_back(
      {.request = bytes,
       .request_id = request.request_id(),
       .answer = notice.answer,
       .digest = tlog::BulkItem(notice.id, notice.request_digest, crypto::Sha256(notice.answer))});
  std::move(plan->steps.begin(), plan->steps.end(), std::back_inserter(change_->steps));
  change_->notices.push_back(std::move(notice));
  return true;
}

absl::StatusOr<std::vector<std::string>> BulkPublication::Commit(
    std::vector<std::string>& requests) {
  requests.clear();
  const std::vector<Item> items = std::exchange(items_, {});
  for (const Item& item : items) {
    requests.push_back(item.request);
    change_->frame.push_back(item.digest);
  }
  const tlog::BulkFrame frame(change_->frame);
  const Uuid id = Uuid::Version7(with_.clock.Now(), with_.random);
  log::Submission submission;
  submission.entry = NewEntry(id);
  absl::StatusOr<log::VaultOutput> sealed = Seal(id, frame.CommittedBytes());
  submission.change = std::exchange(change_, nullptr);
  CHAYAN_RETURN_IF_ERROR(sealed.status());
  submission.entry.c_res = sealed->c_res;
  submission.entry.c_detail = sealed->c_detail;
  submission.vault = std::move(sealed->row);
  // What it sealed of requests is nothing: they stand in the frame.
  sealed->request_opening.clear();
  CHAYAN_ASSIGN_OR_RETURN(const log::Committed committed, lane_.Commit(std::move(submission)));
  const std::string receipt = verify::EncodeReceipt({committed, *sealed, nullptr});
  std::vector<std::string> answers;
  for (size_t i = 0; i < items.size(); ++i) {
    answers.push_back(Response(items[i].request_id, items[i].answer, receipt, frame.PlaceOf(i)));
  }
  return answers;
}

log::Entry BulkPublication::NewEntry(const Uuid& id) const {
  log::Entry entry = rpc::EntryOf(caller_, method_, log::EntryType::kBulk, id);
  entry.acting_for = shared_.acting_for;
  entry.kind = shared_.permit.kind->code();
  entry.basis = shared_.basis;
  entry.person_proof = std::string(policy::ProofName(shared_.permit.person_proof));
  entry.grant = shared_.permit.grant;
  entry.registry = snapshot_->digest();
  entry.outcome = "ACCEPTED";
  if (shared_.test) entry.reason = "TEST";
  return entry;
}

absl::StatusOr<log::VaultOutput> BulkPublication::Seal(const Uuid& id,
                                                       const std::string& committed) const {
  v1::EntryDetail detail = detail_;
  detail.set_person_id(shared_.person);
  detail.set_person_role(shared_.person_role);
  const std::string bytes = detail.SerializeAsString();
  log::VaultInput input;
  input.id = id;
  input.retention_class = shared_.permit.kind->retention_class();
  input.response = committed;
  input.detail = bytes;
  input.person = log::PersonKey(caller_.member, shared_.person);
  input.more_subjects = numbers_;
  input.more_cases = cases_;
  return with_.vault.Seal(input);
}

absl::StatusOr<std::optional<std::string>> BulkPublication::AnswerAgain(
    const std::string& request) {
  v1::PublishNoticeRequest parsed;
  if (!ParseNotice(request, parsed)) return std::nullopt;
  const crypto::Digest digest = crypto::Sha256(request);
  const absl::StatusOr<store::StoredNotice> before =
      with_.notices.FindRequest(RequestKeyOf(caller_, method_, parsed.request_id()));
  if (absl::IsNotFound(before.status())) return std::nullopt;
  CHAYAN_RETURN_IF_ERROR(before.status());
  if (before->request_digest != digest) return std::nullopt;
  const absl::StatusOr<std::vector<crypto::Digest>> items = ReadFrame(with_, before->entry);
  if (absl::IsNotFound(items.status())) return std::nullopt;
  CHAYAN_RETURN_IF_ERROR(items.status());
  const auto own = std::find(items->begin(), items->end(),
                             tlog::BulkItem(before->id, digest, crypto::Sha256(before->answer)));
  if (own == items->end()) return absl::DataLossError("a notice is missing in its frame");
  CHAYAN_ASSIGN_OR_RETURN(Taken entry, ProveAgain(with_, before->entry));
  entry.openings.request_opening.clear();
  const tlog::BulkPlace place =
      tlog::BulkFrame(*items).PlaceOf(static_cast<size_t>(own - items->begin()));
  return Response(parsed.request_id(), before->answer,
                  verify::EncodeReceipt({entry.committed, entry.openings, nullptr}), place);
}

}  // namespace chayan::notice
