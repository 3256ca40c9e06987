#include "gateway/audit/auditor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/base/diag.h"
#include "gateway/base/encoding.h"
#include "gateway/log/entry.h"
#include "gateway/rpc/recorded.h"

namespace chayan::audit {
namespace {

constexpr char kService[] = "/chayan.v1.AuditService/";
// Reads that may wait for the reading thread.
constexpr size_t kReadsQueuedMax = 256;
// A page of entries: by default, and at most, in number and in bytes.
constexpr int kPageSizeDefault = 1000;
constexpr int kPageSizeMax = 5000;
constexpr uint64_t kPageBytesMax = 2 << 20;

policy::Refusal Refused(v1::ErrorReason reason, std::string field, std::string message) {
  policy::Refusal refusal;
  refusal.reason = reason;
  refusal.message = field.empty() ? message : absl::StrCat(field, ": ", message);
  if (!field.empty()) refusal.violations = {{std::move(field), std::move(message)}};
  return refusal;
}

policy::Refusal StoreFault(const absl::Status& status) {
  diag::Error("audit.store_fault", {{"cause", std::string(status.message())}});
  return Refused(v1::ERROR_REASON_INTERNAL, "",
                 "the store cannot be read; the operator has been told");
}

policy::Refusal NoSuchEntry() {
  return Refused(v1::ERROR_REASON_ENTRY_NOT_FOUND, "index", "there is no such entry");
}

// Where the next page begins and where the listing ends, so that a page token carries the whole
// question.
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

}  // namespace

Auditor::Auditor(log::Committer& committer, store::Store& store, Clock& clock, Random& random)
    : committer_(committer),
      store_(store),
      clock_(clock),
      random_(random),
      reads_(kReadsQueuedMax) {}

void Auditor::ServeOn(rpc::Server& server) {
  const std::string service = kService;
  const std::pair<const char*, void (Auditor::*)(Call)> reads[] = {
      {"ListEntries", &Auditor::ListEntries},
      {"GetEntry", &Auditor::GetEntry},
      {"GetRegistrySet", &Auditor::GetRegistrySet}};
  for (const auto& [method, read] : reads) {
    server.HandleUnary(service + method,
                       [this, read = read](Call call) { Read(std::move(call), read); });
  }
}

void Auditor::Read(Call call, void (Auditor::*read)(Call)) {
  if (!reads_.Run([this, call, read]() mutable { (this->*read)(std::move(call)); })) {
    policy::Refusal refusal =
        Refused(v1::ERROR_REASON_OVERLOADED, "", "too many reads wait; try again later");
    refusal.retry_delay = absl::Seconds(1);
    call->Fail(refusal);
  }
}

void Auditor::ListEntries(Call call) {
  v1::ListEntriesRequest request;
  if (!Parse(call, request)) return;
  if (request.page_size() < 0) {
    return Refuse(
        call, Refused(v1::ERROR_REASON_FIELD_INVALID, "page_size", "write 0 or a positive number"));
  }
  const uint64_t log_size = committer_.Status().size;
  const uint64_t end = request.end_index() == 0 ? log_size : request.end_index();
  absl::StatusOr<Cursor> cursor = Cursor{request.first_index(), end};
  if (!request.page_token().empty()) cursor = Cursor::FromToken(request.page_token());
  if (!cursor.ok()) {
    return Refuse(call, Refused(v1::ERROR_REASON_PAGE_TOKEN_INVALID, "page_token",
                                "write next_page_token of the previous page, or nothing"));
  }
  if (cursor->end > log_size || cursor->next > cursor->end) {
    return Refuse(call, Refused(v1::ERROR_REASON_FIELD_INVALID,
                                cursor->end > log_size ? "end_index" : "first_index",
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
        store_.ReadLeaves(cursor->next, count, kPageBytesMax);
    if (!leaves.ok()) return Refuse(call, StoreFault(leaves.status()));
    for (std::string& leaf : *leaves) response.add_leaves(std::move(leaf));
    cursor->next += leaves->size();
    if (cursor->next < cursor->end) response.set_next_page_token(cursor->ToToken());
  }
  log::Entry entry = NewEntry(*call, log::EntryType::kRead);
  entry.ref = response.first_index();
  rpc::ReplyRecorded(committer_, std::move(entry), call, response.SerializeAsString());
}

void Auditor::GetEntry(Call call) {
  v1::GetEntryRequest request;
  if (!Parse(call, request)) return;
  if (request.index() >= committer_.Status().size) return Refuse(call, NoSuchEntry());
  absl::StatusOr<log::Committed> entry = committer_.Prove(request.index());
  if (!entry.ok()) return Refuse(call, StoreFault(entry.status()));
  v1::GetEntryResponse response;
  response.set_leaf(std::move(entry->leaf));
  response.set_tlog_proof(std::move(entry->tlog_proof));
  log::Entry read = NewEntry(*call, log::EntryType::kRead);
  read.ref = request.index();
  rpc::ReplyRecorded(committer_, std::move(read), call, response.SerializeAsString());
}

void Auditor::GetRegistrySet(Call call) {
  v1::GetRegistrySetRequest request;
  if (!Parse(call, request)) return;
  const absl::StatusOr<crypto::Digest> digest = crypto::Digest::FromRaw(request.digest());
  if (!digest.ok()) {
    return Refuse(call, Refused(v1::ERROR_REASON_FIELD_INVALID, "digest",
                                "write the 32 bytes of a set's digest"));
  }
  absl::StatusOr<store::RegistrySet> set = store_.ReadRegistry(*digest);
  if (absl::IsNotFound(set.status())) {
    return Refuse(call, Refused(v1::ERROR_REASON_REGISTRY_SET_NOT_FOUND, "digest",
                                "no such set was ever in force"));
  }
  if (!set.ok()) return Refuse(call, StoreFault(set.status()));
  v1::GetRegistrySetResponse response;
  for (auto& [path, content] : set->files) {
    v1::RegistryFileContent* file = response.add_files();
    file->set_path(std::move(path));
    file->set_content(std::move(content));
  }
  log::Entry read = NewEntry(*call, log::EntryType::kRead);
  read.registry = *digest;
  rpc::ReplyRecorded(committer_, std::move(read), call, response.SerializeAsString());
}

log::Entry Auditor::NewEntry(const rpc::UnaryCall& call, log::EntryType type) {
  return rpc::EntryOf(call.caller(), call.method(), type, Uuid::Version7(clock_.Now(), random_));
}

void Auditor::Refuse(Call call, policy::Refusal refusal) {
  log::Entry entry = NewEntry(*call, log::EntryType::kFailed);
  rpc::FailRecorded(committer_, std::move(entry), std::move(call), std::move(refusal));
}

template <typename Request>
bool Auditor::Parse(const Call& call, Request& request) {
  const absl::string_view bytes = call->request();
  if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return true;
  Refuse(call, Refused(v1::ERROR_REASON_MESSAGE_MALFORMED, "",
                       absl::StrCat("the request is not a valid ", request.GetTypeName())));
  return false;
}

}  // namespace chayan::audit
