#include "gateway/rpc/identity.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace chayan::rpc {
namespace {

policy::Refusal Refuse(v1::ErrorReason reason, std::string message) {
  return {.reason = reason, .message = std::move(message)};
}

bool IsName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool IsSameAuthority(const crypto::Certificate& a, const crypto::Certificate& b) {
  return a.spki_digest() == b.spki_digest() && a.subject_der() == b.subject_der();
}

bool MayCertify(const v1::Member& member, const crypto::Certificate& issuer,
                const registry::Snapshot& snapshot) {
  for (const std::string& id : member.issuers()) {
    const crypto::Certificate* const allowed = snapshot.FindIssuer(id);
    if (allowed != nullptr && IsSameAuthority(*allowed, issuer)) return true;
  }
  return false;
}

struct Found {
  const v1::Member* member = nullptr;
  const v1::System* system = nullptr;
};

// Fills the caller as far as it is known.
std::variant<Found, policy::Refusal> FindCaller(const Chain& chain,
                                                const registry::Snapshot& snapshot,
                                                policy::Caller& caller) {
  const crypto::Certificate& leaf = chain.front();
  if (leaf.uri_sans().empty()) {
    const auto bound = snapshot.FindBinding(leaf, chain[1]);
    if (bound.system == nullptr) {
      return Refuse(v1::ERROR_REASON_CERTIFICATE_IDENTITY_UNUSABLE,
                    "The certificate carries no URI and the registry binds it to no system.");
    }
    return Found{bound.member, bound.system};
  }
  UriParts parts;
  if (leaf.uri_sans().size() > 1 || !ParseUri(leaf.uri_sans().front(), parts) ||
      parts.domain != snapshot.trust_domain()) {
    return Refuse(v1::ERROR_REASON_CERTIFICATE_IDENTITY_UNUSABLE,
                  absl::StrCat("The certificate must carry exactly one URI of the form spiffe://",
                               snapshot.trust_domain(), "/MEMBER/SYSTEM."));
  }
  const v1::Member* const member = snapshot.FindMember(parts.member);
  const v1::System* const system = snapshot.FindSystem(parts.member, parts.system);
  if (member == nullptr || system == nullptr) {
    return Refuse(v1::ERROR_REASON_CALLER_UNKNOWN,
                  "The member or system that the certificate names is not in the registry.");
  }
  caller.member = member->id();
  caller.system = system->name();
  return Found{member, system};
}

}  // namespace

bool ParseUri(absl::string_view uri, UriParts& parts) {
  if (!absl::ConsumePrefix(&uri, "spiffe://")) return false;
  const size_t first = uri.find('/');
  if (first == absl::string_view::npos) return false;
  const size_t second = uri.find('/', first + 1);
  if (second == absl::string_view::npos) return false;
  parts = {.domain = uri.substr(0, first),
           .member = uri.substr(first + 1, second - first - 1),
           .system = uri.substr(second + 1)};
  return !parts.domain.empty() && IsName(parts.member) && IsName(parts.system);
}

Validity ValidityOf(const Chain& chain) {
  Validity validity{absl::InfinitePast(), absl::InfiniteFuture()};
  for (const crypto::Certificate& certificate : chain) {
    validity.not_before = std::max(validity.not_before, certificate.not_before());
    validity.not_after = std::min(validity.not_after, certificate.not_after());
  }
  return validity;
}

std::variant<Identity, IdentityRefusal> Identify(const Chain& chain,
                                                 const registry::Snapshot& snapshot,
                                                 const TrustLists& lists, absl::Time now) {
  policy::Caller caller;
  const auto refuse = [&](policy::Refusal refusal) {
    return IdentityRefusal{std::move(caller), std::move(refusal)};
  };
  if (chain.empty()) {
    return refuse(Refuse(v1::ERROR_REASON_CERTIFICATE_IDENTITY_UNUSABLE, "No certificate."));
  }
  caller.certificate = chain.front().spki_digest();
  caller.not_after = chain.front().not_after();
  const Validity validity = ValidityOf(chain);
  if (now < validity.not_before || now > validity.not_after) {
    return refuse(Refuse(v1::ERROR_REASON_CERTIFICATE_EXPIRED,
                         "A certificate of the caller's chain is past its end, or before its "
                         "begin."));
  }
  // A root is no member, even when it says so.
  if (chain.size() < 2) {
    return refuse(Refuse(v1::ERROR_REASON_ISSUER_NOT_ALLOWED,
                         "The certificate is not issued by an authority of the registry."));
  }
  std::variant<Found, policy::Refusal> found = FindCaller(chain, snapshot, caller);
  if (auto* refusal = std::get_if<policy::Refusal>(&found)) return refuse(std::move(*refusal));
  const auto [member, system] = std::get<Found>(found);
  if (!MayCertify(*member, chain[1], snapshot)) {
    return refuse(Refuse(v1::ERROR_REASON_ISSUER_NOT_ALLOWED,
                         "The certificate's issuer may not certify this member."));
  }
  caller.member = member->id();
  caller.system = system->name();
  const std::string uri =
      absl::StrCat("spiffe://", snapshot.trust_domain(), "/", member->id(), "/", system->name());
  switch (lists.Check(chain, uri)) {
    case TrustLists::Finding::kRevoked:
      return refuse(Refuse(v1::ERROR_REASON_CERTIFICATE_REVOKED,
                           "The certificate, or one above it, is revoked."));
    case TrustLists::Finding::kUnknown:
      return refuse(Refuse(v1::ERROR_REASON_REVOCATION_UNKNOWN,
                           "No revocation list of the certificate's issuer has been loaded."));
    case TrustLists::Finding::kRootGone:
      return refuse(Refuse(v1::ERROR_REASON_ISSUER_NOT_ALLOWED,
                           "The root of the certificate's chain is no longer trusted."));
    case TrustLists::Finding::kGood:
      break;
  }
  caller.role = system->role();
  return Identity{std::move(caller), member};
}

}  // namespace chayan::rpc
