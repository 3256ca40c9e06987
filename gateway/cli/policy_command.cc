// chayan policy explain | who-can DIR: what a registry set permits, and why. Offline; quotas, locks
// and the use of grants are known to a gateway alone.
#include <algorithm>
#include <memory>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/offline_log.h"
#include "gateway/cli/policy_diff.h"
#include "gateway/cli/program.h"
#include "gateway/policy/call.h"
#include "gateway/policy/decide.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

struct Options {
  std::string directory;
  std::string member, system, office, kind, purpose, basis, role;
  std::vector<std::string> claims, fields;
  std::string at;
  OutputFlags output;
};

template <typename Strings>
std::string ListOrAll(const Strings& values, absl::string_view all) {
  return values.empty() ? std::string(all) : absl::StrJoin(values, ", ");
}

template <typename Strings>
bool IsCovered(const Strings& granted, const std::string& wanted, bool empty_is_all) {
  if (wanted.empty() || (empty_is_all && granted.empty())) return true;
  return std::find(granted.begin(), granted.end(), wanted) != granted.end();
}

v1::VerifyDocumentRequest QuestionOf(const Options& options) {
  v1::VerifyDocumentRequest request;
  request.set_acting_for(options.office.empty() ? options.member : options.office);
  request.set_document_kind(options.kind);
  v1::Purpose& purpose = *request.mutable_purpose();
  // Who asks in which case makes no difference to a grant.
  purpose.mutable_person()->set_id("person");
  purpose.mutable_person()->set_role(options.role);
  purpose.set_case_number("case");
  purpose.set_purpose_code(options.purpose);
  purpose.set_legal_basis(options.basis);
  for (const std::string& code : options.claims) request.add_claims()->set_code(code);
  for (const std::string& code : options.fields) request.add_requested_fields(code);
  return request;
}

// The set and the time that the options name; what is wrong was printed.
std::shared_ptr<const registry::Snapshot> LoadAt(const Program& program, const Options& options,
                                                 absl::Time& at) {
  at = program.clock.Now();
  if (!options.at.empty()) {
    const auto moment = ParseMoment("--at", options.at, /*end=*/false, program.clock.Now());
    if (!moment.ok()) {
      program.FailUsage(moment.status());
      return nullptr;
    }
    at = *moment;
  }
  return LoadSet(program, options.directory);
}

// The assertions that a real question would bring are not here: to ask for them is no refusal.
bool AsksForProof(v1::ErrorReason reason) {
  return reason == v1::ERROR_REASON_PERSON_ASSERTION_REQUIRED ||
         reason == v1::ERROR_REASON_APPROVAL_REQUIRED;
}

report::Table VerdictsTable(Language language, const std::vector<policy::GrantVerdict>& verdicts) {
  report::Table table{.name = "grants",
                      .title = std::string(Say(language, "各授權", "each grant"))};
  table.header = {std::string(Say(language, "授權", "grant")),
                  std::string(Say(language, "結果", "says"))};
  for (const auto& [grant, reason] : verdicts) {
    table.rows.push_back({grant->proto->id(), reason == v1::ERROR_REASON_UNSPECIFIED
                                                  ? std::string(Say(language, "准許", "permits"))
                                                  : std::string(policy::ReasonName(reason))});
  }
  return table;
}

report::Table RemediesTable(Language language, const policy::Refusal& refusal) {
  report::Table table{.name = "faults",
                      .title = std::string(Say(language, "如何修正", "what to mend"))};
  table.header = {std::string(Say(language, "欄位", "field")),
                  std::string(Say(language, "說明", "remedy"))};
  for (const policy::FieldViolation& violation : refusal.violations) {
    table.rows.push_back({violation.field, violation.description});
  }
  for (const auto& [name, value] : refusal.metadata) table.rows.push_back({name, value});
  return table;
}

