// What is wrong with a command line, as people read it: everything at once, and what was meant.
#ifndef CHAYAN_GATEWAY_BASE_USAGE_H_
#define CHAYAN_GATEWAY_BASE_USAGE_H_

#include <string>

#include "CLI/CLI.hpp"

namespace chayan {

// For CLI::App::failure_message of a program; ends with a line feed.
std::string UsageFault(const CLI::App* app, const CLI::Error& error);

// CLI11's own PositiveNumber answers with the largest number that there is.
CLI::Validator Positive();

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_USAGE_H_
