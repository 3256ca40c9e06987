#include "gateway/notice/queries.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/notice/recorded_call.h"
#include "gateway/notice/view.h"
#include "gateway/registry/describe.h"
#include "gateway/rpc/recorded.h"
#include "gateway/rpc/request.h"

namespace chayan::notice {
namespace {

constexpr size_t kDeliveriesPageDefault = 100;
constexpr size_t kDeliveriesPageMax = 1000;
constexpr int kKindsPageDefault = 100;
constexpr int kKindsPageMax = 500;
// Deliveries that one call looks at, so that a filter that fits few keeps nobody waiting.
constexpr size_t kLookedAtMax = 10'000;

policy::Refusal BadToken() {
  return policy::RefusedField(v1::ERROR_REASON_PAGE_TOKEN_INVALID, "page_token",
                              "write next_page_token of the previous page, or nothing");
}

absl::StatusOr<int64_t> ReadToken(const std::string& token) {
  if (token.empty()) return 0;
  int64_t after = 0;
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, Base64UrlDecode(token));
  if (!absl::SimpleAtoi(text, &after) || after < 0) {
    return absl::InvalidArgumentError("no page token");
  }
  return after;
}

// Whether a delivery passes what the store does not filter by.
bool Fits(const v1::ListDeliveriesRequest& request, const store::StoredNotice& notice,
          const store::StoredDelivery& delivery, int64_t now_ms) {
  if (!request.notice_kind().empty() && notice.kind != request.notice_kind()) return false;
  if (!request.overdue()) return true;
  const bool open = delivery.state == store::DeliveryState::kScheduled ||
                    delivery.state == store::DeliveryState::kDelivered ||
                    delivery.state == store::DeliveryState::kHandedOver ||
                    delivery.state == store::DeliveryState::kDead;
  return open && delivery.acknowledge_by_ms < now_ms;
}

// Fills a page with deliveries after `after`.
absl::Status FillPage(const Collaborators& with, const v1::ListDeliveriesRequest& request,
                      store::DeliveryQuery query, size_t page_size,
                      v1::ListDeliveriesResponse& response) {
  const int64_t now_ms = absl::ToUnixMillis(with.clock.Now());
  size_t looked_at = 0;
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::StoredDelivery> some,
                            with.notices.List(query));
    for (const store::StoredDelivery& delivery : some) {
      CHAYAN_ASSIGN_OR_RETURN(const store::StoredNotice notice,
                              with.notices.ReadNotice(delivery.notice));
      query.after_seq = delivery.seq;
      ++looked_at;
      if (Fits(request, notice, delivery, now_ms)) {
        CHAYAN_ASSIGN_OR_RETURN(*response.add_deliveries(), StatusOf(with, notice, delivery));
      }
      if (static_cast<size_t>(response.deliveries_size()) == page_size ||
          looked_at == kLookedAtMax) {
        response.set_next_page_token(Base64UrlEncode(absl::StrCat(query.after_seq)));
        return absl::OkStatus();
      }
    }
    if (some.size() < query.count) return absl::OkStatus();
  }
}

// Notices that nobody was to get: each as a delivery without recipient.
absl::Status FillExceptions(const Collaborators& with, const v1::ListDeliveriesRequest& request,
                            const std::string& owner, int64_t after, size_t page_size,
                            v1::ListDeliveriesResponse& response) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::StoredNotice> some,
                          with.notices.Exceptions(owner, after, page_size));
  for (const store::StoredNotice& notice : some) {
    if (!request.notice_kind().empty() && notice.kind != request.notice_kind()) continue;
    v1::DeliveryStatus& status = *response.add_deliveries();
    status.set_notice_id(notice.id.ToText());
    status.set_notice_kind(notice.kind);
    status.set_reason("NO_RECIPIENT");
  }
  if (some.size() == page_size) {
    response.set_next_page_token(Base64UrlEncode(absl::StrCat(some.back().ordinal)));
  }
  return absl::OkStatus();
}

}  // namespace

