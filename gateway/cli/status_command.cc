// chayan status: the gateway on one screen.
#include <algorithm>
#include <iomanip>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "chayan/v1/operator_service.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/program.h"

namespace chayan::cli {
namespace {

// What fits on a screen beside the rest; the others are counted.
constexpr int kRowsMax = 10;
// From when on a certificate's end is shown with a warning.
constexpr absl::Duration kDueSoon = absl::Hours(24 * 14);

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds());
}

void AddPublication(JsonWriter& json, const v1::PublicationStatus& publication) {
  json.BeginObject("publication");
  json.Number("published_size", static_cast<int64_t>(publication.published_size()));
  json.Text("published_time", FormatTimestamp(ToTime(publication.published_time())));
  json.Number("witnessed_size", static_cast<int64_t>(publication.witnessed_size()));
  json.Bool("quorum_present", publication.quorum_present()).Bool("closed", publication.closed());
  json.BeginArray("witnesses");
  for (const v1::WitnessStatus& witness : publication.witnesses()) {
    json.BeginObject().Text("name", witness.name());
    json.Number("cosigned_size", static_cast<int64_t>(witness.cosigned_size()));
    json.Text("cosigned_time",
              witness.has_cosigned_time() ? FormatTimestamp(ToTime(witness.cosigned_time())) : "");
    json.Text("fault", witness.fault()).EndObject();
  }
  json.EndArray();
  json.Number("timestamp_size", static_cast<int64_t>(publication.timestamp_size()));
  json.Text("timestamp_time", publication.has_timestamp_time()
                                  ? FormatTimestamp(ToTime(publication.timestamp_time()))
                                  : "");
  json.Text("timestamp_fault", publication.timestamp_fault()).EndObject();
}

std::string ToJson(const v1::GetStatusResponse& status) {
  JsonWriter json;
  json.BeginObject().Text("gateway", status.gateway()).Text("version", status.version());
  json.Text("start_time", FormatTimestamp(ToTime(status.start_time())));
  json.Number("calls_in_flight", status.calls_in_flight());
  json.Number("connections", status.connections());
  json.Text("registry_digest", HexEncode(status.registry_digest())).BeginObject("log");
  json.Text("origin", status.log().origin());
  json.Number("size", static_cast<int64_t>(status.log().size()));
  json.Number("queued", status.log().queued());
  json.Number("commits", static_cast<int64_t>(status.log().commits()));
  json.Number("commit_p50_us", status.log().commit_p50_us());
  json.Text("fault", status.log().fault()).BeginArray("verifier_keys");
  for (const std::string& key : status.log().verifier_keys()) json.Text("", key);
  json.EndArray().EndObject().BeginArray("links");
  for (const v1::LinkStatus& link : status.links()) {
    json.BeginObject().Text("link", link.link()).Text("member", link.member());
    json.Text("system", link.system()).Number("in_flight", link.in_flight());
    json.Number("answers", static_cast<int64_t>(link.answers())).Bool("draining", link.draining());
    json.Text("open_time", FormatTimestamp(ToTime(link.open_time()))).BeginArray("document_kinds");
    for (const std::string& kind : link.document_kinds()) json.Text("", kind);
    json.EndArray().BeginArray("down_kinds");
    for (const std::string& kind : link.down_kinds()) json.Text("", kind);
    json.EndArray().BeginArray("subscriptions");
    for (const std::string& subscription : link.subscriptions()) json.Text("", subscription);
    json.EndArray().EndObject();
  }
  json.EndArray().BeginArray("certificates");
  for (const v1::CertificateStatus& certificate : status.certificates()) {
    json.BeginObject().Text("name", certificate.name());
    json.Text("not_after_time", FormatTimestamp(ToTime(certificate.not_after_time()))).EndObject();
  }
  json.EndArray();
  if (status.has_publication()) AddPublication(json, status.publication());
  json.BeginArray("alarms");
  for (const std::string& alarm : status.alarms()) json.Text("", alarm);
  json.EndArray().EndObject();
  return std::move(json).Take();
}

void PrintLinks(const Program& program, const v1::GetStatusResponse& status) {
  program.out << program.Say("連線 ", "links ") << status.links_size() << "\n";
  std::vector<v1::LinkStatus> links(status.links().begin(), status.links().end());
  // Not all are shown: those that want a look come first.
  std::stable_partition(links.begin(), links.end(), [](const v1::LinkStatus& link) {
    return link.draining() || !link.down_kinds().empty();
  });
  links.resize(std::min(links.size(), static_cast<size_t>(kRowsMax)));
  for (const v1::LinkStatus& link : links) {
    program.out << "  " << std::left << std::setw(28)
                << absl::StrCat(link.member(), "/", link.system())
                << program.Say("處理中 ", "in flight ") << std::setw(5) << link.in_flight()
                << program.Say("已答覆 ", "answers ") << std::setw(9) << link.answers()
                << absl::StrJoin(link.document_kinds(), ", ")
                << (link.draining() ? program.Say(" (停止接新案)", " (draining)") : "");
    if (!link.subscriptions().empty()) {
      program.out << program.Say(" 通報:", " notices: ")
                  << absl::StrJoin(link.subscriptions(), ", ");
    }
    if (!link.down_kinds().empty()) {
      program.out << program.Say(" 來源中斷:", " source down: ")
                  << absl::StrJoin(link.down_kinds(), ", ");
    }
    program.out << "\n";
  }
  if (status.links_size() > kRowsMax) {
    program.out << "  ... +" << status.links_size() - kRowsMax << " (--json)\n";
  }
}

