// Tokens that say where the next page begins. Each is bound to the caller and to the question it
// goes on with, so that a page cannot be asked for under another filter; and it shows nothing of
// the question, which may hold a person's number. Good as long as the process runs.
#ifndef CHAYAN_GATEWAY_AUDIT_PAGE_TOKENS_H_
#define CHAYAN_GATEWAY_AUDIT_PAGE_TOKENS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/random.h"
#include "gateway/crypto/secret.h"

namespace chayan::audit {

// Entries, or whatever is listed, from `next` on and below `end`. The end is that of the first
// page: each page is an entry of its own, and a listing must not run after its own traces.
struct PagePlace {
  uint64_t next = 0;
  uint64_t end = 0;
};

// Immutable.
class PageTokens {
 public:
  explicit PageTokens(Random& random) : key_(random) {}

  // `question`: everything that must be the same on the next page.
  std::string Make(PagePlace place, absl::string_view question) const;
  // INVALID_ARGUMENT when it was not made for this question by this process.
  absl::StatusOr<PagePlace> Read(absl::string_view token, absl::string_view question) const;

 private:
  const crypto::Secret32 key_;
};

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_PAGE_TOKENS_H_
