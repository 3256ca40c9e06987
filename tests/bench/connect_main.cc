// chayan-bench-connect: opens connections one after the other, several at a time: TCP, the whole
// mutual handshake of TLS 1.3, HTTP/2's first SETTINGS, and closes them again. Prints what that
// costs the watched processes as one JSON object. Exit codes: 0 all went well, 1 it could not run,
// 2 a connection failed.
#include <signal.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "tests/bench/latency.h"
#include "tests/bench/process_cost.h"
#include "tests/bench/tls_session.h"

namespace chayan::bench {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitWrong = 2;
// A connection that is not open after this long has failed.
constexpr int kWaitMsMax = 10'000;

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Options {
  std::string address;
  TlsFiles tls;
  int at_once = 8;
  double seconds = 3;
  std::vector<pid_t> watched;
};

struct Result {
  Latencies latencies;
  uint64_t opened = 0;
  uint64_t failed = 0;
  std::string first_failure;
  double seconds = 0;
  ProcessCost cost;
};

// One connection on its way: open when the peer's SETTINGS came.
struct Opening {
  int64_t start_ns = 0;
  bool settings_came = false;
  std::unique_ptr<TlsSession> tls;
};

Http2Session NewSession(Opening* opening) {
  nghttp2_session_callbacks* callbacks = nullptr;
  CHAYAN_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
        if (frame->hd.type == NGHTTP2_SETTINGS) {
          static_cast<Opening*>(user_data)->settings_came = true;
        }
        return 0;
      });
  nghttp2_session* session = nullptr;
  CHAYAN_CHECK(nghttp2_session_client_new(&session, callbacks, opening) == 0);
  nghttp2_session_callbacks_del(callbacks);
  CHAYAN_CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0) == 0);
  return Http2Session(session);
}

class Connecting {
 public:
  Connecting(const Options& options, SslContext context)
      : options_(options), context_(std::move(context)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~Connecting() { close(epoll_); }

  absl::StatusOr<Result> Run() {
    openings_.resize(static_cast<size_t>(options_.at_once));
    CHAYAN_ASSIGN_OR_RETURN(const ProcessCost before, CostOf(options_.watched));
    const int64_t start = NowNs();
    for (size_t i = 0; i < openings_.size(); ++i) CHAYAN_RETURN_IF_ERROR(Open(i));
    while (static_cast<double>(NowNs() - start) < options_.seconds * 1e9) {
      CHAYAN_RETURN_IF_ERROR(Turn());
    }
    result_.seconds = static_cast<double>(NowNs() - start) / 1e9;
    CHAYAN_ASSIGN_OR_RETURN(result_.cost, CostOf(options_.watched));
    result_.cost.cpu_us -= before.cpu_us;
    return std::move(result_);
  }

 private:
  absl::Status Open(size_t index) {
    Opening& opening = openings_[index];
    CHAYAN_ASSIGN_OR_RETURN(const int socket, Connect(options_.address));
    opening.start_ns = NowNs();
    opening.settings_came = false;
    opening.tls = std::make_unique<TlsSession>(context_.get(), socket, /*is_server=*/false,
                                               NewSession(&opening));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = index;
    CHAYAN_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0);
    return absl::OkStatus();
  }

  absl::Status Turn() {
    epoll_event events[64];
    const int count = epoll_wait(epoll_, events, 64, kWaitMsMax);
    if (count == 0) return absl::DeadlineExceededError("no connection opens any more");
    for (int i = 0; i < count; ++i) {
      const size_t index = events[i].data.u64;
      Opening& opening = openings_[index];
      absl::Status status = opening.tls->Advance();
      if (status.ok()) status = opening.tls->Flush();
      if (status.ok() && !opening.settings_came) continue;
      if (status.ok()) {
        ++result_.opened;
        result_.latencies.Add(static_cast<uint64_t>(NowNs() - opening.start_ns));
      } else {
        if (result_.failed++ == 0) result_.first_failure = std::string(status.message());
      }
      CHAYAN_RETURN_IF_ERROR(Open(index));
    }
    return absl::OkStatus();
  }

  const Options& options_;
  const SslContext context_;
  const int epoll_;
  std::vector<Opening> openings_;
  Result result_;
};

int Run(const Options& options) {
  absl::StatusOr<SslContext> context = NewClientContext(options.tls);
  absl::StatusOr<Result> result = context.ok() ? Connecting(options, *std::move(context)).Run()
                                               : absl::StatusOr<Result>(context.status());
  if (!result.ok()) {
    std::cerr << "chayan-bench-connect: " << result.status().message() << std::endl;
    return kExitFailed;
  }
  const auto us = [&](double share) {
    return static_cast<double>(result->latencies.Percentile(share)) / 1000;
  };
  const double opened = static_cast<double>(result->opened);
  std::cout << absl::StrFormat(
                   R"({"opened":%d,"failed":%d,"per_second":%.1f,"cpu_us":%.1f,"p50_us":%.1f,)"
                   R"("p99_us":%.1f,"rss_kib":%d})",
                   result->opened, result->failed, opened / result->seconds,
                   opened == 0 ? 0 : static_cast<double>(result->cost.cpu_us) / opened, us(0.5),
                   us(0.99), result->cost.rss_kib)
            << std::endl;
  if (result->failed == 0) return 0;
  std::cerr << "chayan-bench-connect: " << result->first_failure << std::endl;
  return kExitWrong;
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  chayan::bench::Options options;
  CLI::App app("Opens and closes connections and prints what that costs, as JSON.",
               "chayan-bench-connect");
  app.add_option("--gateway", options.address, "Whom to call: 127.0.0.1:PORT")->required();
  app.add_option("--ca", options.tls.roots, "Roots, PEM")->required();
  app.add_option("--cert", options.tls.certificate, "Certificate, then intermediates, PEM")
      ->required();
  app.add_option("--key", options.tls.key, "Its key, PEM")->required();
  app.add_option("--at-once", options.at_once, "Connections on their way")
      ->check(CLI::Range(1, 256));
  app.add_option("--seconds", options.seconds, "Seconds to measure");
  app.add_option("--watch", options.watched, "Processes whose CPU and memory are measured")
      ->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  signal(SIGPIPE, SIG_IGN);
  return chayan::bench::Run(options);
}
