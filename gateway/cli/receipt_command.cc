// chayan receipt check | show: offline; upgrade (receipt_upgrade.h) asks the gateway.
#include <memory>

#include "gateway/base/file.h"
#include "gateway/cli/check_text.h"
#include "gateway/cli/program.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/cli/receipt_text.h"
#include "gateway/cli/receipt_upgrade.h"
#include "gateway/cli/trust_flags.h"

namespace chayan::cli {
namespace {

struct Options {
  std::string file;
  TrustFlags trust;
  bool json = false;
};

ExitCode Check(Program& program, const Options& options) {
  const auto trust = LoadTrust(program, options.trust);
  if (!trust.ok()) return program.FailUsage(trust.status());
  const auto bytes = ReadFile(options.file);
  if (!bytes.ok()) return program.FailUsage(bytes.status());
  const ReceiptReport report = CheckEvidence(*bytes, *trust);
  if (options.json) {
    program.out << CheckJson(report) << "\n";
  } else {
    program.out << CheckText(program.language, report);
  }
  return report.ok() ? ExitCode::kOk : ExitCode::kCheckFailed;
}

ExitCode Show(Program& program, const Options& options) {
  const auto bytes = ReadFile(options.file);
  if (!bytes.ok()) return program.FailUsage(bytes.status());
  v1::EvidenceFile evidence;
  if (!evidence.ParseFromString(*bytes)) {
    return program.Fail(
        ExitCode::kUsage,
        options.file +
            std::string(program.Say(":不是證據檔(.chayan)", ": not an evidence file (.chayan)")));
  }
  if (options.json) {
    program.out << EvidenceJson(evidence) << "\n";
  } else {
    program.out << EvidenceText(program.language, evidence)
                << program.Say("以上僅為檔案內容,尚未檢查:chayan receipt check --trust FILE\n",
                               "shown as it stands, not checked: chayan receipt check --trust "
                               "FILE\n");
  }
  return ExitCode::kOk;
}

}  // namespace

void AddReceiptCommand(CLI::App& app, Program& program) {
  CLI::App* receipt =
      app.add_subcommand("receipt", std::string(program.Say("離線檢查或顯示證據檔",
                                                            "check or show an evidence file, "
                                                            "offline")));
  receipt->require_subcommand(1);
  const auto options = std::make_shared<Options>();

  CLI::App* check = receipt->add_subcommand(
      "check", std::string(program.Say("檢查每一項證明;公鑰只取自信任檔",
                                       "check every proof in it; keys come from the trust file "
                                       "alone")));
  check->add_option("FILE", options->file, "evidence file (.chayan)")->required();
  AddTrustFlags(*check, options->trust);
  check->add_flag("--json", options->json, "print one JSON object");
  check->callback([&program, options] {
    program.action = [&program, options] { return Check(program, *options); };
  });

  CLI::App* show = receipt->add_subcommand(
      "show", std::string(program.Say("顯示問題、答覆與紀錄", "show question, answer and entry")));
  show->add_option("FILE", options->file, "evidence file (.chayan)")->required();
  show->add_flag("--json", options->json, "print one JSON object");
  show->callback([&program, options] {
    program.action = [&program, options] { return Show(program, *options); };
  });
  AddReceiptUpgrade(*receipt, program);
}

}  // namespace chayan::cli
