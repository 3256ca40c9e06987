#include "gateway/verify/catalogue.h"

#include <algorithm>

#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/registry/describe.h"
#include "gateway/rpc/request.h"

namespace chayan::verify {
namespace {

constexpr int kPageSizeDefault = 100;
constexpr int kPageSizeMax = 500;

template <typename Request>
bool Parse(rpc::UnaryCall& call, Request& request) {
  const auto refusal = rpc::ReadRequest(call, request);
  if (refusal.has_value()) call.Fail(*refusal);
  return !refusal.has_value();
}

}  // namespace

void ListDocumentKinds(const registry::Snapshot& snapshot, rpc::UnaryCall& call) {
  v1::ListDocumentKindsRequest request;
  if (!Parse(call, request)) return;
  if (request.page_size() < 0) {
    return call.Fail(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "page_size",
                                          "write 0 or a positive number"));
  }
  // The token is the code after which the page begins.
  const absl::StatusOr<std::string> after = Base64UrlDecode(request.page_token());
  if (!after.ok()) {
    return call.Fail(
        policy::RefusedField(v1::ERROR_REASON_PAGE_TOKEN_INVALID, "page_token",
                             "write next_page_token of the previous page, or nothing"));
  }
  const int size =
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);
  v1::ListDocumentKindsResponse response;
  for (const registry::Kind& kind : snapshot.kinds()) {
    if (kind.proto->code() <= *after) continue;
    if (response.document_kinds_size() == size) {
      response.set_next_page_token(
          Base64UrlEncode(response.document_kinds(size - 1).document_kind()));
      break;
    }
    *response.add_document_kinds() = registry::Describe(snapshot, kind);
  }
  call.Reply(response.SerializeAsString());
}

void GetDocumentKind(const registry::Snapshot& snapshot, rpc::UnaryCall& call) {
  v1::GetDocumentKindRequest request;
  if (!Parse(call, request)) return;
  const registry::Kind* kind = snapshot.FindKind(request.document_kind());
  if (kind == nullptr) {
    return call.Fail(policy::RefusedField(v1::ERROR_REASON_DOCUMENT_KIND_UNKNOWN, "document_kind",
                                          "there is no such kind; ListDocumentKinds names them"));
  }
  v1::GetDocumentKindResponse response;
  *response.mutable_document_kind() = registry::Describe(snapshot, *kind);
  call.Reply(response.SerializeAsString());
}

}  // namespace chayan::verify
