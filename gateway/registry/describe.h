// Kinds as the catalogue shows them: to callers, and on its published page.
#ifndef CHAYAN_GATEWAY_REGISTRY_DESCRIBE_H_
#define CHAYAN_GATEWAY_REGISTRY_DESCRIBE_H_

#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/registry/snapshot.h"

namespace chayan::registry {

v1::DocumentKindDescription Describe(const Snapshot& snapshot, const Kind& kind);
v1::NoticeKindDescription Describe(const Snapshot& snapshot, const v1::NoticeKind& kind);

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_DESCRIBE_H_
