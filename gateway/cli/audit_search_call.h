// SearchEntries as a command makes it: entries of a gateway by what stands in their leaves and by
// the subject, person or case that only its vault knows.
#ifndef CHAYAN_GATEWAY_CLI_AUDIT_SEARCH_CALL_H_
#define CHAYAN_GATEWAY_CLI_AUDIT_SEARCH_CALL_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/log/leaf_view.h"

namespace chayan::cli {

// What no export can tell.
struct VaultFlags {
  std::string subject;
  std::string person;          // MEMBER:ID
  std::string case_of_office;  // OFFICE:NUMBER
  PurposeFlags purpose;        // of whoever asks for one of them

  bool empty() const { return subject.empty() && person.empty() && case_of_office.empty(); }
};

// INVALID_ARGUMENT names the flag and the remedy.
absl::StatusOr<v1::SearchEntriesRequest> ToProto(Program& program, const FilterFlags& filter,
                                                 const VaultFlags& flags);

// Hands each entry that is found to `visit`, in order; `where` is then the gateway's address. They
// are what the gateway says: nothing here proves them.
ExitCode SearchGateway(Program& program, const v1::SearchEntriesRequest& request,
                       absl::FunctionRef<void(uint64_t index, const log::LeafView&)> visit,
                       std::string& where);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_AUDIT_SEARCH_CALL_H_
