// A TCP proxy before a PostgreSQL server, with faults: the connection is cut before what the client
// sent reaches the server ("lost"), or after the server has answered it and before the client hears
// of that ("kept but reported failed"), or nothing goes through any more. For tests alone.
#ifndef CHAYAN_GATEWAY_STORE_CUTTING_PROXY_H_
#define CHAYAN_GATEWAY_STORE_CUTTING_PROXY_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace chayan::store {

enum class ProxyAction { kPass, kCutBefore, kCutAfterReply, kHold };

// What the client sent at once, that is, between two answers.
struct ProxyStep {
  size_t number;  // from 1, since the plan was set
  absl::string_view bytes;
};
using ProxyPlan = std::function<ProxyAction(const ProxyStep&)>;

// Thread-safe.
class CuttingProxy {
 public:
  // To host:server_port; a host of the form "/folder" is that of a socket.
  CuttingProxy(std::string host, int server_port);
  // Cuts what is open.
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  int port() const { return port_; }
  // An empty plan passes everything.
  void SetPlan(ProxyPlan plan);
  // Cuts what is held.
  void CutHeld() { held_cut_ = true; }
  // Cuts the connection at the first step whose bytes contain `text`, and passes all others.
  void CutOnceAt(absl::string_view text, ProxyAction action);

 private:
  void Accept();
  void Serve(int client);
  int Connect() const;
  ProxyAction Decide(absl::string_view bytes);

  const std::string host_;
  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false, held_cut_ = false;

  absl::Mutex mu_;
  ProxyPlan plan_ ABSL_GUARDED_BY(mu_);
  size_t steps_ ABSL_GUARDED_BY(mu_) = 0;

  std::vector<std::thread> sessions_;  // the accepting thread's, until it ended
  std::thread acceptor_;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_CUTTING_PROXY_H_
