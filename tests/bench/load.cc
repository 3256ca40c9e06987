#include "tests/bench/load.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "tests/bench/client_connection.h"

namespace chayan::bench {
namespace {

// How long the start waits for all connections, and the end for answers in flight.
constexpr int64_t kConnectNsMax = 20'000'000'000;
constexpr int64_t kDrainNsMax = 30'000'000'000;
// Before a lost connection is made again: short, so that a restart is measured and not this pause.
constexpr int64_t kReconnectNs = 10'000'000;
// The longest the loop sleeps: timers but the rate's are no finer.
constexpr int64_t kSleepNsMax = 10'000'000;
constexpr int kEventsMax = 256;

int64_t NowNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int64_t BootMs() { return NowNs(CLOCK_BOOTTIME) / 1'000'000; }

class Load final : public ClientConnection::Owner {
 public:
  Load(const LoadOptions& options, const Questions& questions, AnswerCheck& check,
       RecordFile* record, std::vector<SslContext> contexts)
      : options_(options),
        questions_(questions),
        check_(check),
        record_(record),
        contexts_(std::move(contexts)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~Load() {
    connections_.clear();
    close(epoll_);
  }

  absl::StatusOr<LoadResult> Run();

  // ClientConnection::Owner:
  void OnAnswer(Call& call, absl::string_view response) override;
  void OnError(Call& call, int code, absl::string_view details, absl::string_view receipt) override;
  void OnStray(absl::string_view) override { check_.Wrong("an answer to no question in flight"); }

 private:
  enum class Phase { kConnecting, kWarmUp, kMeasured, kDraining };

  // One place in the loop: a question in flight, or idle until its connection is up.
  struct Slot {
    Call call;
    size_t connection = 0;
    bool in_flight = false;
  };
  struct Place {
    std::unique_ptr<ClientConnection> connection;
    int64_t retry_ns = 0;      // When to connect again, while there is no connection.
    std::vector<size_t> idle;  // Slots that wait for it.
    bool watches_writes = false;
  };

  absl::Status Open(size_t index);
  void Lose(size_t index, absl::Status why);
  void Ready(size_t index);
  void Next(size_t slot);
  void Issue(size_t slot, int64_t start_ns);
  void IssueDue(int64_t now);
  void Settle(Call& call, bool pause);
  bool IsOver() const;
  absl::Status Step(int64_t now);
  absl::Status Turn();
  absl::Status BeginMeasuring();
  absl::Status EndMeasuring();

  const LoadOptions& options_;
  const Questions& questions_;
  AnswerCheck& check_;
  RecordFile* const record_;
  const std::vector<SslContext> contexts_;  // Of the clients.
  const int epoll_;

  std::vector<Place> connections_;
  std::vector<Slot> slots_;
  Phase phase_ = Phase::kConnecting;
  int64_t phase_end_ns_ = 0;
  int64_t measured_start_ns_ = 0;
  ProcessCost cost_at_start_;
  int64_t load_cpu_at_start_us_ = 0;
  int64_t due_ns_ = 0;       // When the next question is due, at a fixed rate.
  std::deque<size_t> free_;  // Slots that wait for one.
  std::deque<std::pair<int64_t, size_t>> paused_;  // Until when, which slot; in this order.
  uint64_t asked_ = 0;
  uint64_t open_ = 0;
  absl::Status last_loss_;
  LoadResult result_;
};

int64_t OwnCpuUs() { return NowNs(CLOCK_PROCESS_CPUTIME_ID) / 1000; }

absl::Status Load::Open(size_t index) {
  Place& place = connections_[index];
  CHAYAN_ASSIGN_OR_RETURN(const int socket, Connect(options_.address));
  place.connection = std::make_unique<ClientConnection>(
      contexts_[index % contexts_.size()].get(), socket, options_.address, options_.stream, *this);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.u64 = index;
  place.watches_writes = true;
  CHAYAN_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0);
  return absl::OkStatus();
}

// REQUIRES: not called from within a callback of this connection.
void Load::Lose(size_t index, absl::Status why) {
  last_loss_ = std::move(why);
  Place& place = connections_[index];
  const std::unique_ptr<ClientConnection> lost = std::move(place.connection);
  place.retry_ns = NowNs(CLOCK_MONOTONIC) + kReconnectNs;
  // Refused again and again while a server restarts: one loss.
  if (lost == nullptr || !lost->established()) return;
  ++result_.connections_lost;
  if (result_.outages.empty() || result_.outages.back().first_match_ms != 0) {
    result_.outages.push_back({BootMs(), 0, 0});
  }
  lost->FailAll();
}

void Load::Ready(size_t index) {
  if (phase_ == Phase::kConnecting) return;
  std::vector<size_t> idle;
  idle.swap(connections_[index].idle);
  for (const size_t slot : idle) Issue(slot, NowNs(CLOCK_MONOTONIC));
}

void Load::Issue(size_t index, int64_t start_ns) {
  Slot& slot = slots_[index];
  Place& place = connections_[slot.connection];
  if (place.connection == nullptr || !place.connection->established() ||
      place.connection->closing()) {
    place.idle.push_back(index);
    return;
  }
  slot.call.number = asked_++ * slots_.size() + index;
  slot.call.request_id = questions_.IdOf(slot.call.number);
  questions_.Make(slot.call.number, slot.call.request);
  slot.call.start_ns = start_ns;
  slot.in_flight = true;
  ++open_;
  place.connection->Ask(slot.call);
}

// With fewer slots than connections, each question goes out on another one.
void Load::Next(size_t index) {
  if (phase_ == Phase::kDraining) return;
  Slot& slot = slots_[index];
  if (slots_.size() < connections_.size()) {
    slot.connection = (slot.connection + slots_.size()) % connections_.size();
  }
  if (options_.rate > 0) return free_.push_back(index);
  Issue(index, NowNs(CLOCK_MONOTONIC));
}

void Load::IssueDue(int64_t now) {
  if (options_.rate <= 0) return;
  const auto step = static_cast<int64_t>(1e9 / options_.rate);
  for (; due_ns_ <= now && !free_.empty(); due_ns_ += step) {
    const size_t index = free_.front();
    free_.pop_front();
    Issue(index, due_ns_);
  }
}

void Load::Settle(Call& call, bool pause) {
  Slot& slot = slots_[call.number % slots_.size()];
  slot.in_flight = false;
  --open_;
  const size_t index = call.number % slots_.size();
  if (pause && options_.pause > absl::ZeroDuration()) {
    paused_.emplace_back(NowNs(CLOCK_MONOTONIC) + absl::ToInt64Nanoseconds(options_.pause), index);
  } else {
    Next(index);
  }
}

void Load::OnAnswer(Call& call, absl::string_view response) {
  const int64_t now = NowNs(CLOCK_MONOTONIC);
  const uint64_t matches_before = check_.findings().matches;
  const uint64_t errors_before = check_.findings().errors_count;
  check_.Response(call.request_id, call.request, response);
  if (record_ != nullptr) record_->Answer(call.request, response);
  if (check_.findings().errors_count == errors_before) {
    ++result_.answers_whole;
    if (phase_ == Phase::kMeasured) {
      ++result_.answers;
      result_.latencies.Add(static_cast<uint64_t>(now - call.start_ns));
    }
    if (!result_.outages.empty() && result_.outages.back().first_match_ms == 0) {
      Outage& outage = result_.outages.back();
      if (outage.first_answer_ms == 0) outage.first_answer_ms = BootMs();
      if (check_.findings().matches > matches_before) outage.first_match_ms = BootMs();
    }
  }
  Settle(call, check_.findings().matches == matches_before);
}

void Load::OnError(Call& call, int code, absl::string_view details, absl::string_view receipt) {
  check_.Error(code, details);
  if (record_ != nullptr && !receipt.empty()) record_->Error(call.request, details, receipt);
  Settle(call, /*pause=*/true);
}

absl::Status Load::BeginMeasuring() {
  phase_ = Phase::kMeasured;
  CHAYAN_ASSIGN_OR_RETURN(cost_at_start_, CostOf(options_.watched));
  load_cpu_at_start_us_ = OwnCpuUs();
  measured_start_ns_ = NowNs(CLOCK_MONOTONIC);
  phase_end_ns_ = measured_start_ns_ + absl::ToInt64Nanoseconds(options_.duration);
  return absl::OkStatus();
}

absl::Status Load::EndMeasuring() {
  const int64_t now = NowNs(CLOCK_MONOTONIC);
  result_.measured = absl::Nanoseconds(now - measured_start_ns_);
  result_.load_cpu_us = OwnCpuUs() - load_cpu_at_start_us_;
  CHAYAN_ASSIGN_OR_RETURN(result_.cost, CostOf(options_.watched));
  result_.cost.cpu_us -= cost_at_start_.cpu_us;
  phase_ = Phase::kDraining;
  phase_end_ns_ = now + kDrainNsMax;
  return absl::OkStatus();
}

bool Load::IsOver() const { return phase_ == Phase::kDraining && open_ == 0; }

// What time brings about.
absl::Status Load::Step(int64_t now) {
  while (!paused_.empty() && paused_.front().first <= now) {
    const size_t slot = paused_.front().second;
    paused_.pop_front();
    Next(slot);
  }
  if (phase_ == Phase::kWarmUp || phase_ == Phase::kMeasured) IssueDue(now);
  for (size_t i = 0; i < connections_.size(); ++i) {
    Place& place = connections_[i];
    if (place.connection == nullptr && now >= place.retry_ns && phase_ != Phase::kDraining) {
      if (const absl::Status status = Open(i); !status.ok()) Lose(i, status);
    }
  }
  switch (phase_) {
    case Phase::kConnecting:
      if (std::all_of(connections_.begin(), connections_.end(), [](const Place& place) {
            return place.connection != nullptr && place.connection->established();
          })) {
        phase_ = Phase::kWarmUp;
        phase_end_ns_ = now + absl::ToInt64Nanoseconds(options_.warm_up);
        due_ns_ = now;
        for (size_t i = 0; i < slots_.size(); ++i) Next(i);
      } else if (now >= phase_end_ns_) {
        return absl::UnavailableError(
            absl::StrCat("no connection to ", options_.address, ": ", last_loss_.message()));
      }
      return absl::OkStatus();
    case Phase::kWarmUp:
      return now < phase_end_ns_ ? absl::OkStatus() : BeginMeasuring();
    case Phase::kMeasured:
      if (options_.questions_max != 0 && result_.answers_whole >= options_.questions_max) {
        return EndMeasuring();
      }
      if (options_.stop != nullptr && *options_.stop) return EndMeasuring();
      return now < phase_end_ns_ ? absl::OkStatus() : EndMeasuring();
    case Phase::kDraining:
      if (now >= phase_end_ns_) {
        result_.unanswered = open_;
        open_ = 0;
      }
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// One round of the loop: takes what came, then sends what is to be sent, once a connection.
absl::Status Load::Turn() {
  int64_t sleep_ns = kSleepNsMax;
  if (!free_.empty()) sleep_ns = std::clamp<int64_t>(due_ns_ - NowNs(CLOCK_MONOTONIC), 0, sleep_ns);
  const timespec sleep{.tv_sec = 0, .tv_nsec = sleep_ns};
  epoll_event events[kEventsMax];
  const int count = epoll_pwait2(epoll_, events, kEventsMax, &sleep, /*ss=*/nullptr);
  for (int i = 0; i < count; ++i) {
    const size_t index = events[i].data.u64;
    ClientConnection* connection = connections_[index].connection.get();
    if (connection == nullptr) continue;
    const bool was_established = connection->established();
    if (const absl::Status status = connection->Advance(); !status.ok()) {
      Lose(index, status);
    } else if (!was_established && connection->established()) {
      Ready(index);
    }
  }
  for (size_t i = 0; i < connections_.size(); ++i) {
    Place& place = connections_[i];
    if (place.connection == nullptr) continue;
    if (place.connection->closing() && place.connection->idle()) {
      Lose(i, absl::UnavailableError("the server ends the connection"));
      continue;
    }
    if (const absl::Status status = place.connection->Flush(); !status.ok()) {
      Lose(i, status);
      continue;
    }
    const bool watch_writes = place.connection->blocked();
    if (watch_writes != place.watches_writes) {
      epoll_event event{};
      event.events = EPOLLIN | (watch_writes ? EPOLLOUT : 0u);
      event.data.u64 = i;
      place.watches_writes = watch_writes;
      CHAYAN_CHECK(epoll_ctl(epoll_, EPOLL_CTL_MOD, place.connection->socket(), &event) == 0);
    }
  }
  return Step(NowNs(CLOCK_MONOTONIC));
}

absl::StatusOr<LoadResult> Load::Run() {
  slots_.resize(static_cast<size_t>(options_.in_flight));
  connections_.resize(static_cast<size_t>(options_.connections));
  for (size_t i = 0; i < slots_.size(); ++i) slots_[i].connection = i % connections_.size();
  phase_end_ns_ = NowNs(CLOCK_MONOTONIC) + kConnectNsMax;
  CHAYAN_RETURN_IF_ERROR(Step(NowNs(CLOCK_MONOTONIC)));
  while (!IsOver()) CHAYAN_RETURN_IF_ERROR(Turn());
  return std::move(result_);
}

}  // namespace

absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options, const Questions& questions,
                                   AnswerCheck& check, RecordFile* record) {
  std::vector<SslContext> contexts;
  for (const TlsFiles& client : options.clients) {
    CHAYAN_ASSIGN_OR_RETURN(contexts.emplace_back(), NewClientContext(client));
  }
  return Load(options, questions, check, record, std::move(contexts)).Run();
}

}  // namespace chayan::bench
