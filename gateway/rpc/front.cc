#include "gateway/rpc/front.h"

#include <utility>
#include <variant>

namespace chayan::rpc {

Standing Front::Judge(const Chain& chain, const View& view) {
  Standing standing;
  standing.epoch = view.epoch;
  standing.validity = ValidityOf(chain);
  std::variant<Identity, IdentityRefusal> identity =
      Identify(chain, *view.snapshot, *view.lists, view.now);
  if (auto* refused = std::get_if<IdentityRefusal>(&identity)) {
    standing.caller = std::make_shared<const policy::Caller>(std::move(refused->caller));
    standing.refusal = std::move(refused->refusal);
    return standing;
  }
  auto& known = std::get<Identity>(identity);
  standing.load = admission.LoadOf(known.caller.member);
  standing.bounds = BoundsOf(*known.member);
  standing.caller = std::make_shared<const policy::Caller>(std::move(known.caller));
  return standing;
}

}  // namespace chayan::rpc
