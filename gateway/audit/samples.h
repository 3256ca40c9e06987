// Samples that neither auditor nor operator can steer (see gateway/tlog/sample.h): recorded first,
// revealed once a published checkpoint covers the record, findings given back.
#ifndef CHAYAN_GATEWAY_AUDIT_SAMPLES_H_
#define CHAYAN_GATEWAY_AUDIT_SAMPLES_H_

#include "gateway/audit/audit_call.h"

namespace chayan::audit {

// Each answers one call. DrawSample and RecordFindings on the reading thread; RevealSample, which
// counts the entries that fit, too, so that a draw is revealed once.
void DrawSample(const Collaborators& with, AuditCall call);
void RevealSample(const Collaborators& with, AuditCall call);
void ListDraws(const Collaborators& with, AuditCall call);
void RecordFindings(const Collaborators& with, AuditCall call);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_SAMPLES_H_
