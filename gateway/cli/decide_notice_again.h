// The right to publish a notice, decided again from its leaf: the steps of policy::DecideNotice as
// far as a leaf shows them. The role of the person is not decided here.
#ifndef CHAYAN_GATEWAY_CLI_DECIDE_NOTICE_AGAIN_H_
#define CHAYAN_GATEWAY_CLI_DECIDE_NOTICE_AGAIN_H_

#include "gateway/cli/decide_again.h"

namespace chayan::cli {

// A notice, a frame of notices, or a call to publish one that was denied.
bool IsAboutNotice(const log::LeafView& leaf);

// With the set that the leaf names. A leaf without a grant (a denied call) is held against the
// grant of its member and kind that comes furthest. Steps of time are among the steps. REQUIRES:
// IsAboutNotice(leaf).
DecidedAgain DecideNoticeAgain(const log::LeafView& leaf, const registry::Snapshot& set,
                               absl::Time recorded);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_DECIDE_NOTICE_AGAIN_H_
