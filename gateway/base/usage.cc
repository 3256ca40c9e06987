#include "gateway/base/usage.h"

#include <cmath>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/nearest_name.h"

namespace chayan {
namespace {

std::string Meant(absl::string_view written, const std::vector<std::string>& names) {
  const absl::string_view nearest = NearestName(written, {names.begin(), names.end()});
  return nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?");
}

std::vector<std::string> FlagsOf(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::vector<std::string> CommandsOf(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* one : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!one->get_name().empty()) names.push_back(one->get_name());
  }
  return names;
}

// What the command cannot make anything of. Beside a flag that it does not know nobody can tell a
// word too many from that flag's value.
std::string Unknown(const CLI::App& command) {
  std::string flags, words;
  const std::vector<std::string> commands = CommandsOf(command);
  for (const std::string& word : command.remaining()) {
    if (absl::StartsWith(word, "-")) {
      const std::string flag = word.substr(0, word.find('='));
      absl::StrAppend(&flags, flag, ": there is no such option", Meant(flag, FlagsOf(command)),
                      "\n");
    } else if (commands.empty()) {
      absl::StrAppend(&words, word, ": nothing more was expected\n");
    } else if (words.empty()) {
      const std::string meant = Meant(word, commands);
      words = absl::StrCat(
          word, ": there is no such command",
          meant.empty() ? absl::StrCat("; there are: ", absl::StrJoin(commands, ", ")) : meant,
          "\n");
    }
  }
  return flags.empty() ? words : flags;
}

std::string Missing(const CLI::App& command) {
  std::string faults;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    absl::StrAppend(&faults, option->get_name(), " is missing: ", option->get_description(), "\n");
  }
  return faults;
}

}  // namespace

std::string UsageFault(const CLI::App* app, const CLI::Error& error) {
  std::string called = app->get_name();
  const CLI::App* command = app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    absl::StrAppend(&called, " ", command->get_name());
  }
  std::string faults;
  // After any other error the rest of the line has not been read.
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr ||
      dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    faults = absl::StrCat(Unknown(*command), Missing(*command));
  }
  if (faults.empty()) faults = absl::StrCat(error.what(), "\n");
  return absl::StrCat(faults, called, " --help says more\n");
}

CLI::Validator Positive() {
  return CLI::Validator(
      [](const std::string& text) {
        double number = 0;
        const bool positive =
            absl::SimpleAtod(text, &number) && std::isfinite(number) && number > 0;
        return positive ? "" : absl::StrCat("is ", text, "; write a number above 0");
      },
      "POSITIVE");
}

}  // namespace chayan
