// What an adapter may do on a link: its hello, narrowed against the registry. Pure.
#ifndef CHAYAN_GATEWAY_LINK_HELLO_H_
#define CHAYAN_GATEWAY_LINK_HELLO_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "gateway/crypto/bytes.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::link {

// What a link serves.
struct Offer {
  // Kind and area, each pair once, sorted; the area is empty for a kind that has none.
  std::vector<std::pair<std::string, std::string>> served;
  // Ids of subscriptions whose notices go down this link, sorted.
  std::vector<std::string> subscriptions;
  crypto::Digest answer_key_id;
  std::string software;
  uint32_t in_flight_max = 0;
  uint32_t notices_in_flight_max = 0;
  // Kinds of which the adapter knows another version than the registry: what it does not know of
  // them, it does not compare.
  std::vector<std::string> other_versions;

  std::vector<std::string> Kinds() const;
};

// The offer, or why the link is refused. Asked again whenever the registry changes: a right that is
// gone ends the link.
std::variant<Offer, policy::Refusal> CheckHello(const v1::Hello& hello,
                                                const policy::Caller& caller,
                                                const registry::Snapshot& snapshot, absl::Time now);

// The key, if it is registered for exactly this system and in force; otherwise nullptr. Lives as
// long as the snapshot.
const registry::AnswerKey* FindKeyInForce(const registry::Snapshot& snapshot,
                                          const policy::Caller& caller,
                                          const crypto::Digest& key_id, absl::Time now);

policy::Refusal Refuse(v1::ErrorReason reason, std::string message,
                       std::vector<std::pair<std::string, std::string>> metadata = {});

// Printable ASCII of a peer's text, other characters as '?', at most `size_max` of them: for
// screens and messages.
std::string PrintableText(absl::string_view text, size_t size_max);

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_HELLO_H_
