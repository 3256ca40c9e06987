// What a snapshot looks things up in. Keys are views into the snapshot's own messages, so that a
// lookup hashes the caller's text and allocates nothing. For snapshot.cc and differences.cc alone.
#ifndef CHAYAN_GATEWAY_REGISTRY_INDEX_H_
#define CHAYAN_GATEWAY_REGISTRY_INDEX_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "gateway/registry/snapshot.h"

namespace chayan::registry {

// (kind, area), where upper and lower case are one: the registry holds upper case, a question may
// hold either.
struct AreaKey {
  absl::string_view kind;
  absl::string_view area;

  friend bool operator==(const AreaKey& a, const AreaKey& b) {
    return a.kind == b.kind && absl::EqualsIgnoreCase(a.area, b.area);
  }
  template <typename H>
  friend H AbslHashValue(H h, const AreaKey& key) {
    h = H::combine(std::move(h), key.kind, key.area.size());
    for (const char c : key.area) h = H::combine(std::move(h), absl::ascii_toupper(c));
    return h;
  }
};

struct Snapshot::Index {
  using Pair = std::pair<absl::string_view, absl::string_view>;

  Files files;
  crypto::Digest digest;
  std::vector<std::unique_ptr<v1::RegistryFile>> messages;  // own every message below
  const v1::Deployment* deployment = nullptr;
  std::optional<WitnessPolicy> witness_policy;

  absl::flat_hash_map<absl::string_view, const v1::Member*> members;
  absl::flat_hash_map<Pair, Bound> systems;  // (member, system)
  absl::flat_hash_set<absl::string_view> purposes;
  absl::flat_hash_map<absl::string_view, const v1::LegalBasis*> legal_bases;
  std::vector<Kind> kinds;  // sorted by code
  absl::flat_hash_map<absl::string_view, const Kind*> kinds_by_code;
  std::vector<std::unique_ptr<std::string>> areas;  // own the areas in `routes`
  absl::flat_hash_map<AreaKey, const v1::Member*> routes;
  absl::flat_hash_map<Pair, std::vector<Grant>> grants;  // (member, kind), by id
  std::vector<const Grant*> all_grants;                  // by id, into `grants`
  absl::flat_hash_map<absl::string_view, std::vector<CountyRule>> county_rules;  // by county, by id
  absl::flat_hash_map<absl::string_view, std::vector<AuditGrant>> audit_grants;  // by member
  absl::flat_hash_map<crypto::Digest, AnswerKey> answer_keys;
  absl::flat_hash_map<Pair, std::string> assertion_keys;             // (member, key id) → raw key
  std::vector<std::pair<std::string, crypto::Certificate>> issuers;  // sorted by id
  absl::flat_hash_map<crypto::Digest, Bound> bound_keys;             // by SPKI
  absl::flat_hash_map<std::pair<crypto::Digest, std::string>, Bound>
      bound_certificates;  // (digest of the issuer's certificate, serial)

  std::vector<const v1::NoticeKind*> notice_kinds;  // sorted by code
  absl::flat_hash_map<absl::string_view, const v1::NoticeKind*> notice_kinds_by_code;
  absl::flat_hash_map<Pair, std::vector<NoticeGrant>> notice_grants;  // (member, kind), by id
  absl::flat_hash_map<absl::string_view, const v1::Subscription*> subscriptions;  // by id
  using Subscribers = std::vector<const v1::Subscription*>;                       // by id
  absl::flat_hash_map<absl::string_view, Subscribers> subscriptions_by_kind;
  absl::flat_hash_map<absl::string_view, Subscribers> subscriptions_by_recipient;
  Calendar calendar;

  absl::Status Build();
  absl::Status AddMembers();
  absl::Status AddKeys();
  absl::Status AddKinds();
  absl::Status AddGrants();
  absl::Status AddNotices();
  absl::Status AddAuditGrants();
};

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_INDEX_H_
