// Calls of AuditService, for the commands that ask a gateway.
#ifndef CHAYAN_GATEWAY_CLI_AUDIT_CALLS_H_
#define CHAYAN_GATEWAY_CLI_AUDIT_CALLS_H_

#include <memory>
#include <string>

#include "chayan/v1/audit_service.pb.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/program.h"
#include "gateway/cli/service_calls.h"
#include "gateway/crypto/bytes.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {

class AuditCalls : public ServiceCalls {
 public:
  AuditCalls(const Program& program, Client& client)
      : ServiceCalls(program, client, "AuditService") {}
};

// The registry set with this digest, as the gateway keeps it. DATA_LOSS when it has another digest.
absl::StatusOr<registry::Files> CallRegistrySet(AuditCalls& calls, const crypto::Digest& digest);

// Lists all pages as a document of one table, which `add` fills and whose title is the document's.
template <typename Response, typename Request, typename Add>
ExitCode PrintPages(Program& program, const OutputFlags& output, const char* method,
                    const Request& request, report::Table table, const Add& add) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const absl::Status called =
      calls.CallPages<Response>(method, request, [&](const Response& page) { add(page, table); });
  if (!called.ok()) return calls.Fail(called);
  report::Document document;
  document.title = table.title;
  document.tables.push_back(std::move(table));
  return PrintDocument(program, output, document);
}

// A value of an enum as a word of the command line: "ERASURE_REASON_TERM_ENDED" is "term-ended".
std::string CodeWord(absl::string_view prefix, absl::string_view name);

// The number of the value that `word` names. INVALID_ARGUMENT names the flag and the words.
absl::StatusOr<int> ParseCodeWord(absl::string_view flag, absl::string_view prefix,
                                  absl::string_view word,
                                  const google::protobuf::EnumDescriptor& values);
template <typename Enum>
absl::StatusOr<Enum> ParseCode(absl::string_view flag, absl::string_view prefix,
                               absl::string_view word,
                               const google::protobuf::EnumDescriptor& values) {
  CHAYAN_ASSIGN_OR_RETURN(const int value, ParseCodeWord(flag, prefix, word, values));
  return static_cast<Enum>(value);
}

// --as, --file, --why: who of the auditor's office acts.
struct PurposeFlags {
  std::string person;
  std::string case_number;
  std::string reason;
};
void AddPurposeFlags(CLI::App& command, PurposeFlags& flags);
// INVALID_ARGUMENT names the flags that are missing.
absl::StatusOr<v1::AuditPurpose> ToProto(const PurposeFlags& flags);

// "passport:123456789", or a national id alone. INVALID_ARGUMENT with `flag` and the schemes there
// are.
absl::StatusOr<v1::Identifier> ParseIdentifier(std::string value, absl::string_view flag);
// The same; "-" reads it from standard input, so that it stands in no list of processes and in no
// history.
absl::StatusOr<v1::Identifier> ParseSubject(Program& program, const std::string& text,
                                            absl::string_view flag = "--subject");

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_AUDIT_CALLS_H_
