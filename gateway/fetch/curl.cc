#include "gateway/fetch/curl.h"

#include <signal.h>

#include <algorithm>
#include <utility>

namespace chayan::fetch {
namespace {

// Connections kept open to a source that nobody asks for the moment: as many as a pool has threads.
constexpr size_t kIdleMax = 64;

}  // namespace

void InitCurl() {
  // OpenSSL writes without MSG_NOSIGNAL: a peer that is gone must be an error where it happens, not
  // the end of the process.
  static const auto previous = signal(SIGPIPE, SIG_IGN);
  CHAYAN_CHECK(previous != SIG_ERR);
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHAYAN_CHECK(result == CURLE_OK);
}

CurlPtr HandlePool::Take() {
  {
    absl::MutexLock lock(&mu_);
    if (!idle_.empty()) {
      CurlPtr handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  CurlPtr handle(curl_easy_init());
  CHAYAN_CHECK(handle != nullptr);
  return handle;
}

void HandlePool::Return(CurlPtr handle) {
  // Options go, with every pointer into the last request; open connections stay.
  curl_easy_reset(handle.get());
  absl::MutexLock lock(&mu_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(handle));
}

long Milliseconds(absl::Duration duration) {
  constexpr int64_t kMax = 24 * 60 * 60 * 1000;
  return static_cast<long>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, kMax));
}

}  // namespace chayan::fetch
