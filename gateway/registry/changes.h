// What differs between two sets, thing by thing. For the registry's own files alone.
#ifndef CHAYAN_GATEWAY_REGISTRY_CHANGES_H_
#define CHAYAN_GATEWAY_REGISTRY_CHANGES_H_

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "gateway/registry/snapshot.h"

namespace chayan::registry {

// One thing that came, went or changed.
struct Change {
  enum class Way { kGone, kNew, kOther };
  Way way;
  // Null where it is not, and for things whose name says all.
  const google::protobuf::Message* before;
  const google::protobuf::Message* after;
  std::string kind;  // of a route: the code of its document kind
  std::string text;  // as Differences tells it
};

// Immutable; both sets outlive it.
class Changes {
 public:
  Changes(const Snapshot& before, const Snapshot& after);
  const std::vector<Change>& list() const { return list_; }

 private:
  std::vector<Change> list_;  // what is gone, then the rest by name
};

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_CHANGES_H_
