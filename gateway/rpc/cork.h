#ifndef CHAYAN_GATEWAY_RPC_CORK_H_
#define CHAYAN_GATEWAY_RPC_CORK_H_

#include <memory>
#include <vector>

namespace chayan::rpc {

class Mailbox;

// While one lives, what its thread posts to workers wakes none of them; all are woken once when it
// goes. For whoever answers many calls at once: a worker that wakes at the first of them sends them
// one by one. One at a time on a thread.
class Cork {
 public:
  Cork();
  ~Cork();
  Cork(const Cork&) = delete;
  Cork& operator=(const Cork&) = delete;

 private:
  friend class Mailbox;
  std::vector<std::shared_ptr<Mailbox>> waiting_;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_CORK_H_
