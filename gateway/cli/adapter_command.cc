// chayan adapter check | rehearse | new | status: an agency's side, carried out by chayan-adapter.
#include <string>
#include <vector>

#include "gateway/cli/beside.h"
#include "gateway/cli/program.h"

namespace chayan::cli {

void AddAdapterCommand(CLI::App& app, Program& program) {
  CLI::App* adapter = app.add_subcommand(
      "adapter",
      std::string(program.Say(
          "機關轉接器:檢查、演練、新增、狀態(細節見 chayan adapter help)",
          "an agency's adapter: check, rehearse, new, status (details: chayan adapter help)")));
  // Its words are chayan-adapter's own.
  adapter->prefix_command();
  adapter->callback([&program, adapter] {
    std::vector<std::string> words = adapter->remaining();
    if (words.empty() || words.front() == "help") words = {"--help"};
    program.action = [&program, words] { return RunBeside(program, "chayan-adapter", words); };
  });
}

}  // namespace chayan::cli
