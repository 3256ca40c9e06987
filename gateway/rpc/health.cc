#include "gateway/rpc/health.h"

#include <optional>
#include <utility>

namespace chayan::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

std::string Message(HealthCheckResponse::ServingStatus status) {
  HealthCheckResponse response;
  response.set_status(status);
  return response.SerializeAsString();
}

std::string Message(bool serving) {
  return Message(serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING);
}

policy::Refusal Malformed() {
  return {.reason = v1::ERROR_REASON_MESSAGE_MALFORMED,
          .message = "The message is not a HealthCheckRequest."};
}

}  // namespace

bool Health::Knows(const std::string& service) const {
  return service.empty() || services_.contains(service);
}

void Health::SetServing(bool serving) {
  const absl::MutexLock lock(&mu_);
  if (serving == serving_) return;
  serving_ = serving;
  // Write only queues: no lock is taken under this one.
  for (const auto& [key, call] : watchers_) call->Write(Message(serving));
}

void Health::Check(const std::shared_ptr<UnaryCall>& call) {
  HealthCheckRequest request;
  if (!request.ParseFromArray(call->request().data(), static_cast<int>(call->request().size()))) {
    return call->Fail(Malformed());
  }
  if (!Knows(request.service())) {
    return call->Fail(
        {.reason = v1::ERROR_REASON_ENTRY_NOT_FOUND, .message = "The server has no such service."});
  }
  bool serving;
  {
    const absl::MutexLock lock(&mu_);
    serving = serving_;
  }
  call->Reply(Message(serving));
}

StreamEvents Health::Watch(std::shared_ptr<Health> self, std::shared_ptr<StreamCall> call) {
  StreamCall* const key = call.get();
  StreamEvents events;
  // The one request comes as the first message; the call is held until then by this callback.
  events.on_message = [self, call = std::move(call)](absl::string_view message) mutable {
    if (call == nullptr) return;
    const std::shared_ptr<StreamCall> watcher = std::move(call);
    call = nullptr;
    HealthCheckRequest request;
    if (!request.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
      return watcher->Finish(Malformed());
    }
    if (!self->Knows(request.service())) {
      return watcher->Write(Message(HealthCheckResponse::SERVICE_UNKNOWN));
    }
    const absl::MutexLock lock(&self->mu_);
    self->watchers_.emplace(watcher.get(), watcher);
    watcher->Write(Message(self->serving_));
  };
  events.on_end = [self = std::move(self), key] {
    std::shared_ptr<StreamCall> ended;
    const absl::MutexLock lock(&self->mu_);
    if (const auto found = self->watchers_.find(key); found != self->watchers_.end()) {
      ended = std::move(found->second);
      self->watchers_.erase(found);
    }
  };
  return events;
}

}  // namespace chayan::rpc
