#include "gateway/rpc/server.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/base/socket_address.h"
#include "gateway/base/status_macros.h"
#include "gateway/rpc/front.h"
#include "gateway/rpc/health.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/reflection.h"
#include "gateway/rpc/worker.h"

namespace chayan::rpc {
namespace {

// Connections that wait to be accepted; a restart brings all clients back at once.
constexpr int kListenBacklog = 1024;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

absl::Status SystemError(absl::string_view what, const std::string& address) {
  return absl::UnavailableError(absl::StrCat(what, " ", address, ": ", std::strerror(errno)));
}

absl::StatusOr<Socket> ListenOn(const std::string& address) {
  CHAYAN_ASSIGN_OR_RETURN(const SocketAddress parsed, ParseSocketAddress(address));
  Socket socket(::socket(parsed.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return SystemError("socket for", address);
  const int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(socket.fd(), parsed.raw(), parsed.size) != 0 ||
      listen(socket.fd(), kListenBacklog) != 0) {
    return SystemError("listen on", address);
  }
  return socket;
}

std::string BoundAddress(const Socket& socket, const std::string& asked) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  CHAYAN_CHECK(getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&storage), &size) == 0);
  const uint16_t port =
      ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                                          : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  return absl::StrCat(asked.substr(0, asked.rfind(':')), ":", port);
}

// "/chayan.v1.VerificationService/VerifyDocument" → service and method.
std::pair<std::string, std::string> SplitPath(const std::string& path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  CHAYAN_CHECK(parts.size() == 3 && parts[0].empty());
  return {parts[1], parts[2]};
}

// Room for every connection the bounds allow; the usual soft limit of 1024 is below them.
void RaiseDescriptorLimit() {
  // Files, stores and links beside the connections.
  constexpr rlim_t kOthers = 512;
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, kConnectionsMax + kOthers);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    diag::Warning("rpc.descriptors", {{"why", std::strerror(errno)}});
  }
}

class ServerImpl final : public Server {
 public:
  ServerImpl(std::shared_ptr<Front> front, Socket listener)
      : front_(std::move(front)),
        listener_(std::move(listener)),
        address_(BoundAddress(listener_, front_->options.address)) {}
  ~ServerImpl() override { Stop(); }

  void HandleUnary(std::string method, UnaryHandler handler, size_t message_bytes_max) override {
    Add(std::move(method), {.message_bytes_max = message_bytes_max, .unary = std::move(handler)});
  }
  void HandleStream(std::string method, StreamHandler handler) override {
    Add(std::move(method), {.stream = std::move(handler)});
  }
  absl::Status Start() override;
  std::string address() const override { return address_; }
  ServerStatus Status() const override;
  void SetServing(bool serving) override { health_->SetServing(serving); }
  void Drain(absl::Duration grace) override;

 private:
  void Add(std::string path, Method method);
  void AddBuiltIns();
  void WatchFiles();
  void Stop();

  const std::shared_ptr<Front> front_;
  const Socket listener_;
  const std::string address_;
  const std::shared_ptr<Health> health_ = std::make_shared<Health>();
  const std::shared_ptr<ServiceNames> services_ = std::make_shared<ServiceNames>();
  std::vector<std::unique_ptr<Worker>> workers_;
  size_t next_worker_ = 0;  // worker 0's: who gets the next connection
  absl::Notification stopping_;
  std::thread watcher_;
  bool started_ = false;
  bool stopped_ = false;
};

void ServerImpl::Add(std::string path, Method method) {
  CHAYAN_CHECK(!started_);
  auto [service, name] = SplitPath(path);
  services_->insert(service);
  health_->AddService(std::move(service));
  method.path = path;
  method.name = std::move(name);
  CHAYAN_CHECK(front_->methods.emplace(std::move(path), std::move(method)).second);
}