ExitCode Explain(Program& program, const Options& options) {
  absl::Time at;
  const auto set = LoadAt(program, options, at);
  if (set == nullptr) return ExitCode::kUsage;
  const Language language = DocumentLanguage(program, options.output);
  policy::Caller caller;
  caller.member = options.member;
  caller.system = options.system;
  const v1::VerifyDocumentRequest request = QuestionOf(options);
  const policy::Decision decision = policy::Decide(caller, request, *set, at);
  report::Document document;
  document.title = std::string(Say(language, "准許與否", "the decision"));
  const auto fact = [&](absl::string_view zh, absl::string_view en, std::string value) {
    document.facts.push_back({std::string(Say(language, zh, en)), std::move(value)});
  };
  fact("時間", "time", report::IsoTime(at));
  std::vector<std::string> rules;
  for (const registry::CountyRule& rule : set->CountyRules(request.acting_for())) {
    if (rule.IsAbout(options.kind)) rules.push_back(rule.proto->id());
  }
  if (!rules.empty()) fact("縣市規則", "county rules", absl::StrJoin(rules, ", "));
  document.tables.push_back(
      VerdictsTable(language, policy::ConsiderGrants(caller, request, *set, at)));
  const auto* const refusal = std::get_if<policy::Refusal>(&decision);
  const bool permitted = refusal == nullptr || AsksForProof(refusal->reason);
  fact("結論", "conclusion",
       std::string(permitted ? Say(language, "准許", "permitted")
                             : Say(language, "拒絕", "refused")));
  if (refusal != nullptr) {
    fact(permitted ? "條件" : "理由", permitted ? "provided that" : "reason",
         absl::StrCat(refusal->reason_name(), ": ", refusal->message));
    document.tables.push_back(RemediesTable(language, *refusal));
  }
  const ExitCode printed = PrintDocument(program, options.output, document);
  return printed != ExitCode::kOk || permitted ? printed : ExitCode::kCheckFailed;
}

bool Fits(const registry::Grant& grant, const Options& options, absl::Time at) {
  const v1::Grant& proto = *grant.proto;
  const auto all = [](const auto& granted, const std::vector<std::string>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& code) {
      return IsCovered(granted, code, /*empty_is_all=*/false);
    });
  };
  return proto.document_kind() == options.kind && all(proto.claims(), options.claims) &&
         all(proto.fields(), options.fields) &&
         IsCovered(proto.purposes(), options.purpose, /*empty_is_all=*/false) &&
         IsCovered(proto.legal_bases(), options.basis, /*empty_is_all=*/false) &&
         IsCovered(proto.person_roles(), options.role, /*empty_is_all=*/true) &&
         IsCovered(proto.acting_for(), options.office, /*empty_is_all=*/true) &&
         (options.member.empty() || proto.member() == options.member) && at >= grant.not_before &&
         at <= grant.not_after;
}

// What no grant of the kind names is most likely misspelt. An office or role may be covered by a
// grant that names none.
void SayWhatNoGrantNames(const Program& program, const registry::Snapshot& set,
                         const Options& options) {
  std::vector<absl::string_view> members, purposes, bases, claims, fields;
  for (const registry::Grant* const grant : set.grants()) {
    const v1::Grant& proto = *grant->proto;
    if (proto.document_kind() != options.kind) continue;
    members.push_back(proto.member());
    purposes.insert(purposes.end(), proto.purposes().begin(), proto.purposes().end());
    bases.insert(bases.end(), proto.legal_bases().begin(), proto.legal_bases().end());
    claims.insert(claims.end(), proto.claims().begin(), proto.claims().end());
    fields.insert(fields.end(), proto.fields().begin(), proto.fields().end());
  }
  const auto look = [&](absl::string_view flag, const std::string& wanted,
                        std::vector<absl::string_view>& named) {
    // Many grants name the same.
    std::sort(named.begin(), named.end());
    named.erase(std::unique(named.begin(), named.end()), named.end());
    if (wanted.empty() || std::find(named.begin(), named.end(), wanted) != named.end()) return;
    program.err << "chayan: " << flag << ": "
                << program.Say("此種文件的授權均無 ", "no grant of this kind names ") << wanted
                << policy::Advice(wanted, named, "DIR") << "\n";
  };
  look("--member", options.member, members);
  look("--purpose", options.purpose, purposes);
  look("--basis", options.basis, bases);
  for (const std::string& claim : options.claims) look("--claim", claim, claims);
  for (const std::string& field : options.fields) look("--field", field, fields);
}

std::string HoursText(Language language, const v1::Hours& hours) {
  return absl::StrCat(hours.from(), "–", hours.to(),
                      hours.workdays_only() ? Say(language, "(工作日)", " on workdays") : "");
}

