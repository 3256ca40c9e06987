#include "gateway/audit/search.h"

#include <algorithm>
#include <utility>

#include "absl/functional/function_ref.h"
#include "gateway/audit/details.h"
#include "gateway/audit/filter.h"
#include "gateway/audit/frames.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/search_key.h"

namespace chayan::audit {
namespace {

// Pages: by default, and at most.
constexpr size_t kEntriesPageDefault = 100;
constexpr size_t kEntriesPageMax = 1000;
constexpr size_t kAccessesPageDefault = 100;
constexpr size_t kAccessesPageMax = 500;
// Bytes of leaves and details in a page, beyond the first: a message a client takes.
constexpr size_t kPageBytesMax = 2 << 20;
// Entries about somebody that one call looks at.
constexpr size_t kFoundMax = 5000;
// Entries one call looks at, so that no search keeps the others waiting: some tenths of a second.
constexpr uint64_t kLookedAtMax = 200'000;

// A page being filled.
struct Page {
  size_t size_max;
  size_t bytes = 0;
  size_t count = 0;
  uint64_t next = 0;  // the first entry that was not looked at

  bool HasRoomFor(size_t more) const {
    return count == 0 || (count < size_max && bytes + more <= kPageBytesMax);
  }
  void Add(size_t more) {
    ++count;
    bytes += more;
  }
};

struct About {
  absl::string_view label;
  std::string value;
};

// Takes the subject, person or case out of the request and into the call's own detail. False after
// a refusal; empty `about.label` when the search is not about anybody.
bool TakeAbout(AuditCall& call, const v1::SearchEntriesRequest& request, About& about) {
  const auto missing = [&call](const char* field) {
    call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_MISSING, field, "is missing"));
    return false;
  };
  switch (request.about_case()) {
    case v1::SearchEntriesRequest::kSubject: {
      absl::StatusOr<std::string> key = log::SubjectKey(request.subject());
      *call.detail().mutable_subject()->mutable_identifier() = request.subject();
      if (!key.ok()) {
        call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "subject",
                                         std::string(key.status().message())));
        return false;
      }
      call.SetSubjectKey(*key);
      about = {log::kSubjectLabel, *std::move(key)};
      return true;
    }
    case v1::SearchEntriesRequest::kPerson: {
      const v1::PersonOfMember& person = request.person();
      if (person.member().empty()) return missing("person.member");
      if (person.person_id().empty()) return missing("person.person_id");
      call.detail().set_searched_person(absl::StrCat(person.member(), "/", person.person_id()));
      about = {log::kPersonLabel, log::PersonKey(person.member(), person.person_id())};
      return true;
    }
    case v1::SearchEntriesRequest::kCaseOfOffice: {
      const v1::CaseOfOffice& of = request.case_of_office();
      if (of.office().empty()) return missing("case_of_office.office");
      if (of.case_number().empty()) return missing("case_of_office.case_number");
      call.detail().set_searched_case(absl::StrCat(of.office(), "/", of.case_number()));
      about = {log::kCaseLabel, log::CaseKey(of.office(), of.case_number())};
      return true;
    }
    case v1::SearchEntriesRequest::ABOUT_NOT_SET:
      return true;
  }
  return true;
}

// A store without an index has nothing to search in.
policy::Refusal NoIndex() {
  return policy::Refused(v1::ERROR_REASON_METHOD_UNKNOWN,
                         "this gateway's store has no search index");
}

// Adds the entry if it fits and a grant covers it. False when the page is full.
absl::StatusOr<bool> Consider(const Filter& filter, const policy::AuditPermit& permit,
                              uint64_t index, absl::string_view leaf, Page& page,
                              v1::SearchEntriesResponse& response) {
  if (!filter.Fits(leaf)) return true;
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf parsed, log::ParseLeaf(leaf));
  if (permit.Covering(EntryOf(parsed)) == nullptr) return true;
  if (page.count == page.size_max || !page.HasRoomFor(leaf.size())) return false;
  v1::FoundEntry* entry = response.add_entries();
  entry->set_index(index);
  entry->set_leaf(std::string(leaf));
  page.Add(leaf.size());
  return true;
}

