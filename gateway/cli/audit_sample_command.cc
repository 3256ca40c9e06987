// chayan audit sample draw | reveal | findings | list | check: samples that
// nobody can steer.
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/cli/offline_log.h"
#include "gateway/cli/sample_check.h"
#include "gateway/cli/sample_worksheet.h"
#include "gateway/report/formats.h"
#include "gateway/tlog/note.h"

namespace chayan::cli {
namespace {

constexpr size_t kNonceBytes = 32;
// What one call takes.
constexpr size_t kFindingsMax = 1000;

struct Options {
  OfflineFlags log;
  FilterFlags filter;
  PurposeFlags purpose;
  OutputFlags output;
  uint32_t count = 0;
  uint32_t percent = 0;
  uint64_t draw = 0;
  std::string nonce_file;
  std::string worksheet;
  std::string draw_file;
  bool unrevealed = false;
};

// A nonce that is written over is a draw that can never be revealed.
absl::Status KeepNonce(const std::string& file, absl::string_view nonce) {
  std::error_code none;
  if (std::filesystem::exists(file, none)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--nonce: ", file,
                     " is there; each draw has a nonce of its own, name a new "
                     "file"));
  }
  return WriteFile(file, HexEncode(nonce) + "\n", 0600);
}

ExitCode Draw(Program& program, const Options& options) {
  const auto filter = ToProto(options.filter, program.clock.Now());
  if (!filter.ok()) return program.FailUsage(filter.status());
  v1::DrawSampleRequest request;
  *request.mutable_filter() = *filter;
  if (options.percent > 0) {
    request.set_percent(options.percent);
  } else {
    request.set_count(options.count);
  }
  uint8_t random[kNonceBytes];
  program.random.Fill(random);
  const std::string nonce(reinterpret_cast<const char*>(random), sizeof(random));
  request.set_nonce_hash(crypto::Sha256(nonce).ToString());
  // Kept before it is promised.
  const absl::Status kept = KeepNonce(options.nonce_file, nonce);
  if (!kept.ok()) return program.FailUsage(kept);
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const auto response = calls.Call<v1::DrawSampleResponse>("DrawSample", request);
  if (!response.ok()) {
    const ExitCode code = calls.Fail(response.status());
    // Refused: no draw holds it. Else it may have been recorded unheard.
    std::error_code ignored;
    if (code == ExitCode::kRefused) std::filesystem::remove(options.nonce_file, ignored);
    return code;
  }
  program.out << program.Say("已記錄抽樣 ", "recorded draw ") << response->draw()
              << program.Say(";接著:chayan audit sample reveal ",
                             "; next: chayan audit sample reveal ")
              << response->draw() << " --nonce " << options.nonce_file << "\n";
  return ExitCode::kOk;
}

// The text of the first published checkpoint over the draw's entry.
absl::StatusOr<std::string> CoveringText(AuditCalls& calls, uint64_t draw) {
  v1::ListPublishedCheckpointsRequest request;
  request.set_size_min(draw + 1);
  request.set_page_size(1);
  CHAYAN_ASSIGN_OR_RETURN(const auto response, calls.Call<v1::ListPublishedCheckpointsResponse>(
                                                   "ListPublishedCheckpoints", request));
  if (response.checkpoints_size() == 0) {
    return absl::UnavailableError(
        "no published checkpoint covers the draw yet: ask again in some "
        "seconds; the nonce was not shown");
  }
  CHAYAN_ASSIGN_OR_RETURN(tlog::Note note, tlog::ParseNote(response.checkpoints(0).checkpoint()));
  return std::move(note.text);
}

absl::Status CheckCovering(const v1::Draw& draw, const std::string& text) {
  const auto note = tlog::ParseNote(draw.checkpoint());
  if (note.ok() && note->text == text) return absl::OkStatus();
  return absl::DataLossError(
      "the sample was not drawn under the checkpoint that the gateway had published before it was "
      "shown the nonce");
}

// Draw and indexes as the gateway gives them, from all pages.
absl::StatusOr<v1::RevealSampleResponse> CallReveal(AuditCalls& calls, uint64_t draw,
                                                    const std::string& nonce) {
  // Asked before the nonce is shown: whoever knows it could look for a root that suits.
  CHAYAN_ASSIGN_OR_RETURN(const std::string covering, CoveringText(calls, draw));
  v1::RevealSampleRequest request;
  request.set_draw(draw);
  request.set_nonce(nonce);
  v1::RevealSampleResponse revealed;
  CHAYAN_RETURN_IF_ERROR(calls.CallPages<v1::RevealSampleResponse>(
      "RevealSample", request, [&revealed](const v1::RevealSampleResponse& page) {
        *revealed.mutable_draw() = page.draw();
        revealed.mutable_entries()->MergeFrom(page.entries());
      }));
  CHAYAN_RETURN_IF_ERROR(CheckCovering(revealed.draw(), covering));
  return revealed;
}

