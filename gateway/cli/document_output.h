// How a command shows a document: on the terminal, as JSON, or as a file of the
// format that the file's name asks for.
#ifndef CHAYAN_GATEWAY_CLI_DOCUMENT_OUTPUT_H_
#define CHAYAN_GATEWAY_CLI_DOCUMENT_OUTPUT_H_

#include <string>

#include "gateway/cli/program.h"
#include "gateway/report/table.h"

namespace chayan::cli {

struct OutputFlags {
  std::string file;
  bool json = false;
};
// --json, --out.
void AddOutputFlags(CLI::App& command, OutputFlags& flags);

// JSON is for scripts: its keys are English in every language.
Language DocumentLanguage(const Program& program, const OutputFlags& flags);

// FILE.ods has all tables, FILE.csv the last one, FILE.json everything; without
// a file the tables are printed with their columns under each other.
ExitCode PrintDocument(Program& program, const OutputFlags& flags,
                       const report::Document& document);

// Writes `bytes` and says so.
ExitCode WriteOutput(Program& program, const std::string& path, absl::string_view bytes);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_DOCUMENT_OUTPUT_H_
