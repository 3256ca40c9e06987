// For tests alone: a world of witnesses that answer as they are told, and lanes that run when they
// are told.
#ifndef CHAYAN_GATEWAY_LOG_ANCHOR_FAKES_H_
#define CHAYAN_GATEWAY_LOG_ANCHOR_FAKES_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/log/anchor_transport.h"
#include "gateway/log/lanes.h"
#include "gateway/tlog/note_key.h"
#include "gateway/witness/witness.h"

namespace chayan::log {

// Requests are answered by whoever has the longest beginning of their URL; where nobody has one, no
// connection comes about.
class FakeWorld final : public AnchorTransport {
 public:
  using Handler = std::function<absl::StatusOr<AnchorAnswer>(const AnchorRequest&)>;

  void Answer(const std::string& url, Handler handler) {
    absl::MutexLock lock(&mu_);
    handlers_[url] = std::move(handler);
  }
  void Silence(const std::string& url) {
    absl::MutexLock lock(&mu_);
    handlers_.erase(url);
  }
  // "POST http://one/add-checkpoint", in their order.
  std::vector<std::string> requests() const {
    absl::MutexLock lock(&mu_);
    return requests_;
  }

  absl::StatusOr<AnchorAnswer> Fetch(const AnchorRequest& request) override {
    Handler handler;
    {
      absl::MutexLock lock(&mu_);
      requests_.push_back(
          absl::StrCat(request.content_type.empty() ? "GET " : "POST ", request.url));
      for (const auto& [url, each] : handlers_) {
        if (absl::StartsWith(request.url, url)) handler = each;
      }
    }
    if (!handler) return absl::UnavailableError("connection refused");
    return handler(request);
  }

 private:
  mutable absl::Mutex mu_;
  std::map<std::string, Handler> handlers_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
};

// A real witness behind a URL.
inline FakeWorld::Handler HandlerOf(witness::Witness& witness, const std::string& url) {
  return [&witness, url](const AnchorRequest& request) -> absl::StatusOr<AnchorAnswer> {
    const std::string path = request.url.substr(url.size());
    const witness::Answer answer =
        path == "/add-checkpoint" ? witness.AddCheckpoint(request.body) : witness.Monitor(path);
    return AnchorAnswer{answer.status, answer.content_type, answer.body};
  };
}

// Keeps what is sent until RunAll; polices that a lane has one task at a time.
class HeldLanes final : public Lanes {
 public:
  void Run(const std::string& lane, absl::AnyInvocable<void()> task) override {
    CHAYAN_CHECK(held_.emplace(lane, std::move(task)).second);
  }
  // How many there were.
  size_t RunAll() {
    std::map<std::string, absl::AnyInvocable<void()>> tasks;
    tasks.swap(held_);
    for (auto& [lane, task] : tasks) task();
    return tasks.size();
  }

 private:
  std::map<std::string, absl::AnyInvocable<void()>> held_;
};

inline tlog::NoteSigner WitnessSigner(const std::string& name, uint64_t seed) {
  SeededRandom random(seed);
  return tlog::NoteSigner(
      name, tlog::KeyType::kCosignatureV1,
      std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::Generate(random)));
}

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_ANCHOR_FAKES_H_
