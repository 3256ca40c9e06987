#include "gateway/store/cutting_proxy.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"

namespace chayan::store {
namespace {

// How soon a thread sees that it is to stop.
constexpr int kLookMs = 20;
// The largest message that libpq flushes at once is far below.
constexpr size_t kReadBytes = 1 << 20;
// Ends every answer of the server: ReadyForQuery, its length, then one byte of state.
constexpr absl::string_view kReady("Z\0\0\0\5", 5);

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  bool Write(absl::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // Empty at the end.
  std::string Read() const {
    std::string bytes(kReadBytes, '\0');
    const ssize_t got = read(fd_, bytes.data(), bytes.size());
    bytes.resize(got <= 0 ? 0 : static_cast<size_t>(got));
    return bytes;
  }

 private:
  const int fd_;
};

bool EndsAnAnswer(const std::string& bytes) {
  return bytes.size() > kReady.size() &&
         absl::string_view(bytes).substr(bytes.size() - kReady.size() - 1, kReady.size()) == kReady;
}

}  // namespace

CuttingProxy::CuttingProxy(std::string host, int server_port)
    : host_(std::move(host)), server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  CHAYAN_CHECK(bind(listener_, plain, length) == 0 && listen(listener_, SOMAXCONN) == 0);
  CHAYAN_CHECK(getsockname(listener_, plain, &length) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& session : sessions_) session.join();
  close(listener_);
}

void CuttingProxy::SetPlan(ProxyPlan plan) {
  absl::MutexLock lock(&mu_);
  plan_ = std::move(plan);
  steps_ = 0;
}

void CuttingProxy::CutOnceAt(absl::string_view text, ProxyAction action) {
  SetPlan([text = std::string(text), action, done = false](const ProxyStep& step) mutable {
    if (done || !absl::StrContains(step.bytes, text)) return ProxyAction::kPass;
    done = true;
    return action;
  });
}

ProxyAction CuttingProxy::Decide(absl::string_view bytes) {
  absl::MutexLock lock(&mu_);
  return plan_ ? plan_({.number = ++steps_, .bytes = bytes}) : ProxyAction::kPass;
}

void CuttingProxy::Accept() {
  while (!stopping_) {
    pollfd ready = {.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kLookMs) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) sessions_.emplace_back([this, client] { Serve(client); });
  }
}

int CuttingProxy::Connect() const {
  if (absl::StartsWith(host_, "/")) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = absl::StrCat(host_, "/.s.PGSQL.", server_port_);
    CHAYAN_CHECK(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    return server;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  CHAYAN_CHECK(getaddrinfo(host_.c_str(), absl::StrCat(server_port_).c_str(), &hints, &found) == 0);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int server = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(server, each->ai_addr, each->ai_addrlen) == 0) return server;
    close(server);
  }
  return -1;
}

void CuttingProxy::Serve(int client_fd) {
  const Socket client(client_fd);
  const Socket server(Connect());
  bool cut_after_reply = false;
  while (!stopping_) {
    pollfd ready[] = {{.fd = client.fd(), .events = POLLIN, .revents = 0},
                      {.fd = server.fd(), .events = POLLIN, .revents = 0}};
    if (poll(ready, 2, kLookMs) <= 0) continue;
    if (ready[1].revents != 0) {
      const std::string bytes = server.Read();
      if (bytes.empty() || (cut_after_reply && EndsAnAnswer(bytes))) return;
      if (!cut_after_reply && !client.Write(bytes)) return;
    }
    if (ready[0].revents != 0) {
      const std::string bytes = client.Read();
      if (bytes.empty()) return;
      switch (Decide(bytes)) {
        case ProxyAction::kPass:
          break;
        case ProxyAction::kCutBefore:
          return;
        case ProxyAction::kCutAfterReply:
          cut_after_reply = true;
          break;
        case ProxyAction::kHold:
          while (!stopping_ && !held_cut_) poll(nullptr, 0, kLookMs);
          return;
      }
      if (!server.Write(bytes)) return;
    }
  }
}

}  // namespace chayan::store
