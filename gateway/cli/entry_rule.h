// What an audit says, and what it asks of each entry. A rule is one question, in a file of its own;
// it sees the entries in their order, once each.
#ifndef CHAYAN_GATEWAY_CLI_ENTRY_RULE_H_
#define CHAYAN_GATEWAY_CLI_ENTRY_RULE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/log/leaf_view.h"

namespace chayan::cli {

// Where and how an export was found to lie: it is not what was signed.
struct Lie {
  std::string what;               // "entry 771 is not the one that was signed"
  std::optional<uint64_t> index;  // of the entry, where one can be named
  std::string how;                // what it was held against
};

// What is wrong with a log that is exactly what was signed: the gateway itself did, or recorded,
// what it may not.
struct Finding {
  uint64_t index = 0;
  std::string what;
  std::string how;
};

// The first ones; the others are counted. Whoever has more than these has one cause, not many.
struct Findings {
  static constexpr size_t kKeptMax = 1000;
  std::vector<Finding> kept;
  uint64_t count = 0;

  void Add(Finding finding) {
    if (++count <= kKeptMax) kept.push_back(std::move(finding));
  }
};

struct AuditedEntry {
  uint64_t index = 0;
  absl::string_view bytes;
  const log::LeafView& leaf;
};

class EntryRule {
 public:
  virtual ~EntryRule() = default;
  // A lie ends the audit.
  virtual std::optional<Lie> Check(const AuditedEntry& entry) = 0;
};

inline std::string At(uint64_t index) { return absl::StrCat("entry ", index); }

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_ENTRY_RULE_H_
