// Commands that another program of ours carries out: what checks a server must not contain it, and
// what an agency runs no office needs.
#ifndef CHAYAN_GATEWAY_CLI_BESIDE_H_
#define CHAYAN_GATEWAY_CLI_BESIDE_H_

#include <string>
#include <vector>

#include "gateway/cli/program.h"

namespace chayan::cli {

// Runs `name`, which lies in the folder of chayan, in a process of its own and ends as it ends.
ExitCode RunBeside(Program& program, const std::string& name, std::vector<std::string> words);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_BESIDE_H_
