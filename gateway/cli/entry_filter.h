// Which entries a command is about, by what stands in their leaves.
#ifndef CHAYAN_GATEWAY_CLI_ENTRY_FILTER_H_
#define CHAYAN_GATEWAY_CLI_ENTRY_FILTER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/cli/program.h"
#include "gateway/report/table.h"

namespace chayan::cli {

struct FilterFlags {
  std::string from;
  std::string to;
  std::string member;
  std::string system;
  std::string office;
  std::string kind;
  std::string holder;
  std::string outcome;
  std::string purpose;
  std::string reason;
  std::string type;
  std::string cert;                  // hexadecimal
  std::string cert_flag = "--cert";  // as AddFilterFlags was told
};
// `certificate`: what the flag for the caller's certificate is called where --cert is one's own.
void AddFilterFlags(CLI::App& command, FilterFlags& flags, const char* certificate = "--cert");

// As the gateway takes it.
absl::StatusOr<v1::EntryFilter> ToProto(const FilterFlags& flags, absl::Time now);

class EntryFilter {
 public:
  explicit EntryFilter(const v1::EntryFilter& filter);
  // Of the command line. INVALID_ARGUMENT names the flag and the remedy.
  static absl::StatusOr<EntryFilter> Create(const FilterFlags& flags, absl::Time now);
  bool Matches(uint64_t index, const log::LeafView& leaf) const;

 private:
  std::string begin_;  // timestamps; empty: open
  std::string end_;
  std::string type_;
  uint64_t first_index_ = 0;
  uint64_t end_index_ = UINT64_MAX;
  std::vector<std::pair<log::Key, std::string>> values_;
};

// An entry as a row of a table, and what its columns are called.
report::Row EntryHeader(Language language);
report::Row EntryRow(uint64_t index, const log::LeafView& leaf);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_ENTRY_FILTER_H_
