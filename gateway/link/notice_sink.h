// What links tell whoever delivers notices, so that this room need not know that one.
#ifndef CHAYAN_GATEWAY_LINK_NOTICE_SINK_H_
#define CHAYAN_GATEWAY_LINK_NOTICE_SINK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/digest.h"
#include "gateway/policy/caller.h"
#include "gateway/tlog/frame.h"

namespace chayan::link {

// A receipt of a frame whose signature verified.
struct SignedReceipt {
  std::string receipt;           // serialized DeliveryReceipt
  crypto::Digest notice_digest;  // of the DeliveredNotice that the recipient says it has
  tlog::HolderSignature signature;
};

// A notice that went down a link, and of which nothing is kept there.
struct ReturnedNotice {
  Uuid delivery{};
  std::string reason{};         // a code
  bool recipient_down = false;  // and so would the next one be
};

// Called without a lock, from any thread; only hands over.
class NoticeSink {
 public:
  virtual ~NoticeSink() = default;
  // In the order in which they were said. `link`: to tell the adapter their entries.
  virtual void OnReceipts(const policy::Caller& caller, uint64_t link,
                          std::vector<SignedReceipt> receipts) = 0;
  virtual void OnReturned(const policy::Caller& caller, std::vector<ReturnedNotice> notices) = 0;
  // A subscription may be reached that was not before.
  virtual void OnReachable() = 0;
};

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_NOTICE_SINK_H_