absl::Status SearchLeaves(const Collaborators& with, const Filter& filter,
                          const policy::AuditPermit& permit, store::EntryRange range, Page& page,
                          v1::SearchEntriesResponse& response) {
  const store::EntryRange looked_at{range.first, std::min(range.end, range.first + kLookedAtMax)};
  absl::Status fault;
  page.next = looked_at.end;
  const absl::Status status =
      VisitLeaves(with.store, looked_at, [&](uint64_t index, absl::string_view leaf) {
        const absl::StatusOr<bool> goes_on = Consider(filter, permit, index, leaf, page, response);
        if (goes_on.ok() && *goes_on) return true;
        fault = goes_on.status();
        page.next = index;
        return false;
      });
  CHAYAN_RETURN_IF_ERROR(fault);
  return status;
}

// Calls `consider` with the entries about somebody in turn, until it says false, they end, or so
// many were looked at; page.next says how far it came.
absl::Status VisitFound(const Collaborators& with, const About& about, store::EntryRange range,
                        Page& page, absl::FunctionRef<absl::StatusOr<bool>(uint64_t)> consider) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::KeyedTag> tags,
                          with.vault.Tags(about.label, about.value));
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<uint64_t> found,
                          with.store.search_index()->Find(tags, range, kFoundMax));
  for (const uint64_t index : found) {
    page.next = index;
    CHAYAN_ASSIGN_OR_RETURN(const bool goes_on, consider(index));
    if (!goes_on) return absl::OkStatus();
    page.next = index + 1;
  }
  if (found.size() < kFoundMax) page.next = range.end;
  return absl::OkStatus();
}

absl::Status SearchIndexed(const Collaborators& with, const Filter& filter,
                           const policy::AuditPermit& permit, const About& about,
                           store::EntryRange range, Page& page,
                           v1::SearchEntriesResponse& response) {
  return VisitFound(with, about, range, page, [&](uint64_t index) -> absl::StatusOr<bool> {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves,
                            with.store.ReadLeaves(index, 1, 0));
    return Consider(filter, permit, index, leaves[0], page, response);
  });
}

// Adds one access with its detail. False when the page is full.
absl::StatusOr<bool> AddAccess(const Collaborators& with, AuditCall& call,
                               const policy::AuditPermit& permit, const About& about,
                               uint64_t index, Page& page, v1::ListAccessesResponse& response) {
  CHAYAN_ASSIGN_OR_RETURN(std::vector<std::string> leaves, with.store.ReadLeaves(index, 1, 0));
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, log::ParseLeaf(leaves[0]));
  if (permit.Covering(EntryOf(leaf)) == nullptr) {
    response.set_not_shown(response.not_shown() + 1);
    return true;
  }
  CHAYAN_ASSIGN_OR_RETURN(Detail detail, OpenDetail(with, index, leaf.id));
  if (leaf.known_type == log::EntryType::kBulk) KeepOnlyAbout(about.value, detail);
  const size_t bytes = leaves[0].size() + detail.bytes.size();
  if (page.count == page.size_max || !page.HasRoomFor(bytes)) return false;
  if (detail.state == v1::DETAIL_STATE_OPEN) call.detail().add_opened_indexes(index);
  v1::Access* access = response.add_accesses();
  access->set_index(index);
  access->set_leaf(std::move(leaves[0]));
  access->set_detail_state(detail.state);
  for (const v1::NoticeRecipient& recipient : detail.message.notice_recipients()) {
    access->add_notified_members(recipient.recipient());
  }
  for (const v1::BulkNotice& notice : detail.message.bulk_notices()) {
    for (const v1::NoticeRecipient& recipient : notice.recipients()) {
      access->add_notified_members(recipient.recipient());
    }
  }
  access->set_detail(std::move(detail.bytes));
  page.Add(bytes);
  return true;
}

