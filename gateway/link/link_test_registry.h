// What the tests of links stand on: a small registry with holders, kinds and routes, and who calls.
#ifndef CHAYAN_GATEWAY_LINK_LINK_TEST_REGISTRY_H_
#define CHAYAN_GATEWAY_LINK_LINK_TEST_REGISTRY_H_

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/link/bounds.h"
#include "gateway/link/links.h"
#include "gtest/gtest.h"

namespace chayan::link {

// Authority of the test members; only its form matters here.
inline constexpr char kTestIssuerPem[] =
    "-----BEGIN CERTIFICATE-----\\n"
    "MIIBSjCB/aADAgECAhQR39URbs4V3UCEEHJzQdC93rciAjAFBgMrZXAwEjEQMA4G\\n"
    "A1UEAwwHVGVzdCBDQTAgFw0yNjExMjIyMjE4NDBaGA8yMTI2MTAyOTIyMTg0MFow\\n"
    "EjEQMA4GA1UEAwwHVGVzdCBDQTAqMAUGAytlcAMhAM2++R/BYTzmYDG+NjQfW0Qh\\n"
    "XmZdFjbDA/x3PUgI/Fhko2MwYTAdBgNVHQ4EFgQUYwSyV8l6amW8ye5VrrGrWaWi\\n"
    "SaMwHwYDVR0jBBgwFoAUYwSyV8l6amW8ye5VrrGrWaWiSaMwDwYDVR0TAQH/BAUw\\n"
    "AwEB/zAOBgNVHQ8BAf8EBAMCAQYwBQYDK2VwA0EAruGgyaIstmdOZAV8E+17CobU\\n"
    "W7ezLxp4E71PAktEXgsD9QjwBdn0OS56MsCZkHd32rM5x/OsQX7FdhL4V/+nCQ==\\n"
    "-----END CERTIFICATE-----\\n";

inline crypto::Ed25519Key TestKey(uint64_t seed) {
  SeededRandom random(seed);
  return crypto::Ed25519Key::Generate(random);
}

inline std::string TestMember(absl::string_view id) {
  return absl::StrCat("members { id: '", id, "' name { zh_tw: '", id, "' en: '", id,
                      "' } issuers: 'ca' systems { name: 'adapter' role: ROLE_ADAPTER } "
                      "systems { name: 'other' role: ROLE_ADAPTER } }\n");
}

inline std::string TestAnswerKey(absl::string_view member, const crypto::Ed25519Key& key,
                                 absl::string_view more = {}) {
  return absl::StrCat("answer_keys { member: '", member, "' system: 'adapter' public_key: '",
                      Base64Encode(crypto::SpkiFromPublicKey(key.public_key())), "' ", more,
                      " }\n");
}

inline std::string TestKind(absl::string_view code, absl::string_view more) {
  return absl::StrCat(
      "document_kinds { code: '", code, "' title { zh_tw: 't' en: 't' } ",
      "claims { code: 'land_office' type: VALUE_TYPE_LAND_OFFICE required: true title { zh_tw: 'o' "
      "en: 'o' } } ",
      "claims { code: 'owner_name' type: VALUE_TYPE_NAME title { zh_tw: 'n' en: 'n' } } ",
      "legal_bases: 'act-68' answer_mode: ANSWER_MODE_SYNC ",
      "retention_class: RETENTION_CLASS_FIVE_YEARS ", more, " }\n");
}

inline std::string TestRoute(absl::string_view kind, absl::string_view holder,
                             absl::string_view areas) {
  return absl::StrCat("routes { document_kind: '", kind, "' holder: '", holder, "' ", areas,
                      " }\n");
}

// land.title: routed by office; AA and AB belong to land-a, BA to land-b. entry.record: land-a
// alone. Key 1 signs for land-a, key 2 for land-b, key 3 for land-a until 2026-02-01.
inline std::string TestRegistry(absl::string_view routes_of_land_a = "areas: ['AA', 'AB']",
                                bool with_key_1 = true) {
  return absl::StrCat(
      "deployment { trust_domain: 'chayan.test' }\n", "issuers { id: 'ca' certificate_pem: '",
      kTestIssuerPem, "' }\n", "purposes { code: 'household.move' title { zh_tw: 'p' en: 'p' } }\n",
      "legal_bases { code: 'act-68' title { zh_tw: 'l' en: 'l' } }\n", TestMember("land-a"),
      TestMember("land-b"), with_key_1 ? TestAnswerKey("land-a", TestKey(1)) : "",
      TestAnswerKey("land-b", TestKey(2)),
      TestAnswerKey("land-a", TestKey(3), "not_after_time: '2026-02-01T00:00:00Z'"),
      TestKind("land.title", "routing_claim: 'land_office' repeatable: true"),
      TestKind("entry.record", ""), TestRoute("land.title", "land-a", routes_of_land_a),
      TestRoute("land.title", "land-b", "areas: 'BA'"), TestRoute("entry.record", "land-a", ""));
}

inline std::shared_ptr<const registry::Snapshot> MakeSnapshot(const std::string& text) {
  std::vector<std::string> faults;
  auto snapshot = registry::Snapshot::Create({{"test.textproto", text}}, &faults);
  for (const std::string& fault : faults) ADD_FAILURE() << fault;
  EXPECT_OK(snapshot.status());
  return snapshot.ok() ? *snapshot : nullptr;
}

inline policy::Caller TestCaller(absl::string_view member) {
  policy::Caller caller;
  caller.member = std::string(member);
  caller.system = "adapter";
  caller.role = v1::ROLE_ADAPTER;
  return caller;
}

inline v1::Hello TestHello(const registry::Snapshot& snapshot, const crypto::Ed25519Key& key,
                           const std::vector<std::string>& kinds) {
  v1::Hello hello;
  hello.set_protocol_version(kProtocolVersion);
  hello.set_software("test 1.0");
  hello.set_answer_key_id(crypto::KeyId(key.public_key()).ToString());
  for (const std::string& kind : kinds) {
    v1::KindOffer& offer = *hello.add_kinds();
    offer.set_document_kind(kind);
    offer.set_digest(snapshot.FindKind(kind)->digest.ToString());
  }
  return hello;
}

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_LINK_TEST_REGISTRY_H_
