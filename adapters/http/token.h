// Tokens that a request carries: a JSON Web Token made for it, or an OAuth access token that is got
// once and kept until shortly before its end.
#ifndef CHAYAN_ADAPTERS_HTTP_TOKEN_H_
#define CHAYAN_ADAPTERS_HTTP_TOKEN_H_

#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/crypto/rsa_key.h"
#include "gateway/fetch/client.h"

namespace chayan::http_connector {

// Immutable; thread-safe.
class JwtSigner {
 public:
  JwtSigner(crypto::RsaKey key, std::string key_id)
      : key_(std::move(key)), key_id_(std::move(key_id)) {}
  // A compact JWS, RS256. `claims` is a JSON object; iat, exp (180 s later) and jti are put in
  // front of its members. INVALID_ARGUMENT if it is no object, or has one of the three itself.
  absl::StatusOr<std::string> Sign(absl::string_view claims, absl::string_view id,
                                   absl::Time now) const;

 private:
  const crypto::RsaKey key_;
  const std::string key_id_;
};

// RFC 6749 section 4.4. Thread-safe: one thread asks, the others wait for its answer.
class OauthTokens {
 public:
  struct Options {
    std::string token_url;
    std::string client_id;
    std::string client_secret;
    std::string scope;
  };
  // `clock` and `client` outlive this.
  OauthTokens(const Clock& clock, fetch::Client& client, Options options)
      : clock_(clock), client_(client), options_(std::move(options)) {}

  // UNAVAILABLE, with the cause and no secret, if none could be got within `timeout`.
  absl::StatusOr<std::string> Get(absl::Duration timeout);
  // The system refused this token: the next Get() gets another.
  void Drop(absl::string_view token);

 private:
  absl::Status Refresh(absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Clock& clock_;
  fetch::Client& client_;
  const Options options_;
  absl::Mutex mu_;
  std::string token_ ABSL_GUARDED_BY(mu_);
  absl::Duration token_end_ ABSL_GUARDED_BY(mu_);  // on Elapsed()
};

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_TOKEN_H_