ExitCode Reveal(Program& program, const Options& options) {
  const auto text = ReadFile(options.nonce_file);
  if (!text.ok()) return program.FailUsage(text.status());
  const auto nonce = HexDecode(absl::StripAsciiWhitespace(*text));
  if (!nonce.ok()) {
    return program.Fail(ExitCode::kUsage, "--nonce: not the file that sample draw wrote");
  }
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const auto revealed = CallReveal(calls, options.draw, *nonce);
  if (!revealed.ok()) return calls.Fail(revealed.status());
  const auto ods = report::WriteOds(SampleWorksheet(program.language, *revealed));
  if (!ods.ok()) return program.Fail(ExitCode::kCheckFailed, ods.status().message());
  const ExitCode written = WriteOutput(program, options.worksheet, *ods);
  if (written != ExitCode::kOk) return written;
  return WriteOutput(program, options.draw_file, revealed->SerializeAsString());
}

ExitCode Record(Program& program, const Options& options) {
  const auto ods = ReadFile(options.worksheet);
  if (!ods.ok()) return program.FailUsage(ods.status());
  const auto findings = ReadFindings(*ods);
  if (!findings.ok()) {
    return program.Fail(ExitCode::kUsage,
                        absl::StrCat(options.worksheet, ": ", findings.status().message()));
  }
  const auto purpose = ToProto(options.purpose);
  if (!purpose.ok()) return program.FailUsage(purpose.status());
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  for (size_t begin = 0; begin < findings->size(); begin += kFindingsMax) {
    v1::RecordFindingsRequest request;
    request.set_draw(options.draw);
    *request.mutable_purpose() = *purpose;
    const size_t end = std::min(findings->size(), begin + kFindingsMax);
    for (size_t i = begin; i < end; ++i) *request.add_findings() = (*findings)[i];
    const auto response = calls.Call<v1::RecordFindingsResponse>("RecordFindings", request);
    if (!response.ok()) return calls.Fail(response.status());
  }
  program.out << findings->size() << program.Say(" 筆結論已記錄\n", " findings recorded\n");
  return ExitCode::kOk;
}

ExitCode List(Program& program, const Options& options) {
  v1::ListDrawsRequest request;
  request.set_unrevealed_only(options.unrevealed);
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const Language language = DocumentLanguage(program, options.output);
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Table table{.name = "draws", .title = say("抽樣", "draws")};
  table.header = {say("抽樣", "draw"),     say("會員", "member"),     say("系統", "system"),
                  say("公開", "revealed"), say("母體", "population"), say("樣本", "sample"),
                  say("結論", "findings")};
  const absl::Status called = calls.CallPages<v1::ListDrawsResponse>(
      "ListDraws", request, [&](const v1::ListDrawsResponse& page) {
        for (const v1::Draw& draw : page.draws()) {
          std::vector<std::string> findings;
          for (const v1::FindingCount& count : draw.findings()) {
            findings.push_back(absl::StrCat(v1::Finding_Name(count.finding()), " ", count.count()));
          }
          table.rows.push_back({absl::StrCat(draw.draw()), draw.member(), draw.system(),
                                draw.nonce().empty() ? say("否", "no") : say("是", "yes"),
                                absl::StrCat(draw.population()), absl::StrCat(draw.sample_size()),
                                absl::StrJoin(findings, ", ")});
        }
      });
  if (!called.ok()) return calls.Fail(called);
  report::Document document;
  document.title = say("抽樣清單", "draws");
  document.tables.push_back(std::move(table));
  return PrintDocument(program, options.output, document);
}

