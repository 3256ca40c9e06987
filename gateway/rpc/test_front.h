// A front for tests alone: a PKI and a registry in a folder of its own, a server with handlers that
// echo, hold and fail, and what a client needs to call it.
//
// Methods (named as the roles know them): VerifyDocument echoes; ListDocumentKinds holds the call;
// GetDocumentKind answers from another thread; ApplyRegistry takes large messages and answers their
// size; VerifyDocuments is a stream that echoes each
// message.
#ifndef CHAYAN_GATEWAY_RPC_TEST_FRONT_H_
#define CHAYAN_GATEWAY_RPC_TEST_FRONT_H_

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/file.h"
#include "gateway/crypto/test_pki.h"
#include "gateway/registry/snapshot.h"
#include "gateway/rpc/server.h"

namespace chayan::rpc {

inline constexpr char kEcho[] = "/chayan.v1.VerificationService/VerifyDocument";
inline constexpr char kHold[] = "/chayan.v1.VerificationService/ListDocumentKinds";
inline constexpr char kElsewhere[] = "/chayan.v1.VerificationService/GetDocumentKind";
inline constexpr char kStream[] = "/chayan.v1.VerificationService/VerifyDocuments";
inline constexpr char kLarge[] = "/chayan.v1.OperatorService/ApplyRegistry";
inline constexpr size_t kLargeBytesMax = 5 << 20;
inline constexpr char kOperatorOnly[] = "/chayan.v1.OperatorService/GetStatus";

// The longest a test waits for what must come; far above what it takes.
inline constexpr absl::Duration kPatience = absl::Seconds(20);

// The machine's clocks, moved ahead or stopped on demand.
class ShiftedClock final : public Clock {
 public:
  absl::Time Now() const override { return real_.Now() + Shift(); }
  absl::Duration Elapsed() const override {
    ++readings_;
    const int64_t stopped_ns = stopped_ns_;
    return (stopped_ns != 0 ? absl::Nanoseconds(stopped_ns) : real_.Elapsed()) + Shift();
  }
  // How often anybody looked at it; a worker looks a few times in each turn of its loop.
  uint64_t readings() const { return readings_; }
  void Advance(absl::Duration step) { shift_ns_ += absl::ToInt64Nanoseconds(step); }
  // Nothing takes time any more; Now() goes on.
  void StopElapsed() { stopped_ns_ = absl::ToInt64Nanoseconds(real_.Elapsed()); }

 private:
  absl::Duration Shift() const { return absl::Nanoseconds(shift_ns_.load()); }
  SystemClock real_;
  std::atomic<int64_t> shift_ns_{0};
  std::atomic<int64_t> stopped_ns_{0};
  mutable std::atomic<uint64_t> readings_{0};
};

// Waits until `condition` holds; false when patience ends.
inline bool Eventually(const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > end) return false;
    std::this_thread::yield();
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

class TestFront {
 public:
  struct Setup {
    int workers = 1;
    uint32_t requests_per_second = 100000;
    uint32_t in_flight_max = 0;
    bool record = true;
  };
  explicit TestFront(const Setup& setup);
  TestFront() : TestFront(Setup{}) {}
  ~TestFront();
  TestFront(const TestFront&) = delete;
  TestFront& operator=(const TestFront&) = delete;

  // A caller's certificate by the members' authority.
  crypto::TestParty NewCaller(const std::string& uri, uint64_t serial) const {
    return crypto::NewTestParty({.uris = {uri}, .serial = serial}, &authority);
  }
  std::string Path(const std::string& name) const { return directory_ / name; }
  void Write(const std::string& name, const std::string& content) const {
    CHAYAN_CHECK(WriteFile(Path(name), content).ok());
  }
  // Puts a registry in force with `members` appended.
  void SetRegistry(const std::string& members);
  std::string DefaultMembers() const;
  bool HasAlarm(const std::string& name) const;

  std::shared_ptr<const registry::Snapshot> snapshot() {
    const absl::MutexLock lock(&mu_);
    return snapshot_;
  }
  std::vector<std::string> recorded() {
    const absl::MutexLock lock(&mu_);
    return recorded_;
  }
  std::vector<std::shared_ptr<UnaryCall>> held() {
    const absl::MutexLock lock(&mu_);
    return held_;
  }
  // As a handler that forgets its calls.
  void ForgetHeld() {
    std::vector<std::shared_ptr<UnaryCall>> forgotten;
    const absl::MutexLock lock(&mu_);
    forgotten.swap(held_);
  }
  std::vector<std::shared_ptr<StreamCall>> streams() {
    const absl::MutexLock lock(&mu_);
    return streams_;
  }

  crypto::TestParty root = crypto::NewTestAuthority("Test Root");
  crypto::TestParty authority = crypto::NewTestAuthority("Members CA", &root, 2);
  crypto::TestParty stranger = crypto::NewTestAuthority("Other CA", &root, 3);
  crypto::TestParty gateway =
      crypto::NewTestParty({.other_names = "DNS:localhost,IP:127.0.0.1", .serial = 10}, &authority);
  crypto::TestParty desk = NewCaller("spiffe://test.example/hro-a/desk-1", 100);
  ShiftedClock clock;
  std::unique_ptr<Server> server;
  std::atomic<int> cancelled{0};
  std::atomic<int> ended{0};
  std::atomic<bool> log_broken{false};

 private:
  void AddHandlers();

  std::filesystem::path directory_;
  absl::Mutex mu_;
  std::shared_ptr<const registry::Snapshot> snapshot_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> recorded_ ABSL_GUARDED_BY(mu_);  // reason names
  std::vector<std::shared_ptr<UnaryCall>> held_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<StreamCall>> streams_ ABSL_GUARDED_BY(mu_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mu_);
  Setup setup_;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_TEST_FRONT_H_
