// Who is calling, as the certificate proved it.
#ifndef CHAYAN_GATEWAY_POLICY_CALLER_H_
#define CHAYAN_GATEWAY_POLICY_CALLER_H_

#include <string>

#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/crypto/digest.h"

namespace chayan::policy {

struct Caller {
  std::string member;
  std::string system;
  v1::Role role = v1::ROLE_UNSPECIFIED;
  crypto::Digest certificate;  // SHA-256 of the certificate's SubjectPublicKeyInfo
  absl::Time not_after;        // end of the certificate
};

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_CALLER_H_