ExitCode WhoCan(Program& program, const Options& options) {
  absl::Time at;
  const auto set = LoadAt(program, options, at);
  if (set == nullptr) return ExitCode::kUsage;
  if (set->FindKind(options.kind) == nullptr) {
    std::vector<absl::string_view> codes;
    for (const registry::Kind& kind : set->kinds()) codes.push_back(kind.proto->code());
    return program.Fail(ExitCode::kUsage,
                        absl::StrCat("--kind: the set has no kind \"", options.kind, "\"",
                                     policy::Advice(options.kind, codes, "chayan kinds")));
  }
  SayWhatNoGrantNames(program, *set, options);
  const Language language = DocumentLanguage(program, options.output);
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  const std::string all = say("全部", "all");
  report::Table table{.name = "grants", .title = say("得查驗者", "who can ask")};
  table.header = {say("授權", "grant"),       say("會員", "member"),    say("系統", "systems"),
                  say("機關", "offices"),     say("職務", "roles"),     say("目的", "purposes"),
                  say("依據", "legal bases"), say("項目", "claims"),    say("欄位", "fields"),
                  say("時段", "hours"),       say("每日上限", "a day"), say("至", "until")};
  for (const registry::Grant* const grant : set->grants()) {
    if (!Fits(*grant, options, at)) continue;
    const v1::Grant& proto = *grant->proto;
    table.rows.push_back(
        {proto.id(), proto.member(), ListOrAll(proto.systems(), all),
         ListOrAll(proto.acting_for(), all), ListOrAll(proto.person_roles(), all),
         absl::StrJoin(proto.purposes(), ", "), absl::StrJoin(proto.legal_bases(), ", "),
         absl::StrJoin(proto.claims(), ", "), absl::StrJoin(proto.fields(), ", "),
         proto.has_hours() ? HoursText(language, proto.hours()) : all,
         proto.quota_per_day() == 0 ? all : absl::StrCat(proto.quota_per_day()),
         grant->is_undated() ? say("首次生效後五年", "five years after it was first in force")
                             : report::IsoTime(grant->not_after)});
  }
  report::Document document;
  document.title = absl::StrCat(table.title, ": ", options.kind);
  document.tables.push_back(std::move(table));
  return PrintDocument(program, options.output, document);
}

void AddQuestionOptions(CLI::App& command, Options& options, bool whole) {
  command.add_option("DIR", options.directory, "folder of *.textproto files")->required();
  const auto add = [&](const char* name, std::string& value, const char* help, bool required) {
    command.add_option(name, value, help)->required(required);
  };
  add("--member", options.member, "member that asks", whole);
  add("--kind", options.kind, "code of the document kind", true);
  add("--office", options.office, "office on whose behalf; with explain: the member's own", false);
  add("--purpose", options.purpose, "code of the purpose", whole);
  add("--basis", options.basis, "code of the legal basis", whole);
  add("--role", options.role, "role of the person", whole);
  add("--at", options.at, "moment, such as 2026-01-15T08:30:00Z; now without it", false);
  command.add_option("--claim", options.claims, "code of a claim; may be repeated")
      ->required(whole);
  command.add_option("--field", options.fields, "code of a requested field; may be repeated");
  AddOutputFlags(command, options.output);
}

}  // namespace

void AddPolicyCommand(CLI::App& app, Program& program) {
  CLI::App* policy = app.add_subcommand(
      "policy", std::string(program.Say("誰得查驗什麼,以及為什麼", "who may ask what, and why")));
  policy->require_subcommand(1);

  const auto explained = std::make_shared<Options>();
  CLI::App* explain = policy->add_subcommand(
      "explain", std::string(program.Say("一個問題是否准許,各授權如何看它",
                                         "whether a question is permitted, and what each grant "
                                         "says to it; ends with 1 when it is refused")));
  AddQuestionOptions(*explain, *explained, /*whole=*/true);
  explain->add_option("--system", explained->system, "system of the member")->required();
  explain->callback([&program, explained] {
    program.action = [&program, explained] { return Explain(program, *explained); };
  });

  const auto found = std::make_shared<Options>();
  CLI::App* who_can = policy->add_subcommand(
      "who-can", std::string(program.Say("哪些授權涵蓋所給條件",
                                         "which grants cover what is given, and what else")));
  AddQuestionOptions(*who_can, *found, /*whole=*/false);
  who_can->callback([&program, found] {
    program.action = [&program, found] { return WhoCan(program, *found); };
  });

  AddPolicyDiffCommand(*policy, program);
}

}  // namespace chayan::cli
