#include "gateway/tally/book.h"

#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/tally/lock_key.h"

namespace chayan::tally {

absl::StatusOr<std::unique_ptr<Book>> Book::Open(store::Store& store,
                                                 const std::string& lock_key_file,
                                                 const Clock& clock, Random& random) {
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Secret32 key, OpenLockKey(lock_key_file, random));
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<Ledger> ledger, Ledger::Open(store, clock));
  return std::make_unique<Book>(std::move(ledger), key, clock);
}

}  // namespace chayan::tally
