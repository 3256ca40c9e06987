#include "gateway/rpc/worker.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/rpc/limits.h"

namespace chayan::rpc {
namespace {

// Events of one turn; the rest come with the next.
constexpr int kEventsPerTurnMax = 128;

}  // namespace

Worker::Worker(std::shared_ptr<Front> front, int index)
    : front_(std::move(front)),
      index_(index),
      mailbox_(std::make_shared<Mailbox>(front_)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      read_buffer_(kRecordBytesMax, '\0') {
  CHAYAN_CHECK(epoll_ >= 0);
  // Never read, so edge-triggered: each first post of a burst is one edge.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  CHAYAN_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox_->wake_fd(), &event) == 0);
  // Two frames of the largest size may meet in it.
  write_buffer_.reserve(2 * kRecordBytesMax + 64);
}

Worker::~Worker() {
  Stop();
  close(epoll_);
}

void Worker::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), absl::StrCat("rpc", index_).c_str());
    mailbox_->BindToThisThread();
    Run();
  });
}

void Worker::Stop() {
  if (!thread_.joinable()) return;
  Post([this] { stopping_ = true; });
  thread_.join();
}

void Worker::Post(absl::AnyInvocable<void()> work) {
  mailbox_->Post({.kind = Mail::Kind::kWork, .work = std::move(work)});
}

void Worker::Run() {
  std::array<epoll_event, kEventsPerTurnMax> events;
  RefreshView();
  while (!stopping_) {
    const int count = epoll_wait(epoll_, events.data(), kEventsPerTurnMax, WaitMs());
    RefreshView();
    ReadUnread();
    for (int i = 0; i < count; ++i) {
      void* const target = events[i].data.ptr;
      if (target == nullptr) continue;
      if (target == this) {
        AcceptAll();
        continue;
      }
      // Connections are destroyed at the end of a turn only.
      auto& connection = *static_cast<Connection*>(target);
      if ((events[i].events & ~uint32_t{EPOLLOUT}) != 0 && !connection.closed()) {
        connection.OnReadable();
      }
      if ((events[i].events & EPOLLOUT) != 0 && !connection.closed()) connection.OnWritable();
    }
    TakeMail();
    RunDeadlines();
    if (view_.elapsed >= next_sweep_) Sweep();
    Settle();
    if (awaits_handshakes_ &&
        front_->handshakes->load(std::memory_order_relaxed) < kHandshakesInProgressMax)
      WatchListener(true);
  }
  mailbox_->Close();
  for (const auto& [connection, owned] : connections_) connection->Close();
  Settle();
}

int Worker::WaitMs() const {
  if (!unread_.empty() || mailbox_->has_own_mail()) return 0;
  if (connections_.empty() && (listener_ < 0 || accepts_)) return -1;
  absl::Duration until = next_sweep_;
  if (!deadlines_.empty()) {
    until = std::min(until, absl::Nanoseconds(deadlines_.begin()->first));
  }
  const double ms = absl::ToDoubleMilliseconds(until - front_->clock.Elapsed());
  return static_cast<int>(std::ceil(std::clamp(ms, 0.0, 1000.0)));
}

void Worker::RefreshView() {
  view_.now = front_->clock.Now();
  view_.elapsed = front_->clock.Elapsed();
  std::shared_ptr<const registry::Snapshot> snapshot = front_->options.registry();
  std::shared_ptr<const TrustLists> lists = front_->trust.Current();
  if (snapshot == view_.snapshot && lists == view_.lists) return;
  view_.snapshot = std::move(snapshot);
  view_.lists = std::move(lists);
  ++view_.epoch;
  next_sweep_ = view_.elapsed;
}

void Worker::Listen(int listener, absl::AnyInvocable<void(int)> hand_over) {
  listener_ = listener;
  hand_over_ = std::move(hand_over);
  WatchListener(true);
}

void Worker::WatchListener(bool watch) {
  awaits_handshakes_ = false;
  if (accepts_ == watch) return;
  accepts_ = watch;
  epoll_event event{.events = EPOLLIN, .data = {.ptr = this}};
  CHAYAN_CHECK(epoll_ctl(epoll_, watch ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener_, &event) == 0);
}

void Worker::StopListening() {
  if (listener_ < 0) return;
  WatchListener(false);
  listener_ = -1;
}

void Worker::AcceptAll() {
  for (int i = 0; i < kAcceptsPerTurnMax && listener_ >= 0; ++i) {
    if (!HasRoomForHandshake()) {
      // When a whole country connects anew, newcomers wait in the listener's queue.
      WatchListener(false);
      awaits_handshakes_ = true;
      return;
    }
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      // Out of descriptors or memory: the listener would stay ready and the loop would spin. The
      // next sweep tries again.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        diag::Error("rpc.accept", {{"why", std::strerror(errno)}});
        WatchListener(false);
      }
      return;
    }
    hand_over_(socket);
  }
}

