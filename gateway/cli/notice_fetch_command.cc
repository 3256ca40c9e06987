// chayan notice fetch: what a thin notice is about. Each fetch is an entry.
#include <memory>

#include "gateway/base/file.h"
#include "gateway/cli/notice_commands.h"

namespace chayan::cli {
namespace {

struct Options {
  v1::FetchNoticeDetailRequest request;
  std::string directory = ".";
  EvidenceFlags evidence;
};

ExitCode Fetch(Program& program, Options& options) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAdapter, client).ok()) return ExitCode::kUsage;
  const absl::Status made = MakeDirectories(options.directory, 0700);
  if (!made.ok()) return program.FailUsage(made);
  const auto call = CallRecorded(program, *client, options.evidence, "FetchNoticeDetail",
                                 options.request.SerializeAsString());
  if (!call.ok()) return program.Fail(ExitCode::kCheckFailed, call.status().message());
  absl::Status kept;
  const auto keep = [&](const std::string& answer) {
    // Beside the thin one, which stays what was delivered.
    const auto notice = KeepNotice(options.directory, ".fetched", answer);
    kept = notice.status();
    if (notice.ok()) {
      program.out << notice->notice.notice_kind() << "  " << notice->path << ".json\n";
    }
    return true;
  };
  const ExitCode shown =
      ShowRecorded(program, options.evidence, *call, {.text = keep, .json = nullptr});
  return kept.ok() ? shown : program.Fail(ExitCode::kCheckFailed, kept.message());
}

}  // namespace

void AddNoticeFetchCommand(CLI::App& notice, Program& program) {
  CLI::App* fetch = notice.add_subcommand(
      "fetch",
      std::string(program.Say("調取簡式通報之內容(逐次記錄)",
                              "fetch what a thin notice is about; each fetch is recorded")));
  const auto options = std::make_shared<Options>();
  v1::Purpose& purpose = *options->request.mutable_purpose();
  fetch->add_option("DELIVERY", *options->request.mutable_delivery_id(), "the delivery's id")
      ->required();
  fetch
      ->add_option("--person", *purpose.mutable_person()->mutable_id(),
                   "who fetches it: the person's id in the office's directory")
      ->required();
  purpose.mutable_person()->set_role("clerk");
  fetch
      ->add_option("--person-role", *purpose.mutable_person()->mutable_role(), "that person's role")
      ->capture_default_str();
  fetch->add_option("--case", *purpose.mutable_case_number(), "the office's own case number")
      ->required();
  fetch->add_option("--reason", *purpose.mutable_reason(), "reason in words; kept sealed");
  fetch->add_option("--out", options->directory, "folder for it")->capture_default_str();
  AddEvidenceFlags(*fetch, options->evidence);
  RunOn(*fetch, program, options, Fetch);
}

}  // namespace chayan::cli
