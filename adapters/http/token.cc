#include "adapters/http/token.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/connector/json_tree.h"
#include "adapters/http/template.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::http_connector {
namespace {

using connector::JsonNode;
using connector::ParseJson;

constexpr absl::Duration kJwtLife = absl::Seconds(180);  // what the systems that ask for one allow
// A token is not used in the last moments of its life: the request has to arrive too.
constexpr absl::Duration kTokenMargin = absl::Seconds(30);
constexpr int64_t kTokenSecondsDefault = 60;  // RFC 6749 leaves expires_in out at will
constexpr int64_t kTokenSecondsMax = 24 * 60 * 60;
constexpr int kTokenDepthMax = 8;
constexpr size_t kTokenNodesMax = 100;
constexpr size_t kTokenBytesMax = 16 << 10;  // what a header carries

std::string Escaped(absl::string_view value) {
  const absl::StatusOr<Template> one = Template::Create("{v}", Context::kForm);
  CHAYAN_CHECK(one.ok());
  const absl::StatusOr<std::string> text = one->Fill({{"v", std::string(value)}});
  return text.ok() ? *text : "";
}

const JsonNode* Member(const JsonNode& object, absl::string_view key) {
  const auto found = std::find(object.keys.begin(), object.keys.end(), key);
  if (found == object.keys.end()) return nullptr;
  return &object.children[static_cast<size_t>(found - object.keys.begin())];
}

}  // namespace

absl::StatusOr<std::string> JwtSigner::Sign(absl::string_view claims, absl::string_view id,
                                            absl::Time now) const {
  const absl::StatusOr<JsonNode> tree = ParseJson(claims, kTokenDepthMax, kTokenNodesMax);
  if (!tree.ok() || tree->type != JsonNode::Type::kObject) {
    return absl::InvalidArgumentError("the token's claims are no JSON object");
  }
  for (const absl::string_view name : {"iat", "exp", "jti"}) {
    if (Member(*tree, name) != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the token's claims have ", name, ", which is put in by itself"));
    }
  }
  std::string header = "{\"alg\":\"RS256\",\"typ\":\"JWT\"";
  if (!key_id_.empty()) {
    header += ",\"kid\":";
    AppendJsonString(header, key_id_);
  }
  header += '}';
  const int64_t issued = absl::ToUnixSeconds(now);
  std::string payload = absl::StrCat(
      "{\"iat\":", issued, ",\"exp\":", issued + absl::ToInt64Seconds(kJwtLife), ",\"jti\":");
  AppendJsonString(payload, id);
  const absl::string_view members = claims.substr(claims.find('{') + 1);
  absl::StrAppend(&payload, tree->keys.empty() ? "" : ",", members);
  const std::string signed_part =
      absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(payload));
  CHAYAN_ASSIGN_OR_RETURN(const std::string signature, key_.SignRs256(signed_part));
  return absl::StrCat(signed_part, ".", Base64UrlEncode(signature));
}

absl::StatusOr<std::string> OauthTokens::Get(absl::Duration timeout) {
  absl::MutexLock lock(&mu_);
  if (token_.empty() || clock_.Elapsed() >= token_end_) {
    CHAYAN_RETURN_IF_ERROR(Refresh(timeout));
  }
  return token_;
}

void OauthTokens::Drop(absl::string_view token) {
  absl::MutexLock lock(&mu_);
  if (token == absl::string_view(token_)) token_.clear();
}

absl::Status OauthTokens::Refresh(absl::Duration timeout) {
  fetch::Request request;
  request.method = fetch::Method::kPost;
  request.url = options_.token_url;
  request.timeout = timeout;
  request.repeatable = true;
  // RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined.
  request.headers = {
      {"Content-Type", "application/x-www-form-urlencoded"},
      {"Accept", "application/json"},
      {"Authorization",
       absl::StrCat("Basic ", Base64Encode(absl::StrCat(Escaped(options_.client_id), ":",
                                                        Escaped(options_.client_secret))))}};
  request.body = "grant_type=client_credentials";
  if (!options_.scope.empty()) absl::StrAppend(&request.body, "&scope=", Escaped(options_.scope));
  const absl::Duration asked = clock_.Elapsed();
  const absl::StatusOr<fetch::Response> response = client_.Fetch(request);
  if (!response.ok()) {
    return absl::UnavailableError(absl::StrCat("no access token: ", response.status().message()));
  }
  if (response->status != 200) {
    return absl::UnavailableError(
        absl::StrCat("no access token: the token server answered ", response->status));
  }
  const absl::StatusOr<JsonNode> tree = ParseJson(response->body, kTokenDepthMax, kTokenNodesMax);
  const JsonNode* token = tree.ok() ? Member(*tree, "access_token") : nullptr;
  if (token == nullptr || token->type != JsonNode::Type::kText || token->text.empty() ||
      token->text.size() > kTokenBytesMax) {
    return absl::UnavailableError("no access token: the token server's answer has none");
  }
  int64_t seconds = kTokenSecondsDefault;
  if (const JsonNode* life = Member(*tree, "expires_in"); life != nullptr) {
    if (!absl::SimpleAtoi(life->text, &seconds)) seconds = kTokenSecondsDefault;
  }
  seconds = std::clamp<int64_t>(seconds, 0, kTokenSecondsMax);
  token_ = token->text;
  token_end_ = asked + absl::Seconds(seconds) - std::min(kTokenMargin, absl::Seconds(seconds) / 2);
  return absl::OkStatus();
}

}  // namespace chayan::http_connector
