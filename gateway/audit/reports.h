// The statistics of a period, as the gateway counts them in its own store. The digest of the
// report's bytes stands in the read's entry, so the entry's receipt signs it: what was reported
// then cannot be another report later. Whoever has an export counts again with the same code.
#ifndef CHAYAN_GATEWAY_AUDIT_REPORTS_H_
#define CHAYAN_GATEWAY_AUDIT_REPORTS_H_

#include "gateway/audit/audit_call.h"

namespace chayan::audit {

// Reads every entry of the period; on a thread of its own.
void ExportReport(const Collaborators& with, AuditCall call);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_REPORTS_H_