void ServerImpl::AddBuiltIns() {
  Add("/grpc.health.v1.Health/Check",
      {.unary = [health = health_](std::shared_ptr<UnaryCall> call) { health->Check(call); }});
  Add("/grpc.health.v1.Health/Watch",
      {.stream = [health = health_](std::shared_ptr<StreamCall> call) {
        return Health::Watch(health, std::move(call));
      }});
  const auto reflect = [this](auto answer) {
    return [services = std::shared_ptr<const ServiceNames>(services_),
            answer](std::shared_ptr<StreamCall> call) { return answer(services, std::move(call)); };
  };
  Add("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", {.stream = reflect(ReflectV1)});
  Add("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      {.stream = reflect(ReflectV1Alpha)});
}

absl::Status ServerImpl::Start() {
  CHAYAN_CHECK(!started_);
  AddBuiltIns();
  RaiseDescriptorLimit();
  started_ = true;
  for (int i = 0; i < std::max(1, front_->options.workers); ++i) {
    workers_.push_back(std::make_unique<Worker>(front_, i));
  }
  for (const auto& worker : workers_) worker->Start();
  Worker& acceptor = *workers_.front();
  acceptor.Post([this, &acceptor] {
    acceptor.Listen(listener_.fd(), [this, &acceptor](int socket) {
      Worker& worker = *workers_[next_worker_++ % workers_.size()];
      if (&worker == &acceptor) return worker.Adopt(socket);
      worker.Post([&worker, socket] { worker.Adopt(socket); });
    });
  });
  watcher_ = std::thread([this] { WatchFiles(); });
  return absl::OkStatus();
}

void ServerImpl::WatchFiles() {
  while (!stopping_.WaitForNotificationWithTimeout(kFilePollInterval)) {
    // After the first reading failures are alarms, not errors.
    for (const absl::Status& status :
         {front_->tls.Refresh(),
          front_->trust.Refresh(front_->tls.roots(), front_->options.registry())}) {
      if (!status.ok()) diag::Error("rpc.files", {{"why", std::string(status.message())}});
    }
  }
}

ServerStatus ServerImpl::Status() const {
  ServerStatus status{.connections = front_->connections->load(),
                      .calls_in_flight = front_->calls->load(),
                      .handshakes_failed = front_->handshakes_failed.load(),
                      .alarms = front_->trust.Alarms(),
                      .certificate_not_after = front_->tls.certificate_not_after(),
                      .revocation_lists = front_->trust.RevocationLists()};
  for (const auto* series : front_->shed.series()) {
    status.shed_by_reason.emplace_back(series->values[0], series->instrument.value());
    status.calls_shed += series->instrument.value();
  }
  for (std::string& alarm : front_->tls.Alarms()) status.alarms.push_back(std::move(alarm));
  std::sort(status.alarms.begin(), status.alarms.end());
  return status;
}

void ServerImpl::Drain(absl::Duration grace) {
  if (!started_ || stopped_) return;
  // From now on connecting is refused, not left waiting.
  shutdown(listener_.fd(), SHUT_RDWR);
  // Shared with the workers, which may come to it after the grace is over.
  auto left = std::make_shared<absl::Notification>();
  auto waiting = std::make_shared<std::atomic<size_t>>(workers_.size());
  for (const auto& worker : workers_) {
    worker->Post([&worker = *worker, left, waiting] {
      worker.BeginDrain([left, waiting] {
        if (waiting->fetch_sub(1) == 1) left->Notify();
      });
    });
  }
  if (!left->WaitForNotificationWithTimeout(grace)) {
    diag::Info("rpc.drain_grace_over", {{"calls", front_->calls->load()}});
  }
  Stop();
}

void ServerImpl::Stop() {
  if (!started_ || std::exchange(stopped_, true)) return;
  stopping_.Notify();
  watcher_.join();
  // The acceptor first: it posts to the others.
  for (const auto& worker : workers_) worker->Stop();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(Options options, Clock& clock) {
  auto front = std::make_shared<Front>(std::move(options), clock);
  CHAYAN_RETURN_IF_ERROR(front->tls.Refresh());
  CHAYAN_RETURN_IF_ERROR(front->trust.Refresh(front->tls.roots(), front->options.registry()));
  CHAYAN_ASSIGN_OR_RETURN(Socket listener, ListenOn(front->options.address));
  return std::make_unique<ServerImpl>(std::move(front), std::move(listener));
}

}  // namespace chayan::rpc
