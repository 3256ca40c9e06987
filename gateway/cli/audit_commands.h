// The commands of `chayan audit`, one file each; each adds itself to the
// command line.
#ifndef CHAYAN_GATEWAY_CLI_AUDIT_COMMANDS_H_
#define CHAYAN_GATEWAY_CLI_AUDIT_COMMANDS_H_

#include "gateway/cli/program.h"

namespace chayan::cli {

void AddAuditTrustCommand(CLI::App& audit, Program& program);
void AddAuditSearchCommand(CLI::App& audit, Program& program);
void AddAuditSubjectCommand(CLI::App& audit, Program& program);
void AddAuditPersonsCommand(CLI::App& audit, Program& program);
void AddAuditAffectedCommand(CLI::App& audit, Program& program);
void AddAuditAnomaliesCommand(CLI::App& audit, Program& program);
void AddAuditReconcileCommand(CLI::App& audit, Program& program);
void AddAuditExplainCommand(CLI::App& audit, Program& program);
void AddAuditReportCommand(CLI::App& audit, Program& program);
void AddAuditSampleCommand(CLI::App& audit, Program& program);
void AddAuditEntryCommand(CLI::App& audit, Program& program);
void AddAuditEraseCommand(CLI::App& audit, Program& program);
// hold and retention.
void AddAuditHoldCommands(CLI::App& audit, Program& program);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_AUDIT_COMMANDS_H_
