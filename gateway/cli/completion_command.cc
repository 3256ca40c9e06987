// chayan completion bash | zsh: the words of the command line, read from the command line itself,
// so that they never differ from it.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/cli/program.h"

namespace chayan::cli {
namespace {

// Long options and subcommands of one command.
std::vector<std::string> WordsOf(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(sub->get_name());
  }
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

void AddCases(const CLI::App& command, const std::string& path, std::string& cases) {
  absl::StrAppend(&cases, "    '", path, "') words='", absl::StrJoin(WordsOf(command), " "),
                  "' ;;\n");
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    AddCases(*sub, absl::StrCat(path, path.empty() ? "" : " ", sub->get_name()), cases);
  }
}

// The words typed before the cursor that are commands name the case; a value that is no word of it
// completes to a file.
std::string BashScript(const CLI::App& app) {
  std::string cases;
  AddCases(app, "", cases);
  return absl::StrCat(
      "# bash completion for chayan. Load it with: source <(chayan completion bash)\n"
      "_chayan_words() {\n"
      "  case \"$1\" in\n",
      cases,
      "    *) return 1 ;;\n"
      "  esac\n"
      "}\n"
      "_chayan() {\n"
      "  local words path='' word i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    if [[ $word != -* ]] && _chayan_words \"${path:+$path }$word\"; then\n"
      "      path=\"${path:+$path }$word\"\n"
      "    fi\n"
      "  done\n"
      "  _chayan_words \"$path\"\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "}\n"
      "complete -o default -F _chayan chayan\n");
}

}  // namespace

void AddCompletionCommand(CLI::App& app, Program& program) {
  CLI::App* completion = app.add_subcommand(
      "completion",
      std::string(program.Say("印出 bash 或 zsh 的自動補完", "print completion for bash or zsh")));
  const auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  completion->callback([&app, &program, shell] {
    // The tree is read before it goes: the action runs after parsing, within RunProgram.
    program.action = [&app, &program, shell] {
      if (*shell == "zsh") program.out << "autoload -U +X bashcompinit && bashcompinit\n";
      program.out << BashScript(app);
      return ExitCode::kOk;
    };
  });
}

}  // namespace chayan::cli
