#include "gateway/log/fetch_transport.h"

#include <algorithm>
#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/crypto/timestamp.h"
#include "gateway/tlog/note.h"

namespace chayan::log {
namespace {

// Nothing that an anchor has to say is longer.
constexpr size_t kAnswerBytesMax = std::max(tlog::kNoteBytesMax, crypto::kTimestampBytesMax);

}  // namespace

absl::StatusOr<fetch::Client*> FetchTransport::ClientFor(const std::string& root_pem) {
  absl::MutexLock lock(&mu_);
  std::unique_ptr<fetch::Client>& client = clients_[root_pem];
  if (client == nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(
        client, fetch::Client::Create({.ca_pem = root_pem, .body_bytes_max = kAnswerBytesMax}));
  }
  return client.get();
}

absl::StatusOr<AnchorAnswer> FetchTransport::Fetch(const AnchorRequest& request) {
  CHAYAN_ASSIGN_OR_RETURN(fetch::Client* const client, ClientFor(request.root_pem));
  const bool is_get = request.content_type.empty();
  fetch::Request fetched{.method = is_get ? fetch::Method::kGet : fetch::Method::kPost,
                         .url = request.url,
                         .headers = {},
                         .body = request.body,
                         .headers_wanted = {"content-type"},
                         .timeout = request.timeout,
                         // To cosign or stamp once more does no harm.
                         .repeatable = true};
  if (!is_get) fetched.headers.push_back({"Content-Type", request.content_type});
  CHAYAN_ASSIGN_OR_RETURN(fetch::Response response, client->Fetch(fetched));
  const std::string* const type = response.FindHeader("content-type");
  return AnchorAnswer{.status = response.status,
                      .content_type = type == nullptr ? "" : *type,
                      .body = std::move(response.body)};
}

}  // namespace chayan::log
