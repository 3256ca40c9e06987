// One thread with its connections. A turn of its loop: wait, read what came, take the mail,
// deadlines, now and then the sweep, then send what all of that produced.
#ifndef CHAYAN_GATEWAY_RPC_WORKER_H_
#define CHAYAN_GATEWAY_RPC_WORKER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "gateway/rpc/connection.h"
#include "gateway/rpc/front.h"
#include "gateway/rpc/mailbox.h"

namespace chayan::rpc {

class Worker {
 public:
  Worker(std::shared_ptr<Front> front, int index);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // From any thread.
  void Start();
  // Ends the thread; all its connections are closed and their calls told.
  void Stop();
  // Runs on the worker. Dropped once it has stopped.
  void Post(absl::AnyInvocable<void()> work);

  // On the worker's thread.
  // Accepts from `listener`, which stays the caller's, and hands sockets to `hand_over`.
  void Listen(int listener, absl::AnyInvocable<void(int)> hand_over);
  void StopListening();
  // Takes the socket.
  void Adopt(int socket);
  // Says GOAWAY; `drained` runs when no connection is left.
  void BeginDrain(absl::AnyInvocable<void()> drained);

  // For its connections.
  Front& front() { return *front_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  const View& view() const { return view_; }
  void MarkDirty(Connection& connection);
  // The connection has more to read: it goes on in the next turn.
  void ReadOn(Connection& connection);
  void Watch(Connection& connection, bool writable);
  void AddDeadline(int64_t deadline_ns, Exchange* exchange);
  void RemoveDeadline(int64_t deadline_ns, Exchange* exchange);
  void ScheduleEnd(std::shared_ptr<Exchange> exchange);
  // Memory for one turn's reading and writing.
  std::string& read_buffer() { return read_buffer_; }
  std::string& write_buffer() { return write_buffer_; }

 private:
  void Run();
  int WaitMs() const;
  void RefreshView();
  void AcceptAll();
  void WatchListener(bool watch);
  void ReadUnread();
  void TakeMail();
  void RunDeadlines();
  void Sweep();
  void Settle();
  // Every place for a handshake may be taken. Whoever has been at it for longer than an honest
  // client needs then makes room; false while nobody has.
  bool HasRoomForHandshake();

  const std::shared_ptr<Front> front_;
  const int index_;
  const std::shared_ptr<Mailbox> mailbox_;
  const int epoll_;
  std::thread thread_;
  bool stopping_ = false;

  View view_;
  absl::Duration next_sweep_ = absl::ZeroDuration();
  int listener_ = -1;
  bool accepts_ = false;            // the listener is watched
  bool awaits_handshakes_ = false;  // it is not, until a handshake ends
  absl::AnyInvocable<void(int)> hand_over_;
  absl::flat_hash_map<Connection*, std::unique_ptr<Connection>> connections_;
  bool draining_ = false;
  absl::AnyInvocable<void()> drained_;
  absl::btree_set<std::pair<int64_t, Exchange*>> deadlines_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> unread_;
  std::vector<std::shared_ptr<Exchange>> ended_;
  std::vector<Mail> mails_;
  std::string read_buffer_;
  std::string write_buffer_;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_WORKER_H_
