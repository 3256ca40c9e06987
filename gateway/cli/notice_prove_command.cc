// chayan notice prove: the proofs of notices that came in bulk, from the frame of one entry. What
// `receive` had no time to ask for is asked for later.
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/notice_commands.h"
#include "gateway/cli/notice_proof.h"

namespace chayan::cli {
namespace {

struct Options {
  uint64_t entry = 0;
  std::string directory;
  std::string trust;
};

// Of those of the folder, as many as stand in the frame. A notice of which that fails keeps no
// other from its proof.
absl::StatusOr<size_t> ProveThose(const std::string& directory, const FrameProofs& frame,
                                  ProofFolder& proofs) {
  size_t proved = 0;
  absl::Status failed;
  std::error_code fault;
  for (std::filesystem::directory_iterator file(directory, fault), end; !fault && file != end;
       file.increment(fault)) {
    const std::filesystem::path& path = file->path();
    // What was fetched of a thin one is not what came.
    if (path.extension() != ".notice" || path.stem().has_extension()) continue;
    CHAYAN_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path.string()));
    const PulledNotice notice = {.delivery_id = path.stem().string(), .bytes = std::move(bytes)};
    const absl::StatusOr<bool> holds = proofs.Write(notice, frame);
    failed.Update(holds.status());
    if (holds.ok() && *holds) ++proved;
  }
  if (fault) return absl::NotFoundError(absl::StrCat(directory, ": ", fault.message()));
  if (!failed.ok()) return failed;
  return proved;
}

ExitCode Prove(Program& program, Options& options) {
  auto trust = KnownTrust(program, options.trust);
  if (!trust.ok()) return program.FailUsage(trust.status());
  ProofFolder proofs(options.directory, *std::move(trust));
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAdapter, client).ok()) return ExitCode::kUsage;
  NoticeCalls calls(program, *client);
  const auto frame = FetchFrame(calls, options.entry);
  if (!frame.ok()) return calls.Fail(frame.status());
  const auto proved = ProveThose(options.directory, *frame, proofs);
  if (!proved.ok()) return program.Fail(ExitCode::kCheckFailed, proved.status().message());
  program.out << program.Say("整批紀錄 ", "entry ") << options.entry
              << program.Say(" 所載簽收 ", " covers receipts: ") << frame->count()
              << program.Say(",已寫出證明 ", "; proofs written: ") << *proved << "\n";
  if (proofs.unchecked())
    program.out << program.Say("證明: ", "proofs: ") << UncheckedText(program);
  if (*proved > 0) return ExitCode::kOk;
  return program.Fail(ExitCode::kCheckFailed,
                      absl::StrCat(options.directory,
                                   ": none of its notices stands in that frame; was it the "
                                   "folder that `notice receive` wrote?"));
}

}  // namespace

void AddNoticeProveCommand(CLI::App& notice, Program& program) {
  CLI::App* prove = notice.add_subcommand(
      "prove", std::string(program.Say("補取整批簽收通報之證明",
                                       "the proofs of notices that were receipted together")));
  const auto options = std::make_shared<Options>();
  prove->add_option("ENTRY", options->entry, "index of the entry that records the receipts")
      ->required();
  prove->add_option("--out", options->directory, "the folder that `notice receive` wrote")
      ->required()
      ->check(CLI::ExistingDirectory);
  AddTrustFlag(*prove, options->trust);
  RunOn(*prove, program, options, Prove);
}

}  // namespace chayan::cli
