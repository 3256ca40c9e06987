// How other threads reach a worker: a list under a lock and one wake-up for all that is put in
// until the worker looks. The committer answers hundreds of calls at once; that is one write to an
// eventfd.
#ifndef CHAYAN_GATEWAY_RPC_MAILBOX_H_
#define CHAYAN_GATEWAY_RPC_MAILBOX_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace chayan::rpc {

class Exchange;
struct Front;

// What a call ends with: the trailers.
struct Ending {
  int code = 0;  // of gRPC
  std::string message{};
  std::string details{};  // serialized google.rpc.Status, or empty
  std::string receipt{};  // serialized Receipt, or empty
};

struct Mail {
  enum class Kind { kReply, kEnd, kRefused, kWrite, kWork };
  Kind kind = Kind::kWork;
  std::shared_ptr<Exchange> to{};  // null for work of the worker itself
  std::shared_ptr<const std::string> message{};
  std::unique_ptr<Ending> ending{};
  absl::AnyInvocable<void()> work{};
};

// Thread-safe. Outlives its worker as long as a call holds it; what comes then is dropped.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(std::shared_ptr<Front> front);
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void Post(Mail mail);
  // The worker itself has posted and must look before it sleeps: for that it is not woken. On the
  // worker.
  bool has_own_mail() const { return has_own_mail_; }
  // Swaps out what has come.
  void Take(std::vector<Mail>& mails);
  void Close();

  // The calling thread becomes the worker.
  void BindToThisThread();
  bool IsThisThread() const;

  // Becomes readable, edge-triggered, when there is mail. Never read.
  int wake_fd() const { return wake_fd_; }
  Front& front() const { return *front_; }

 private:
  const std::shared_ptr<Front> front_;
  friend class Cork;
  void Wake();

  const int wake_fd_;
  bool has_own_mail_ = false;  // the worker's own
  absl::Mutex mu_;
  std::vector<Mail> mails_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_MAILBOX_H_
