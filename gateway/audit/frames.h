// The frames of bulk entries: their items, for an export; and what of their details is about one
// person.
#ifndef CHAYAN_GATEWAY_AUDIT_FRAMES_H_
#define CHAYAN_GATEWAY_AUDIT_FRAMES_H_

#include <string>

#include "gateway/audit/audit_call.h"
#include "gateway/audit/collaborators.h"
#include "gateway/audit/details.h"

namespace chayan::audit {

// Handler of the call of the name.
void ListFrames(const Collaborators& with, AuditCall call);

// Takes out of an opened detail of a bulk entry what is about others than `subject`, a number in
// its normal form: what the person is told must not tell of them.
void KeepOnlyAbout(const std::string& subject, Detail& detail);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_FRAMES_H_
