// Questions about the sample agencies' data, one for each thing there is to see. What is held is
// described in adapters/agencies/README.md.
#ifndef CHAYAN_GATEWAY_CLI_EXAMPLES_H_
#define CHAYAN_GATEWAY_CLI_EXAMPLES_H_

#include <span>

#include "absl/strings/string_view.h"
#include "gateway/cli/language.h"
#include "gateway/cli/question.h"

namespace chayan::cli {

struct Example {
  const char* name;      // "mismatch"
  const char* kind;      // "land.title"
  const char* expected;  // the outcome, or the reason of the refusal
  const char* zh_tw;
  const char* en;
  const char* id;
  const char* subject_name;
  const char* birth_date;
  const char* claims;  // separated by '|'
  const char* fields;  // separated by '|'
};

std::span<const Example> Examples();
// By name, else the first of the kind; the first of all for an empty text; nullptr if there is
// none.
const Example* FindExample(absl::string_view name_or_kind);

// Puts the example's values where `typed` has none.
void FillFrom(const Example& example, TypedQuestion& typed);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_EXAMPLES_H_
