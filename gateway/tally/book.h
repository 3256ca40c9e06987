// What is counted, and what stands on the counts: one for each gateway.
#ifndef CHAYAN_GATEWAY_TALLY_BOOK_H_
#define CHAYAN_GATEWAY_TALLY_BOOK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/crypto/secret.h"
#include "gateway/store/store.h"
#include "gateway/tally/grant_uses.h"
#include "gateway/tally/ledger.h"
#include "gateway/tally/locks.h"

namespace chayan::tally {

// Each is thread-safe.
struct Book {
  // With what the store keeps. The clock outlives the result.
  static absl::StatusOr<std::unique_ptr<Book>> Open(store::Store& store,
                                                    const std::string& lock_key_file,
                                                    const Clock& clock, Random& random);
  Book(std::unique_ptr<Ledger> opened, const crypto::Secret32& lock_key, const Clock& clock)
      : ledger(std::move(opened)), locks(lock_key, *ledger, clock), grants(*ledger, clock) {}

  const std::unique_ptr<Ledger> ledger;
  Locks locks;
  GrantUses grants;
};

}  // namespace chayan::tally

#endif  // CHAYAN_GATEWAY_TALLY_BOOK_H_
