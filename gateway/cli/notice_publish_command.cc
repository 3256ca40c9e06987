// chayan notice publish, supersede and reverse: one notice, from flags or from a file, by itself or
// after another one.
#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/base/file.h"
#include "gateway/base/uuid.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/notice_bulk.h"
#include "gateway/cli/notice_commands.h"
#include "gateway/cli/notice_request.h"

namespace chayan::cli {
namespace {

struct Options {
  TypedNotice notice;
  std::string follows;  // id of the notice that is replaced or undone
  std::string id;
  std::string former_id;
  std::string assertion_file;
  EvidenceFlags evidence;
  bool json = false;
  std::string bulk_in;
  std::string bulk_out;
};

// The kind as the gateway describes it now; NOT_FOUND names what there is.
absl::StatusOr<v1::NoticeKindDescription> FetchKind(NoticeCalls& calls, const std::string& code) {
  std::optional<v1::NoticeKindDescription> found;
  std::string codes;
  CHAYAN_RETURN_IF_ERROR(calls.CallPages<v1::ListNoticeKindsResponse>(
      "ListNoticeKinds", v1::ListNoticeKindsRequest(),
      [&](const v1::ListNoticeKindsResponse& page) {
        for (const v1::NoticeKindDescription& kind : page.notice_kinds()) {
          absl::StrAppend(&codes, " ", kind.notice_kind());
          if (kind.notice_kind() == code) found = kind;
        }
      }));
  if (found.has_value()) return *found;
  return absl::NotFoundError(
      absl::StrCat("--kind ", code, ": there is no such notice kind; there are:", codes));
}

absl::Status CompleteFromFiles(Program& program, Options& options) {
  TypedNotice& typed = options.notice;
  if (!options.id.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(typed.id, ParseSubject(program, options.id, "--id"));
  }
  if (!options.former_id.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(typed.former_id,
                            ParseSubject(program, options.former_id, "--former-id"));
  }
  if (!options.assertion_file.empty()) {
    const auto assertion = ReadFile(options.assertion_file);
    if (!assertion.ok()) return Annotate(assertion.status(), "--assertion");
    typed.assertion = std::string(absl::StripAsciiWhitespace(*assertion));
  }
  return absl::OkStatus();
}

// What was typed, completed from files, our certificate and chance.
absl::Status Complete(Program& program, const Connection& connection, Options& options,
                      const v1::PublishNoticeRequest& base) {
  CHAYAN_RETURN_IF_ERROR(CompleteFromFiles(program, options));
  TypedNotice& typed = options.notice;
  if (typed.kind.empty()) typed.kind = base.notice_kind();
  if (typed.acting_for.empty() && base.acting_for().empty()) typed.acting_for = connection.member;
  if (typed.request_id.empty() && base.request_id().empty()) {
    typed.request_id = Uuid::Version7(program.clock.Now(), program.random).ToText();
  }
  return absl::OkStatus();
}

// Each row of the file is a notice; what was typed fills in what it leaves out.
ExitCode PublishInBulk(Program& program, Options& options) {
  std::unique_ptr<Client> client;
  const auto connection = program.Connect(CallerRole::kHousehold, client);
  if (!connection.ok()) return ExitCode::kUsage;
  const absl::Status complete = CompleteFromFiles(program, options);
  if (!complete.ok()) return program.FailUsage(complete);
  if (options.notice.acting_for.empty()) options.notice.acting_for = connection->member;
  NoticeCalls calls(program, *client);
  NoticeBulk bulk{.in = options.bulk_in,
                  .out = options.bulk_out,
                  .evidence_folder = options.evidence.file,
                  .defaults = options.notice,
                  .trust = std::nullopt,
                  .fetch_kind = [&](const std::string& code) { return FetchKind(calls, code); },
                  .wait = [](absl::Duration delay) { absl::SleepFor(delay); }};
  auto trust = KnownTrust(program, options.evidence.trust);
  if (!trust.ok()) return program.FailUsage(trust.status());
  bulk.trust = *std::move(trust);
  return RunNoticeBulk(program, *client, bulk);
}

bool AnswerInto(JsonWriter& json, const std::string& answer) {
  v1::AcceptedNotice notice;
  if (!notice.ParseFromString(answer)) return false;
  json.Text("request_id", notice.request_id()).Text("notice_id", notice.notice_id());
  json.Text("follows_notice_id", notice.follows_notice_id()).BeginArray("deliveries");
  for (const v1::ExpectedDelivery& delivery : notice.deliveries()) {
    json.BeginObject().Text("delivery_id", delivery.delivery_id());
    json.Text("recipient", delivery.recipient()).Text("subscription", delivery.subscription());
    json.EndObject();
  }
  json.EndArray().Text("exception_owner", notice.exception_owner());
  return true;
}

bool Print(const Program& program, const std::string& answer) {
  v1::AcceptedNotice notice;
  if (!notice.ParseFromString(answer)) return false;
  program.out << program.Say("已受理 ", "accepted ") << notice.notice_id();
  if (!notice.follows_notice_id().empty()) {
    program.out << program.Say(",承接 ", ", follows ") << notice.follows_notice_id();
  }
  program.out << "\n";
  for (const v1::ExpectedDelivery& delivery : notice.deliveries()) {
    program.out << "  " << delivery.delivery_id() << "  " << delivery.recipient() << "  "
                << delivery.subscription() << program.Say(",預定 ", ", due ")
                << TimeText(program.language, TimeFrom(delivery.due_time())) << "\n";
  }
  if (notice.deliveries().empty()) {
    program.out << program.Say("  無收受機關;由 ", "  nobody is to get it; it is looked after by ")
                << notice.exception_owner() << program.Say(" 處理\n", "\n");
  }
  return true;
}

ExitCode Send(Program& program, const Options& options, Client& client, const char* method,
              const std::string& request) {
  const auto call = CallRecorded(program, client, options.evidence, method, request);
  if (!call.ok()) return program.Fail(ExitCode::kCheckFailed, call.status().message());
  AnswerOutput output;
  output.text = [&](const std::string& answer) { return Print(program, answer); };
  if (options.json) output.json = AnswerInto;
  return ShowRecorded(program, options.evidence, *call, output);
}

ExitCode Publish(Program& program, Options& options) {
  if (!options.bulk_in.empty()) return PublishInBulk(program, options);
  const auto base = ReadNoticeFile(options.notice.file);
  if (!base.ok()) return program.FailUsage(base.status());
  std::unique_ptr<Client> client;
  const auto connection = program.Connect(CallerRole::kHousehold, client);
  if (!connection.ok()) return ExitCode::kUsage;
  const absl::Status complete = Complete(program, *connection, options, *base);
  if (!complete.ok()) return program.FailUsage(complete);
  if (options.notice.kind.empty()) {
    return program.FailUsage(
        absl::InvalidArgumentError("which kind? give --kind, such as person.death"));
  }
  NoticeCalls calls(program, *client);
  const auto kind = FetchKind(calls, options.notice.kind);
  if (absl::IsNotFound(kind.status())) return program.FailUsage(kind.status());
  if (!kind.ok()) return calls.Fail(kind.status());
  const auto request = BuildNotice(options.notice, *base, *kind);
  if (!request.ok()) return program.FailUsage(request.status());
  if (options.follows.empty()) {
    return Send(program, options, *client, "PublishNotice", request->SerializeAsString());
  }
  v1::SupersedeNoticeRequest supersede;
  supersede.set_notice_id(options.follows);
  *supersede.mutable_replacement() = *request;
  return Send(program, options, *client, "SupersedeNotice", supersede.SerializeAsString());
}

ExitCode Reverse(Program& program, Options& options) {
  std::unique_ptr<Client> client;
  const auto connection = program.Connect(CallerRole::kHousehold, client);
  if (!connection.ok()) return ExitCode::kUsage;
  const absl::Status complete = Complete(program, *connection, options, {});
  if (!complete.ok()) return program.FailUsage(complete);
  const auto request = BuildReversal(options.notice, options.follows);
  if (!request.ok()) return program.FailUsage(request.status());
  return Send(program, options, *client, "ReverseNotice", request->SerializeAsString());
}

// Who publishes, and by what right; and what every notice has beside it.
void AddPurposeFlags(CLI::App& publish, Options& options) {
  TypedNotice& n = options.notice;
  const auto text = [&](const char* flag, std::string& value, const char* help) {
    publish.add_option(flag, value, help)->group("Notice");
  };
  text("--effective", n.effective_date, "the day from which it holds");
  text("--basis", n.basis, "legal basis, such as household-act-68");
  text("--case", n.case_number, "the office's own case number");
  text("--person", n.person, "who publishes: the person's id in the office's directory");
  publish.add_option("--person-role", n.person_role, "that person's role")
      ->group("Notice")
      ->capture_default_str();
  text("--assertion", options.assertion_file, "file with the compact JWS that vouches for them");
  text("--reason", n.reason, "reason in words; kept sealed");
  text("--acting-for", n.acting_for, "the office; by default the certificate's own member");
  text("--request-id", n.request_id, "UUID of this notice; the same one again is no second notice");
}

void AddNoticeFlags(CLI::App& publish, Options& options) {
  TypedNotice& n = options.notice;
  const auto text = [&](const char* flag, std::string& value, const char* help) {
    publish.add_option(flag, value, help)->group("Notice");
  };
  const auto texts = [&](const char* flag, std::vector<std::string>& values, const char* help) {
    publish.add_option(flag, values, help)->group("Notice");
  };
  text("--file", n.file, "begin with this PublishNoticeRequest as text; flags stand above it");
  text("--kind", n.kind, "notice kind, such as person.death");
  text("--id", options.id, "number of the person, SCHEME:NUMBER or a national id; - reads it");
  text("--former-id", options.former_id, "the number before, where it changes");
  text("--name", n.name, "their name");
  text("--birth", n.birth_date, "birth date: 0770520, 民國77年5月20日 or 1988-05-20");
  text("--publisher-key", n.publisher_key,
       "your own key of the person, where the number is not known");
  texts("--element", n.elements, "what it says, CODE=VALUE; repeatable");
  texts("--consent", n.consents, "code of a consent the applicant gave; repeatable");
  text("--old-area", n.old_area, "code of the area the person leaves");
  text("--new-area", n.new_area, "code of the area the person is in, or comes to");
  text("--office", n.office, "member id of the office of registration");
  text("--supply-area", n.supply_area, "code of a utility's supply area");
  texts("--account", n.accounts, "an account with a company, COMPANY=NUMBER; repeatable");
  AddPurposeFlags(publish, options);
  publish.add_flag("--test", n.test, "a trial, kept out of the recipients' business")
      ->group("Notice");
}

// The file of --bulk, and what becomes of it.
void AddBulkFlags(CLI::App& publish, Options& options, const Program& program) {
  auto* bulk = publish.add_option("--bulk", options.bulk_in,
                                  "a file of notices, over one stream; see --help-bulk");
  auto* out = publish.add_option("--out", options.bulk_out, "CSV of what became of each of --bulk");
  bulk->needs(out)->excludes("--file", "--request-id", "--json");
  out->needs(bulk);
  publish.add_flag_callback(
      "--help-bulk",
      [&program] {
        program.out << kNoticeRowsHelp;
        throw CLI::Success();
      },
      "describe the file of --bulk");
}

}  // namespace

void AddNoticePublishCommands(CLI::App& notice, Program& program) {
  // Of a notice that follows another one, `follows` says which that is.
  const auto add = [&](const char* name, absl::string_view help, const char* follows,
                       void (*add_flags)(CLI::App&, Options&),
                       ExitCode (*action)(Program&, Options&)) {
    CLI::App* command = notice.add_subcommand(name, std::string(help));
    const auto options = std::make_shared<Options>();
    options->notice.person_role = "clerk";
    if (follows != nullptr) command->add_option("NOTICE", options->follows, follows)->required();
    add_flags(*command, *options);
    AddEvidenceFlags(*command, options->evidence);
    command->add_flag("--json", options->json, "print one JSON object");
    if (follows == nullptr) AddBulkFlags(*command, *options, program);
    RunOn(*command, program, options, action);
  };
  add("publish", program.Say("發布一則通報", "publish a notice"), nullptr, AddNoticeFlags, Publish);
  add("supersede", program.Say("以正確之通報更正", "replace a notice by the right one"),
      "id of the notice that was wrong", AddNoticeFlags, Publish);
  add("reverse",
      program.Say("撤銷通報,可能收到者逐一通知", "undo a notice; whoever may have it hears of it"),
      "id of the notice that is undone", AddPurposeFlags, Reverse);
}

}  // namespace chayan::cli
