#include "gateway/cli/audit_search_call.h"

#include <memory>

#include "absl/strings/str_cat.h"

namespace chayan::cli {
namespace {

// "MEMBER:ID" in two.
absl::Status Split(absl::string_view flag, const std::string& text, std::string* first,
                   std::string* second) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": write MEMBER:ID, both parts"));
  }
  *first = text.substr(0, colon);
  *second = text.substr(colon + 1);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::SearchEntriesRequest> ToProto(Program& program, const FilterFlags& filter,
                                                 const VaultFlags& flags) {
  const int asked = (flags.subject.empty() ? 0 : 1) + (flags.person.empty() ? 0 : 1) +
                    (flags.case_of_office.empty() ? 0 : 1);
  if (asked > 1) {
    return absl::InvalidArgumentError(
        "--subject, --person, --case: a search is about one of them; narrow it by what stands in "
        "entries, "
        "such as --from and --kind");
  }
  v1::SearchEntriesRequest request;
  CHAYAN_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(filter, program.clock.Now()));
  if (!flags.subject.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(*request.mutable_subject(), ParseSubject(program, flags.subject));
  }
  if (!flags.person.empty()) {
    v1::PersonOfMember* const person = request.mutable_person();
    CHAYAN_RETURN_IF_ERROR(
        Split("--person", flags.person, person->mutable_member(), person->mutable_person_id()));
  }
  if (!flags.case_of_office.empty()) {
    v1::CaseOfOffice* const of = request.mutable_case_of_office();
    CHAYAN_RETURN_IF_ERROR(
        Split("--case", flags.case_of_office, of->mutable_office(), of->mutable_case_number()));
  }
  if (!flags.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(*request.mutable_purpose(), ToProto(flags.purpose));
  }
  return request;
}

ExitCode SearchGateway(Program& program, const v1::SearchEntriesRequest& request,
                       absl::FunctionRef<void(uint64_t index, const log::LeafView&)> visit,
                       std::string& where) {
  std::unique_ptr<Client> client;
  const auto connection = program.Connect(CallerRole::kAuditor, client);
  if (!connection.ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  absl::Status status;
  const absl::Status called = calls.CallPages<v1::SearchEntriesResponse>(
      "SearchEntries", request, [&](const v1::SearchEntriesResponse& page) {
        for (const v1::FoundEntry& entry : page.entries()) {
          const auto leaf = log::ReadLeaf(entry.leaf());
          if (leaf.ok()) {
            visit(entry.index(), *leaf);
          } else {
            status = leaf.status();
          }
        }
      });
  if (!called.ok()) return calls.Fail(called);
  if (!status.ok()) return calls.Fail(status);
  where = connection->endpoint.address;
  return ExitCode::kOk;
}

}  // namespace chayan::cli
