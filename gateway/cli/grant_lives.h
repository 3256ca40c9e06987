// The lives of grants as a log shows them, by their ids over all sets: when an entry first put a
// set with the grant in force, and when a question last rested on it. What a gateway counts for
// itself can be counted again by anyone.
#ifndef CHAYAN_GATEWAY_CLI_GRANT_LIVES_H_
#define CHAYAN_GATEWAY_CLI_GRANT_LIVES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/log/leaf_view.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {

class GrantLives {
 public:
  // The leaf puts the set in force.
  void Begin(const registry::Snapshot& set, const log::LeafView& leaf);
  // A question rests on the grant that its leaf names. Why the grant had ended by then, or empty:
  // for want of use, or after its term where its text has no dates.
  std::string Use(const log::LeafView& leaf);

 private:
  struct Life {
    absl::Time begin;
    absl::Time used;
    std::string day;  // of `used`, as leaves write it: a grant is looked at once a day
    int lapse_days = 0;
    bool is_undated = false;
  };
  absl::flat_hash_map<std::string, Life> lives_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_GRANT_LIVES_H_
