// For the sources of this room alone: libcurl's objects with owners. No public header of the room
// includes libcurl.
#ifndef CHAYAN_GATEWAY_FETCH_CURL_H_
#define CHAYAN_GATEWAY_FETCH_CURL_H_

#include <curl/curl.h>

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/check.h"

namespace chayan::fetch {

struct CurlCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlPtr = std::unique_ptr<CURL, CurlCloser>;
using CurlListPtr = std::unique_ptr<curl_slist, CurlCloser>;
using CurlUrlPtr = std::unique_ptr<CURLU, CurlCloser>;

// Sets up libcurl for the process, once, and has SIGPIPE ignored. Whatever uses libcurl here calls
// it first.
void InitCurl();

// Handles that keep their connections open between uses: whoever asks again a moment later finds a
// warm one. Each is used by one thread at a time. Thread-safe.
class HandlePool {
 public:
  // A handle without options.
  CurlPtr Take();
  void Return(CurlPtr handle);

 private:
  absl::Mutex mu_;
  std::vector<CurlPtr> idle_ ABSL_GUARDED_BY(mu_);
};

// Sets what libcurl cannot refuse; a refusal is a fault of ours.
template <typename Value>
void Set(CURL* handle, CURLoption option, Value value) {
  CHAYAN_CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
}

// As libcurl takes durations: at least 1, for 0 would mean no bound.
long Milliseconds(absl::Duration duration);

}  // namespace chayan::fetch

#endif  // CHAYAN_GATEWAY_FETCH_CURL_H_
