#include "gateway/audit/log_reads.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "gateway/audit/details.h"
#include "gateway/base/encoding.h"
#include "gateway/log/search_key.h"

namespace chayan::audit {
namespace {

// A page of entries: by default, and at most, in number and in bytes.
constexpr int kPageSizeDefault = 1000;
constexpr int kPageSizeMax = 5000;
constexpr uint64_t kPageBytesMax = 2 << 20;

// Where the next page begins and where the listing ends, so that a page token carries the whole
// question. It names no person and outlives a restart: an export of a whole log goes on after one.
struct Cursor {
  uint64_t next = 0;
  uint64_t end = 0;

  std::string ToToken() const { return Base64UrlEncode(absl::StrCat(next, "/", end)); }
  static absl::StatusOr<Cursor> FromToken(absl::string_view token) {
    absl::StatusOr<std::string> text = Base64UrlDecode(token);
    if (!text.ok()) return text.status();
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(*text, absl::MaxSplits('/', 1));
    const absl::StatusOr<uint64_t> next = ParseDecimal(parts.first),
                                   end = ParseDecimal(parts.second);
    if (!next.ok()) return next.status();
    if (!end.ok()) return end.status();
    return Cursor{*next, *end};
  }
};

// Puts the opened detail into the response and says so in the call's own detail. False after a
// refusal.
bool Open(const Collaborators& with, AuditCall& call, uint64_t index, const log::ParsedLeaf& leaf,
          v1::GetEntryResponse& response) {
  if (!call.PermitEntry(policy::AuditAction::kOpen, leaf)) return false;
  absl::StatusOr<Detail> detail = OpenDetail(with, index, leaf.id);
  if (!detail.ok()) {
    call.Refuse(StoreFault(detail.status()));
    return false;
  }
  response.set_detail_state(detail->state);
  if (detail->state != v1::DETAIL_STATE_OPEN) return true;
  call.detail().add_opened_indexes(index);
  if (absl::StatusOr<std::string> key = log::SubjectKey(detail->message.subject().identifier());
      key.ok()) {
    call.SetSubjectKey(*std::move(key));
  }
  response.set_detail(std::move(detail->bytes));
  response.set_detail_opening(std::move(detail->opening));
  return true;
}

}  // namespace

void ListEntries(const Collaborators& with, AuditCall call) {
  v1::ListEntriesRequest request;
  if (!call.Parse(request)) return;
  if (request.page_size() < 0) {
    return call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "page_size",
                                            "write 0 or a positive number"));
  }
  const uint64_t log_size = call.log_size();
  const uint64_t end = request.end_index() == 0 ? log_size : request.end_index();
  absl::StatusOr<Cursor> cursor = Cursor{request.first_index(), end};
  if (!request.page_token().empty()) cursor = Cursor::FromToken(request.page_token());
  if (!cursor.ok()) {
    return call.Refuse(
        policy::RefusedField(v1::ERROR_REASON_PAGE_TOKEN_INVALID, "page_token",
                             "write next_page_token of the previous page, or nothing"));
  }
  if (cursor->end > log_size || cursor->next > cursor->end) {
    return call.Refuse(policy::RefusedField(
        v1::ERROR_REASON_FIELD_INVALID, cursor->end > log_size ? "end_index" : "first_index",
        absl::StrCat("write at most ", std::min(cursor->end, log_size))));
  }
  v1::ListEntriesResponse response;
  response.set_first_index(cursor->next);
  if (cursor->next < cursor->end) {
    const int page =
        request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);
    const uint64_t count =
        std::min<uint64_t>(static_cast<uint64_t>(page), cursor->end - cursor->next);
    absl::StatusOr<std::vector<std::string>> leaves =
        with.store.ReadLeaves(cursor->next, count, kPageBytesMax);
    if (!leaves.ok()) return call.Refuse(StoreFault(leaves.status()));
    for (std::string& leaf : *leaves) response.add_leaves(std::move(leaf));
    cursor->next += leaves->size();
    if (cursor->next < cursor->end) response.set_next_page_token(cursor->ToToken());
  }
  call.entry().ref = response.first_index();
  call.Reply(response.SerializeAsString());
}

void GetEntry(const Collaborators& with, AuditCall call) {
  v1::GetEntryRequest request;
  if (!call.Parse(request)) return;
  if (request.open_detail() && !call.TakePurpose(request.purpose())) return;
  if (request.index() >= call.log_size()) return call.Refuse(NoSuchEntry());
  absl::StatusOr<log::Committed> entry = with.committer.Prove(request.index());
  if (!entry.ok()) return call.Refuse(StoreFault(entry.status()));
  const absl::StatusOr<log::ParsedLeaf> leaf = log::ParseLeaf(entry->leaf);
  if (!leaf.ok()) return call.Refuse(StoreFault(leaf.status()));
  call.entry().ref = request.index();
  v1::GetEntryResponse response;
  if (request.open_detail() && !Open(with, call, request.index(), *leaf, response)) return;
  response.set_leaf(std::move(entry->leaf));
  response.set_tlog_proof(std::move(entry->tlog_proof));
  call.Reply(response.SerializeAsString());
}

void GetRegistrySet(const Collaborators& with, AuditCall call) {
  v1::GetRegistrySetRequest request;
  if (!call.Parse(request)) return;
  const absl::StatusOr<crypto::Digest> digest = crypto::Digest::FromRaw(request.digest());
  if (!digest.ok()) {
    return call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "digest",
                                            "write the 32 bytes of a set's digest"));
  }
  absl::StatusOr<store::RegistrySet> set = with.store.ReadRegistry(*digest);
  if (absl::IsNotFound(set.status())) {
    return call.Refuse(policy::RefusedField(v1::ERROR_REASON_REGISTRY_SET_NOT_FOUND, "digest",
                                            "no such set was ever in force"));
  }
  if (!set.ok()) return call.Refuse(StoreFault(set.status()));
  v1::GetRegistrySetResponse response;
  for (auto& [path, content] : set->files) {
    v1::RegistryFileContent* file = response.add_files();
    file->set_path(std::move(path));
    file->set_content(std::move(content));
  }
  call.entry().registry = *digest;
  call.Reply(response.SerializeAsString());
}

}  // namespace chayan::audit