// The filter of a request, checked and held against the grants. Empty after a refusal.
struct Scoped {
  Filter filter;
  policy::AuditPermit permit;
  store::EntryRange range;
};
std::optional<Scoped> Scope(const Collaborators& with, AuditCall& call,
                            const v1::EntryFilter& proto, policy::AuditAction action) {
  policy::FieldViolation violation;
  absl::StatusOr<Filter> filter = Filter::Create(proto, violation);
  if (!filter.ok()) {
    call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, std::move(violation.field),
                                     std::move(violation.description)));
    return std::nullopt;
  }
  std::optional<policy::AuditPermit> permit = call.Permit(action, filter->Scope());
  if (!permit.has_value()) return std::nullopt;
  const absl::StatusOr<store::EntryRange> range = filter->Range(with.store, call.log_size());
  if (!range.ok()) {
    call.Refuse(StoreFault(range.status()));
    return std::nullopt;
  }
  return Scoped{*std::move(filter), *std::move(permit), *range};
}

}  // namespace

void SearchEntries(const Collaborators& with, AuditCall call) {
  v1::SearchEntriesRequest request;
  About about;
  if (!call.Parse(request)) return;
  const bool is_about = request.about_case() != v1::SearchEntriesRequest::ABOUT_NOT_SET;
  if (is_about && (!call.TakePurpose(request.purpose()) || !TakeAbout(call, request, about)))
    return;
  if (is_about && with.store.search_index() == nullptr) return call.Refuse(NoIndex());
  std::optional<Scoped> scoped =
      Scope(with, call, request.filter(),
            is_about ? policy::AuditAction::kOpen : policy::AuditAction::kSearch);
  if (!scoped.has_value()) return;
  const store::EntryRange range = scoped->range;
  const std::optional<PagePlace> place = call.PageStart(request, {range.first, range.end});
  if (!place.has_value()) return;
  scoped->range = {place->next, place->end};
  v1::SearchEntriesResponse response;
  Page page{AuditCall::PageSize(request, kEntriesPageDefault, kEntriesPageMax)};
  const absl::Status status =
      is_about ? SearchIndexed(with, scoped->filter, scoped->permit, about, scoped->range, page,
                               response)
               : SearchLeaves(with, scoped->filter, scoped->permit, scoped->range, page, response);
  if (!status.ok()) return call.Refuse(StoreFault(status));
  response.set_searched_index(page.next);
  if (page.next < scoped->range.end) {
    response.set_next_page_token(call.NextToken(request, {page.next, scoped->range.end}));
  }
  call.Reply(response.SerializeAsString());
}

void ListAccesses(const Collaborators& with, AuditCall call) {
  v1::ListAccessesRequest request;
  if (!call.Parse(request) || !call.TakePurpose(request.purpose())) return;
  v1::SearchEntriesRequest search;
  *search.mutable_subject() = request.subject();
  About about;
  if (!TakeAbout(call, search, about)) return;
  if (with.store.search_index() == nullptr) return call.Refuse(NoIndex());
  v1::EntryFilter filter;
  if (request.has_from_time()) *filter.mutable_from_time() = request.from_time();
  if (request.has_until_time()) *filter.mutable_until_time() = request.until_time();
  std::optional<Scoped> scoped = Scope(with, call, filter, policy::AuditAction::kOpen);
  if (!scoped.has_value()) return;
  const store::EntryRange range = scoped->range;
  const std::optional<PagePlace> place = call.PageStart(request, {range.first, range.end});
  if (!place.has_value()) return;
  scoped->range = {place->next, place->end};
  v1::ListAccessesResponse response;
  Page page{AuditCall::PageSize(request, kAccessesPageDefault, kAccessesPageMax)};
  const absl::Status status = VisitFound(with, about, scoped->range, page, [&](uint64_t index) {
    return AddAccess(with, call, scoped->permit, about, index, page, response);
  });
  if (!status.ok()) return call.Refuse(StoreFault(status));
  if (page.next < scoped->range.end) {
    response.set_next_page_token(call.NextToken(request, {page.next, scoped->range.end}));
  }
  call.Reply(response.SerializeAsString());
}

}  // namespace chayan::audit