ExitCode Check(Program& program, const Options& options) {
  const auto bytes = ReadFile(options.draw_file);
  if (!bytes.ok()) return program.FailUsage(bytes.status());
  v1::RevealSampleResponse revealed;
  if (!revealed.ParseFromString(*bytes)) {
    return program.Fail(ExitCode::kUsage, "--draw-file: not the file that sample reveal wrote");
  }
  auto check = SampleCheck::Create(revealed.draw());
  if (!check.ok()) return program.Fail(ExitCode::kCheckFailed, check.status().message());
  OfflineFlags log = options.log;
  log.old_checkpoints = {{"the draw's checkpoint", revealed.draw().checkpoint()}};
  AuditReport report;
  const ExitCode read = ReadOfflineLog(
      program, log, [&](const AuditedEntry& entry) { check->Add(entry); }, report);
  if (read != ExitCode::kOk) return read;
  const auto drawn = check->Finish();
  if (!drawn.ok()) return program.Fail(ExitCode::kCheckFailed, drawn.status().message());
  std::vector<uint64_t> given;
  for (const v1::FoundEntry& entry : revealed.entries()) given.push_back(entry.index());
  if (given != *drawn) {
    return program.Fail(ExitCode::kCheckFailed,
                        program.Say("閘道給的樣本不是此亂數與日誌所抽出的樣本",
                                    "the sample that the gateway gave is not the one that nonce "
                                    "and log draw"));
  }
  program.out << program.Say("樣本無誤:重新抽出相同的 ", "the sample holds: drawn again, the same ")
              << given.size() << program.Say(" 筆\n", " entries\n")
              << program.Say("所用檢查點是否為涵蓋抽樣之第一個公開檢查點,須與見證人核對\n",
                             "that its checkpoint was the first published one over the draw is "
                             "for "
                             "the witnesses to say\n");
  return ExitCode::kOk;
}

}  // namespace

void AddAuditSampleCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* sample = audit.add_subcommand(
      "sample",
      std::string(program.Say("抽樣:無人能操縱,任何人可重抽",
                              "samples that nobody can steer and anyone can draw again")));
  sample->require_subcommand(1);
  const auto action = [&program, options](CLI::App* command,
                                          ExitCode (*run)(Program&, const Options&)) {
    command->callback([&program, options, run] {
      program.action = [&program, options, run] { return run(program, *options); };
    });
  };

  CLI::App* draw = sample->add_subcommand(
      "draw", std::string(program.Say("記錄亂數的雜湊,開始抽樣",
                                      "begin: the log records the hash of your nonce")));
  AddFilterFlags(*draw, options->filter, "--caller-cert");
  CLI::Option* count = draw->add_option("--count", options->count, "how many entries");
  draw->add_option("--percent", options->percent, "or which share of those that fit, 1 to 100")
      ->excludes(count);
  draw->add_option("--nonce", options->nonce_file, "file to keep the nonce in")->required();
  AddConnectionFlags(*draw, program);
  action(draw, Draw);

  CLI::App* reveal = sample->add_subcommand(
      "reveal", std::string(program.Say("公開亂數,取得樣本與工作表",
                                        "show the nonce, get the sample and its worksheet")));
  reveal->add_option("DRAW", options->draw, "the draw's number")->required();
  reveal->add_option("--nonce", options->nonce_file, "the file that draw wrote")->required();
  reveal->add_option("--worksheet", options->worksheet, "the worksheet to write (.ods)")
      ->required();
  reveal->add_option("--draw-file", options->draw_file, "file for sample check to write")
      ->required();
  AddConnectionFlags(*reveal, program);
  action(reveal, Reveal);

  CLI::App* findings = sample->add_subcommand(
      "findings",
      std::string(program.Say("把填妥的工作表記入日誌", "record what a filled worksheet says")));
  findings->add_option("DRAW", options->draw, "the draw's number")->required();
  findings->add_option("WORKSHEET", options->worksheet, "the worksheet, filled in (.ods)")
      ->required();
  AddPurposeFlags(*findings, options->purpose);
  AddConnectionFlags(*findings, program);
  action(findings, Record);

  CLI::App* list = sample->add_subcommand(
      "list", std::string(program.Say("列出抽樣,含未公開者", "list draws, also unrevealed ones")));
  list->add_flag("--unrevealed", options->unrevealed, "only those");
  AddOutputFlags(*list, options->output);
  AddConnectionFlags(*list, program);
  action(list, List);

  CLI::App* check =
      sample->add_subcommand("check", std::string(program.Say("以匯出的日誌離線重抽",
                                                              "draw it again offline, from an "
                                                              "export")));
  AddOfflineFlags(*check, options->log);
  check->add_option("--draw-file", options->draw_file, "the file that reveal wrote")->required();
  action(check, Check);
}

}  // namespace chayan::cli
