// The life of a certificate as files: a key and a request made where the key is used, signing,
// renewal, revocation, and what is due. A private key is written once, with mode 0600, and is read
// only to sign with.
#ifndef CHAYAN_GATEWAY_CLI_CERTS_H_
#define CHAYAN_GATEWAY_CLI_CERTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/base/random.h"
#include "gateway/crypto/certificate_authority.h"

namespace chayan::cli {

// Makes a key at `key_path` and a request for it at `request_path`. ALREADY_EXISTS rather than
// overwrite a key.
absl::Status RequestCertificate(const std::string& key_path, const std::string& request_path,
                                const crypto::SubjectNames& names);

// Makes an adapter's answer key at `key_path`, Ed25519; its public half as the registry writes it.
// ALREADY_EXISTS rather than overwrite a key.
absl::StatusOr<std::string> MakeAnswerKey(const std::string& key_path, Random& random);

struct AuthorityFiles {
  std::string certificate;  // the authority's, then those above it
  std::string key;
};

struct SignOrder {
  AuthorityFiles authority;
  std::string request;
  std::string out;
  std::string expected_uri;  // refuse any other; empty takes what is asked for
  crypto::CertificateUse use = crypto::CertificateUse::kClient;
  absl::Duration lifetime;
};
// The names that were certified.
absl::StatusOr<crypto::SubjectNames> SignRequest(const SignOrder& order, absl::Time now,
                                                 Random& random);

// First half of a renewal: KEY.next, a new key, and a request at `request_path` with the names that
// the certificate has. An earlier KEY.next is kept and asked for again.
absl::Status BeginRenewal(const std::string& certificate_path, const std::string& key_path,
                          const std::string& request_path);
// The use that a certificate has, for signing its successor.
absl::StatusOr<crypto::CertificateUse> ReadUse(const std::string& certificate_path);
// Second half: the signed certificate and KEY.next take the places of certificate and key, after
// they were found to belong together, to be valid now and to have the names and the use of the old
// one. Can be run again after it was cut short at any point.
absl::Status FinishRenewal(const std::string& certificate_path, const std::string& key_path,
                           const std::string& signed_path, absl::Time now);

struct RevokeOrder {
  AuthorityFiles authority;
  std::string crl;                        // read if it is there, replaced in one step
  std::vector<std::string> certificates;  // files
  std::vector<std::string> serials;       // hexadecimal
  absl::Duration lifetime;
};
// Serials on the list now. Without certificates and serials the list is only made anew.
absl::StatusOr<size_t> Revoke(const RevokeOrder& order, absl::Time now);

// A certificate or revocation list that ends.
struct Due {
  std::string path;
  std::string what;  // its URI, else its subject; or the list's issuer
  bool is_list = false;
  absl::Time end;
};
// Of all files below `directory`, soonest first, that end before `before`. Files that are neither
// are passed over.
absl::StatusOr<std::vector<Due>> FindDue(const std::string& directory, absl::Time before);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_CERTS_H_
