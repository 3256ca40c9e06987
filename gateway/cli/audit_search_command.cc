// chayan audit search: entries by what stands in their leaves, of an export or
// of a gateway; and, of a gateway alone, by the subject, person or case that
// only its vault knows.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/cli/offline_log.h"

namespace chayan::cli {
namespace {

struct Options {
  OfflineFlags log;
  FilterFlags filter;
  PurposeFlags purpose;
  OutputFlags output;
  std::string subject;
  std::string person;          // MEMBER:ID
  std::string case_of_office;  // OFFICE:NUMBER
  uint64_t limit = 1000;
};

// What was found.
struct Found {
  report::Table table;
  uint64_t count = 0;
  std::string where;  // origin, or the gateway
};

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

absl::StatusOr<v1::SearchEntriesRequest> ToRequest(Program& program, const Options& options) {
  v1::SearchEntriesRequest request;
  CHAYAN_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(options.filter, program.clock.Now()));
  if (!options.subject.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(*request.mutable_subject(), ParseSubject(program, options.subject));
  }
  if (!options.person.empty()) {
    v1::PersonOfMember* const person = request.mutable_person();
    CHAYAN_RETURN_IF_ERROR(
        Split("--person", options.person, person->mutable_member(), person->mutable_person_id()));
  }
  if (!options.case_of_office.empty()) {
    v1::CaseOfOffice* const of = request.mutable_case_of_office();
    CHAYAN_RETURN_IF_ERROR(
        Split("--case", options.case_of_office, of->mutable_office(), of->mutable_case_number()));
  }
  if (request.about_case() != v1::SearchEntriesRequest::ABOUT_NOT_SET) {
    CHAYAN_ASSIGN_OR_RETURN(*request.mutable_purpose(), ToProto(options.purpose));
  }
  return request;
}

ExitCode SearchGateway(Program& program, const Options& options, Found& found) {
  const auto request = ToRequest(program, options);
  if (!request.ok()) return program.FailUsage(request.status());
  std::unique_ptr<Client> client;
  const auto connection = program.Connect(CallerRole::kAuditor, client);
  if (!connection.ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  absl::Status status;
  const absl::Status called = calls.CallPages<v1::SearchEntriesResponse>(
      "SearchEntries", *request, [&](const v1::SearchEntriesResponse& page) {
        for (const v1::FoundEntry& entry : page.entries()) {
          const auto leaf = log::ReadLeaf(entry.leaf());
          if (!leaf.ok()) {
            status = leaf.status();
          } else if (++found.count <= options.limit) {
            found.table.rows.push_back(EntryRow(entry.index(), *leaf));
          }
        }
      });
  if (!called.ok()) return calls.Fail(called);
  if (!status.ok()) return calls.Fail(status);
  found.where = connection->endpoint.address;
  return ExitCode::kOk;
}

ExitCode SearchExport(Program& program, const Options& options, Found& found) {
  if (!options.subject.empty() || !options.person.empty() || !options.case_of_office.empty()) {
    return program.Fail(ExitCode::kUsage,
                        program.Say("匯出的日誌不含當事人、承辦人與案號;請不給 DIR,向閘道查詢",
                                    "an export holds no subject, person or case: leave DIR out "
                                    "and ask the gateway"));
  }
  const auto filter = EntryFilter::Create(options.filter, program.clock.Now());
  if (!filter.ok()) return program.FailUsage(filter.status());
  AuditReport report;
  const ExitCode read = ReadOfflineLog(
      program, options.log,
      [&](const AuditedEntry& entry) {
        if (!filter->Matches(entry.index, entry.leaf)) return;
        if (++found.count > options.limit) return;
        found.table.rows.push_back(EntryRow(entry.index, entry.leaf));
      },
      report);
  if (read == ExitCode::kOk) found.where = report.standing->checkpoint.origin;
  return read;
}

ExitCode Search(Program& program, const Options& options) {
  const Language language = DocumentLanguage(program, options.output);
  Found found;
  found.table = {.name = "entries", .title = std::string(Say(language, "紀錄", "entries"))};
  found.table.header = EntryHeader(language);
  const ExitCode searched = options.log.directory.empty() ? SearchGateway(program, options, found)
                                                          : SearchExport(program, options, found);
  if (searched != ExitCode::kOk) return searched;
  report::Document document;
  document.title = std::string(Say(language, "日誌查詢", "search of the log"));
  document.facts = {
      {std::string(Say(language, "符合", "found")), absl::StrCat(found.count)},
      {std::string(Say(language, "列出", "shown")), absl::StrCat(found.table.rows.size())},
      {std::string(Say(language, "日誌", "log")), found.where}};
  document.tables.push_back(std::move(found.table));
  return PrintDocument(program, options.output, document);
}

}  // namespace

void AddAuditSearchCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* search = audit.add_subcommand(
      "search",
      std::string(program.Say("依時間、機關、類別、結果等查詢紀錄(匯出的日誌,或不給 DIR 時向閘道)",
                              "find entries by time, member, office, kind, outcome … of "
                              "an export, or without DIR of a gateway")));
  AddOfflineFlags(*search, options->log, /*required=*/false);
  AddFilterFlags(*search, options->filter, "--caller-cert");
  search->add_option("--subject", options->subject,
                     "of a gateway: about this number; \"-\" reads it from standard input");
  search->add_option("--person", options->person, "of a gateway: asked by this person, MEMBER:ID");
  search->add_option("--case", options->case_of_office,
                     "of a gateway: of this case, OFFICE:NUMBER");
  search->add_option("--limit", options->limit, "show at most this many; all are counted")
      ->capture_default_str();
  AddPurposeFlags(*search, options->purpose);
  AddOutputFlags(*search, options->output);
  AddConnectionFlags(*search, program);
  search->callback([&program, options] {
    program.action = [&program, options] { return Search(program, *options); };
  });
}

}  // namespace chayan::cli
