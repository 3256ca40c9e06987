// Finding entries: by what stands in them, and by whom they are about through the vault's index.
#ifndef CHAYAN_GATEWAY_AUDIT_SEARCH_H_
#define CHAYAN_GATEWAY_AUDIT_SEARCH_H_

#include "gateway/audit/audit_call.h"

namespace chayan::audit {

// Each answers one call. On the searching thread.
void SearchEntries(const Collaborators& with, AuditCall call);
void ListAccesses(const Collaborators& with, AuditCall call);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_SEARCH_H_
