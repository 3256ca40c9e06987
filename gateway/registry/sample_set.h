// The sample deployment's registry as tests use it: the files of adapters/agencies/registry and the
// file of keys that a deployment generates. For tests alone, run from the source root.
#ifndef CHAYAN_GATEWAY_REGISTRY_SAMPLE_SET_H_
#define CHAYAN_GATEWAY_REGISTRY_SAMPLE_SET_H_

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/registry/snapshot.h"

namespace chayan::registry {

// A certificate authority, and a certificate with serial 0abc12 that it issued. Nobody has its key.
inline constexpr char kSampleIssuerPem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBnjCCAUOgAwIBAgIUGUD+c5U0yanGcoU6KYIV7bSrrrMwCgYIKoZIzj0EAwIw\n"
    "GzEZMBcGA1UEAwwQUmVnaXN0cnkgVGVzdCBDQTAgFw0yNjExMjIyMjE3MTZaGA8y\n"
    "MTI2MTAyOTIyMTcxNlowGzEZMBcGA1UEAwwQUmVnaXN0cnkgVGVzdCBDQTBZMBMG\n"
    "ByqGSM49AgEGCCqGSM49AwEHA0IABPrSDRvRsfvtRiznjX/+VIRXNjPlqa1aUGqw\n"
    "lBs2vupt2QM+Td7EQERXxz2NBbj7Gfh3Te3k07xbIGLok72WKZyjYzBhMB0GA1Ud\n"
    "DgQWBBQ5UxX4Lgm8FQexprGTK3NztP37cjAfBgNVHSMEGDAWgBQ5UxX4Lgm8FQex\n"
    "prGTK3NztP37cjAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAKBggq\n"
    "hkjOPQQDAgNJADBGAiEA6k5gU/QeEi9I6Ti2q6I93AvP9CPXgQ0IjktGLL8NALcC\n"
    "IQDCtfO3XnZewmrCGV+0iFxv2U1qjraLhs4OGs9OdO+PBg==\n"
    "-----END CERTIFICATE-----\n";
inline constexpr char kSampleLeafPem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBgjCCASigAwIBAgIDCrwSMAoGCCqGSM49BAMCMBsxGTAXBgNVBAMMEFJlZ2lz\n"
    "dHJ5IFRlc3QgQ0EwIBcNMjYxMTIyMjIxNzE2WhgPMjEyNjEwMjkyMjE3MTZaMA8x\n"
    "DTALBgNVBAMMBGxlYWYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASJZil5iC5s\n"
    "XOquXpT/Cyu0k3pVTZAdwRfrCYMcWmi4K3INZgDb/T2PVdDnilV5T2R1OX0e5PJS\n"
    "TIp74nrVn1eMo2UwYzAMBgNVHRMBAf8EAjAAMBMGA1UdJQQMMAoGCCsGAQUFBwMC\n"
    "MB0GA1UdDgQWBBQ3f+/2iJhqMRIr0NVkNubTGF82FTAfBgNVHSMEGDAWgBQ5UxX4\n"
    "Lgm8FQexprGTK3NztP37cjAKBggqhkjOPQQDAgNIADBFAiB8cRJboHYQLULe8z9H\n"
    "xX5QVhwfXX2Tm0w3JCrMO+gAOgIhAJ1e0L/5inL02iqZhCAafdV6kZWFfcTJ2pcs\n"
    "Vk4USaDk\n"
    "-----END CERTIFICATE-----\n";

// A key that is the same in every run: `seed` repeated.
inline crypto::Ed25519Key SampleKey(char seed) {
  auto secret = crypto::Secret32::FromRaw(std::string(crypto::Secret32::kSize, seed));
  CHAYAN_CHECK(secret.ok());
  auto key = crypto::Ed25519Key::FromSeed(*secret);
  CHAYAN_CHECK(key.ok());
  return *std::move(key);
}

// As registry files write it.
inline std::string SamplePublicKey(char seed) {
  return Base64Encode(crypto::SpkiFromPublicKey(SampleKey(seed).public_key()));
}

// Issuer, answer keys of seeds 'a' (land-ad), 'q' (land-qd) and 'n' (nia), and the assertion key
// "desk-1" of hro-shanhua with seed 's'.
inline std::string SampleKeysFile() {
  std::string text = absl::StrCat("issuers { id: \"dev-intermediate\" certificate_pem: \"",
                                  absl::CEscape(kSampleIssuerPem), "\" }\n");
  const std::pair<char, const char*> agencies[] = {
      {'a', "land-ad"}, {'q', "land-qd"}, {'n', "nia"}};
  for (const auto& [seed, member] : agencies) {
    absl::StrAppend(&text, "answer_keys { member: \"", member,
                    "\" system: \"adapter-1\" public_key: \"", SamplePublicKey(seed), "\" }\n");
  }
  absl::StrAppend(&text,
                  "assertion_keys { member: \"hro-shanhua\" key_id: \"desk-1\" public_key: \"",
                  SamplePublicKey('s'), "\" }\n");
  return text;
}

inline Files SampleFiles() {
  auto files = ReadTree("adapters/agencies/registry", ".textproto");
  CHAYAN_CHECK(files.ok());
  files->emplace_back("keys.textproto", SampleKeysFile());
  std::sort(files->begin(), files->end());
  return *std::move(files);
}

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_SAMPLE_SET_H_