void PrintCertificates(const Program& program, const v1::GetStatusResponse& status) {
  program.out << program.Say("憑證到期日\n", "certificates end\n");
  for (int i = 0; i < std::min(status.certificates_size(), kRowsMax); ++i) {
    const v1::CertificateStatus& certificate = status.certificates(i);
    const absl::Time end = ToTime(certificate.not_after_time());
    program.out << "  " << std::left << std::setw(28) << certificate.name()
                << TimeText(program.language, end);
    if (end - program.clock.Now() < kDueSoon) {
      program.out << program.Say("  即將到期:chayan certs renew", "  due: chayan certs renew");
    }
    program.out << "\n";
  }
}

void PrintPublication(const Program& program, const v1::PublicationStatus& publication) {
  program.out << program.Say("已公布 ", "published ") << publication.published_size();
  if (publication.has_published_time()) {
    const absl::Duration age = program.clock.Now() - ToTime(publication.published_time());
    program.out << program.Say(",於 ", ", ")
                << absl::FormatDuration(absl::Trunc(age, absl::Seconds(1)))
                << program.Say(" 前", " ago");
  }
  program.out << program.Say(";已見證 ", "; witnessed ") << publication.witnessed_size();
  if (!publication.quorum_present()) {
    program.out << program.Say("  見證人不足", "  NO QUORUM OF WITNESSES")
                << (publication.closed() ? program.Say(",日誌已關閉", ", the log is closed") : "");
  }
  program.out << "\n";
  for (const v1::WitnessStatus& witness : publication.witnesses()) {
    program.out << "  " << std::left << std::setw(28) << witness.name()
                << program.Say("已副署 ", "cosigned ") << std::setw(10) << witness.cosigned_size()
                << witness.fault() << "\n";
  }
  if (publication.has_timestamp_time()) {
    program.out << program.Say("時戳 ", "timestamp ")
                << TimeText(program.language, ToTime(publication.timestamp_time()))
                << program.Say(",於 ", ", at ") << publication.timestamp_size()
                << program.Say(" 筆", " entries") << "\n";
  }
  if (!publication.timestamp_fault().empty()) {
    program.out << program.Say("時戳失敗: ", "timestamp failed: ") << publication.timestamp_fault()
                << "\n";
  }
}

void Print(const Program& program, const v1::GetStatusResponse& status) {
  const v1::LogStatus& log = status.log();
  program.out << program.Say("閘道 ", "gateway ") << status.gateway() << " " << status.version()
              << program.Say(",自 ", ", since ")
              << TimeText(program.language, ToTime(status.start_time())) << "\n"
              << program.Say("處理中 ", "in flight ") << status.calls_in_flight()
              << program.Say(",連線 ", ", connections ") << status.connections() << "\n"
              << program.Say("日誌 ", "log ") << log.origin() << ": " << log.size()
              << program.Say(" 筆,等候 ", " entries, queued ") << log.queued()
              << program.Say(",寫入中位數 ", ", commit p50 ") << log.commit_p50_us() << " us\n";
  if (log.verifier_keys_size() > 1) {
    program.out << program.Say("  金鑰輪替中: ", "  keys overlap: ")
                << absl::StrJoin(log.verifier_keys(), ", ") << "\n";
  }
  if (!log.fault().empty()) {
    program.out << program.Say("  無法寫入: ", "  CANNOT BE WRITTEN: ") << log.fault() << "\n";
  }
  if (status.has_publication()) PrintPublication(program, status.publication());
  program.out << program.Say("註冊資料 ", "registry ") << HexEncode(status.registry_digest())
              << "\n";
  PrintLinks(program, status);
  PrintCertificates(program, status);
  program.out << program.Say("警示 ", "alarms ")
              << (status.alarms().empty() ? std::string(program.Say("無", "none"))
                                          : absl::StrJoin(status.alarms(), ", "))
              << "\n";
}

ExitCode Run(Program& program, bool json) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kOperator, client).ok()) return ExitCode::kUsage;
  const CallResult result =
      client->Call("/chayan.v1.OperatorService/GetStatus",
                   v1::GetStatusRequest().SerializeAsString(), program.connection.timeout());
  if (!result.status.ok()) return program.FailCall(result);
  v1::GetStatusResponse status;
  if (!status.ParseFromString(result.response)) {
    return program.Fail(ExitCode::kCheckFailed, "the gateway's status cannot be read");
  }
  if (json) {
    program.out << ToJson(status) << "\n";
  } else {
    Print(program, status);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddStatusCommand(CLI::App& app, Program& program) {
  CLI::App* status = app.add_subcommand(
      "status", std::string(program.Say("閘道狀態(一頁)", "the gateway on one screen")));
  const auto json = std::make_shared<bool>(false);
  status->add_flag("--json", *json, "print one JSON object");
  AddConnectionFlags(*status, program);
  status->callback(
      [&program, json] { program.action = [&program, json] { return Run(program, *json); }; });
}

}  // namespace chayan::cli
