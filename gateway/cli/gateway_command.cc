// chayan gateway check FILE: every effective setting and where it comes from.
#include <iomanip>
#include <memory>
#include <string>

#include "gateway/cli/json_writer.h"
#include "gateway/cli/program.h"
#include "gateway/config.h"

namespace chayan::cli {
namespace {

ExitCode Check(Program& program, const std::string& file, bool json) {
  const auto loaded = LoadConfig(file);
  if (!loaded.ok()) {
    program.err << loaded.status().message() << "\n";
    return ExitCode::kCheckFailed;
  }
  if (json) {
    JsonWriter writer;
    writer.BeginObject().BeginArray("settings");
    for (const Setting& setting : loaded->settings) {
      writer.BeginObject().Text("name", setting.name).Text("value", setting.value);
      writer.Text("source", setting.source).EndObject();
    }
    writer.EndArray().EndObject();
    program.out << std::move(writer).Take() << "\n";
    return ExitCode::kOk;
  }
  for (const Setting& setting : loaded->settings) {
    program.out << std::left << std::setw(22) << setting.name << " " << setting.value << "  ("
                << setting.source << ")\n";
  }
  return ExitCode::kOk;
}

}  // namespace

void AddGatewayCommand(CLI::App& app, Program& program) {
  CLI::App* gateway = app.add_subcommand(
      "gateway", std::string(program.Say("檢查閘道設定檔", "check a gateway's settings file")));
  gateway->require_subcommand(1);
  const auto file = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  CLI::App* check = gateway->add_subcommand(
      "check", std::string(program.Say("列出每項有效設定及其來源",
                                       "show each effective setting and its source")));
  check->add_option("FILE", *file, "settings file (gateway.textproto)")->required();
  check->add_flag("--json", *json, "print one JSON object");
  check->callback([&program, file, json] {
    program.action = [&program, file, json] { return Check(program, *file, *json); };
  });
}

}  // namespace chayan::cli