void Worker::Adopt(int socket) {
  Slot connection_slot;
  Slot handshake_slot;
  // What was accepted while another worker's handshakes began goes a little over the bound.
  if (draining_ || !connection_slot.Take(front_->connections, kConnectionsMax) ||
      !handshake_slot.Take(front_->handshakes, kHandshakesInProgressMax + kAcceptsPerTurnMax)) {
    close(socket);
    return;
  }
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  absl::StatusOr<SslPtr> ssl = NewServerSsl(front_->tls.context().get(), socket, view_.now);
  if (!ssl.ok()) {
    diag::Warning("rpc.no_memory_for_connection");
    close(socket);
    return;
  }
  auto connection = std::make_unique<Connection>(
      *this, socket, *std::move(ssl), std::move(connection_slot), std::move(handshake_slot));
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.ptr = connection.get()}};
  CHAYAN_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0);
  connections_.emplace(connection.get(), std::move(connection));
}

bool Worker::HasRoomForHandshake() {
  if (front_->handshakes->load(std::memory_order_relaxed) < kHandshakesInProgressMax) return true;
  Connection* oldest = nullptr;
  for (const auto& [connection, owned] : connections_) {
    if (!connection->is_handshaking()) continue;
    if (oldest == nullptr || connection->opened() < oldest->opened()) oldest = connection;
  }
  if (oldest == nullptr || view_.elapsed - oldest->opened() < kHandshakeGrace) return false;
  oldest->Close();
  return true;
}

void Worker::BeginDrain(absl::AnyInvocable<void()> drained) {
  draining_ = true;
  drained_ = std::move(drained);
  StopListening();
  for (const auto& [connection, owned] : connections_) connection->BeginDrain();
}

void Worker::MarkDirty(Connection& connection) {
  if (connection.is_dirty) return;
  connection.is_dirty = true;
  dirty_.push_back(&connection);
}

void Worker::ReadOn(Connection& connection) {
  if (connection.is_unread) return;
  connection.is_unread = true;
  unread_.push_back(&connection);
}

void Worker::ReadUnread() {
  for (Connection* const connection : std::exchange(unread_, {})) {
    connection->is_unread = false;
    if (!connection->closed()) connection->OnReadable();
  }
}

void Worker::Watch(Connection& connection, bool writable) {
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.ptr = &connection}};
  if (writable) event.events |= EPOLLOUT;
  CHAYAN_CHECK(epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket(), &event) == 0);
}

void Worker::AddDeadline(int64_t deadline_ns, Exchange* exchange) {
  deadlines_.emplace(deadline_ns, exchange);
}

void Worker::RemoveDeadline(int64_t deadline_ns, Exchange* exchange) {
  deadlines_.erase({deadline_ns, exchange});
}

void Worker::ScheduleEnd(std::shared_ptr<Exchange> exchange) {
  ended_.push_back(std::move(exchange));
}

void Worker::TakeMail() {
  mailbox_->Take(mails_);
  for (Mail& mail : mails_) {
    if (mail.to == nullptr) {
      mail.work();
    } else {
      Exchange& exchange = *mail.to;
      exchange.Receive(std::move(mail));
    }
  }
  mails_.clear();
}

void Worker::RunDeadlines() {
  const int64_t now_ns = absl::ToInt64Nanoseconds(view_.elapsed);
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_ns) {
    Exchange* const exchange = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    exchange->deadline_ns = 0;
    exchange->DeadlinePassed();
  }
}

void Worker::Sweep() {
  next_sweep_ = view_.elapsed + kSweepInterval;
  if (listener_ >= 0) WatchListener(true);
  for (const auto& [connection, owned] : connections_) {
    if (!connection->closed()) connection->Sweep();
  }
}

// Sends, tells ended streams, destroys closed connections, until nothing is left to do.
void Worker::Settle() {
  std::vector<Connection*> closed;
  while (!dirty_.empty() || !ended_.empty()) {
    std::vector<Connection*> dirty = std::exchange(dirty_, {});
    for (Connection* const connection : dirty) {
      connection->is_dirty = false;
      connection->Flush();
      if (!connection->closed()) continue;
      connection->is_dirty = true;  // Nobody lists it again.
      closed.push_back(connection);
    }
    for (const auto& exchange : std::exchange(ended_, {})) exchange->RunEnd();
    if (!dirty_.empty()) continue;
    for (Connection* const connection : std::exchange(closed, {})) {
      // One that closed while it was flushed is listed twice.
      const auto it = connections_.find(connection);
      if (it == connections_.end()) continue;
      if (connection->is_unread) std::erase(unread_, connection);
      connections_.erase(it);
    }
  }
  if (drained_ && connections_.empty()) std::exchange(drained_, nullptr)();
}

}  // namespace chayan::rpc
