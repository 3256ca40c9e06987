// A kind as one adapter answers it: what the catalogue says, and how the agency's records map to
// it.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_PLAN_H_
#define CHAYAN_ADAPTERS_CONNECTOR_PLAN_H_

#include "chayan/v1/adapter_config.pb.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/crypto/digest.h"

namespace chayan::connector {

struct KindPlan {
  v1::DocumentKind kind;
  crypto::Digest digest;
  v1::KindSource source;  // column names lower-cased
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_PLAN_H_
