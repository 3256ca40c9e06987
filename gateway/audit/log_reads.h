// The log itself, entry by entry: what an export is made of.
#ifndef CHAYAN_GATEWAY_AUDIT_LOG_READS_H_
#define CHAYAN_GATEWAY_AUDIT_LOG_READS_H_

#include "gateway/audit/audit_call.h"

namespace chayan::audit {

// Each answers one call. On the reading thread.
void ListEntries(const Collaborators& with, AuditCall call);
void GetEntry(const Collaborators& with, AuditCall call);
void GetRegistrySet(const Collaborators& with, AuditCall call);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_LOG_READS_H_