void GetNotice(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call) {
  v1::GetNoticeRequest request;
  if (auto refusal = rpc::ReadRequest(*call, request)) {
    return FailCall(with, std::move(call), *std::move(refusal));
  }
  const absl::StatusOr<Uuid> id = Uuid::FromText(request.notice_id());
  const absl::StatusOr<store::StoredNotice> notice =
      id.ok() ? with.notices.FindNotice(*id) : absl::NotFoundError("no id");
  if (!notice.ok() && !absl::IsNotFound(notice.status())) {
    return FailCall(with, std::move(call), StoreFault(notice.status()));
  }
  const bool own = notice.ok() && (notice->publisher == call->caller().member ||
                                   notice->exception_owner == call->caller().member);
  if (!own) {
    return FailCall(with, std::move(call),
                    policy::RefusedField(v1::ERROR_REASON_NOTICE_NOT_FOUND, "notice_id",
                                         "the caller's member published no such notice"));
  }
  absl::StatusOr<v1::NoticeStatus> status = StatusOf(with, *notice);
  if (!status.ok()) return FailCall(with, std::move(call), StoreFault(status.status()));
  v1::GetNoticeResponse response;
  *response.mutable_notice() = *std::move(status);
  log::Entry entry = CallEntry(with, *call, log::EntryType::kRead);
  entry.ref = notice->entry;
  rpc::ReplyRecorded(with.committer, std::move(entry), std::move(call),
                     response.SerializeAsString());
}

void ListDeliveries(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call) {
  v1::ListDeliveriesRequest request;
  if (auto refusal = rpc::ReadRequest(*call, request)) {
    return FailCall(with, std::move(call), *std::move(refusal));
  }
  if (request.page_size() < 0) {
    return FailCall(with, std::move(call),
                    policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "page_size",
                                         "write 0 or a positive number"));
  }
  const absl::StatusOr<int64_t> after = ReadToken(request.page_token());
  if (!after.ok()) return FailCall(with, std::move(call), BadToken());
  store::DeliveryQuery query;
  query.member = call->caller().member;
  query.after_seq = *after;
  if (request.side() == v1::DELIVERY_SIDE_PUBLISHER) {
    query.side = store::DeliverySide::kPublisher;
  } else if (request.side() == v1::DELIVERY_SIDE_RECIPIENT) {
    query.side = store::DeliverySide::kRecipient;
  } else {
    return FailCall(
        with, std::move(call),
        policy::RefusedField(v1::ERROR_REASON_FIELD_MISSING, "side",
                             "write DELIVERY_SIDE_PUBLISHER or DELIVERY_SIDE_RECIPIENT"));
  }
  for (const int state : request.states()) {
    if (state < 1 || state > store::kDeliveryStates) {
      return FailCall(with, std::move(call),
                      policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "states",
                                           "write states that a delivery can have"));
    }
    query.states.push_back(static_cast<store::DeliveryState>(state));
  }
  const size_t page_size =
      request.page_size() == 0
          ? kDeliveriesPageDefault
          : std::min(static_cast<size_t>(request.page_size()), kDeliveriesPageMax);
  v1::ListDeliveriesResponse response;
  const absl::Status status =
      request.exceptions()
          ? FillExceptions(with, request, query.member, query.after_seq, page_size, response)
          : FillPage(with, request, std::move(query), page_size, response);
  if (!status.ok()) return FailCall(with, std::move(call), StoreFault(status));
  log::Entry entry = CallEntry(with, *call, log::EntryType::kRead);
  rpc::ReplyRecorded(with.committer, std::move(entry), std::move(call),
                     response.SerializeAsString());
}

void ListNoticeKinds(const registry::Snapshot& snapshot, rpc::UnaryCall& call) {
  v1::ListNoticeKindsRequest request;
  if (auto refusal = rpc::ReadRequest(call, request)) return call.Fail(*std::move(refusal));
  if (request.page_size() < 0) {
    return call.Fail(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "page_size",
                                          "write 0 or a positive number"));
  }
  // The token is the code after which the page begins.
  const absl::StatusOr<std::string> after = Base64UrlDecode(request.page_token());
  if (!after.ok()) return call.Fail(BadToken());
  const int size =
      request.page_size() == 0 ? kKindsPageDefault : std::min(request.page_size(), kKindsPageMax);
  v1::ListNoticeKindsResponse response;
  for (const v1::NoticeKind* kind : snapshot.notice_kinds()) {
    if (kind->code() <= *after) continue;
    if (response.notice_kinds_size() == size) {
      response.set_next_page_token(Base64UrlEncode(response.notice_kinds(size - 1).notice_kind()));
      break;
    }
    *response.add_notice_kinds() = registry::Describe(snapshot, *kind);
  }
  call.Reply(response.SerializeAsString());
}

}  // namespace chayan::notice
