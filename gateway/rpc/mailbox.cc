#include "gateway/rpc/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "gateway/base/check.h"
#include "gateway/rpc/cork.h"

namespace chayan::rpc {
namespace {

thread_local const Mailbox* current = nullptr;
thread_local Cork* corked = nullptr;

}  // namespace

Mailbox::Mailbox(std::shared_ptr<Front> front)
    : front_(std::move(front)), wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  CHAYAN_CHECK(wake_fd_ >= 0);
}

Mailbox::~Mailbox() { close(wake_fd_); }

void Mailbox::Post(Mail mail) {
  bool first;
  {
    const absl::MutexLock lock(&mu_);
    if (closed_) return;
    first = mails_.empty();
    mails_.push_back(std::move(mail));
  }
  if (IsThisThread()) {
    has_own_mail_ = true;
  } else if (first && corked == nullptr) {
    Wake();
  } else if (first) {
    std::vector<std::shared_ptr<Mailbox>>& waiting = corked->waiting_;
    if (std::find(waiting.begin(), waiting.end(), shared_from_this()) == waiting.end()) {
      waiting.push_back(shared_from_this());
    }
  }
}

void Mailbox::Wake() {
  const uint64_t one = 1;
  CHAYAN_CHECK(write(wake_fd_, &one, sizeof(one)) == sizeof(one));
}

Cork::Cork() {
  CHAYAN_CHECK(corked == nullptr);
  corked = this;
}

Cork::~Cork() {
  corked = nullptr;
  for (const std::shared_ptr<Mailbox>& mailbox : waiting_) mailbox->Wake();
}

void Mailbox::Take(std::vector<Mail>& mails) {
  mails.clear();
  has_own_mail_ = false;
  const absl::MutexLock lock(&mu_);
  mails.swap(mails_);
}

void Mailbox::Close() {
  // Destroyed without the lock: what a mail holds may run code of a handler.
  std::vector<Mail> dropped;
  {
    const absl::MutexLock lock(&mu_);
    closed_ = true;
    dropped.swap(mails_);
  }
}

void Mailbox::BindToThisThread() { current = this; }

bool Mailbox::IsThisThread() const { return current == this; }

}  // namespace chayan::rpc
