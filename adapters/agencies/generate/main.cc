// chayan-sample-data: writes the registers of the sample agencies.
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "adapters/agencies/generate/sample_files.h"

int main(int argc, char** argv) {
  chayan::sample::SampleOptions options;
  CLI::App app(
      "Writes the registers of the sample agencies: invented people, the same for a seed.");
  app.add_option("--out", options.directory, "Folder to write to; made if it is not there")
      ->required();
  app.add_option("--seed", options.seed, "Same seed, same people")->capture_default_str();
  app.add_option("--people", options.people, "How many people")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto files = chayan::sample::WriteSampleFiles(options);
  if (!files.ok()) {
    std::fprintf(stderr, "chayan-sample-data: %s\n", std::string(files.status().message()).c_str());
    return 1;
  }
  for (const auto& file : *files) std::printf("%s: %zu rows\n", file.path.c_str(), file.rows);
  return 0;
}
