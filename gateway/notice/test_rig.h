// The room with a real log, a real SQLite store and a real vault in a folder of its own, the sample
// registry, a simulated clock, calls that are made directly, and links that the test holds the
// other end of. For tests alone.
#ifndef CHAYAN_GATEWAY_NOTICE_TEST_RIG_H_
#define CHAYAN_GATEWAY_NOTICE_TEST_RIG_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/log/test_stack.h"
#include "gateway/notice/notice_service.h"
#include "gateway/registry/sample_set.h"
#include "gateway/registry/snapshot.h"
#include "gateway/rpc/test_call.h"

namespace chayan::notice {

using rpc::kHangTimeout;

// Of letter A (which counts as 1 and 0), with its check digit.
std::string NationalId(uint64_t n);

// Keeps the handlers, so that the test calls what a caller would.
class HandlerTable final : public rpc::Server {
 public:
  using rpc::Server::HandleUnary;
  void HandleUnary(std::string method, rpc::UnaryHandler handler, size_t) override {
    unary[method] = std::move(handler);
  }
  void HandleStream(std::string method, rpc::StreamHandler handler) override {
    streams[method] = std::move(handler);
  }
  absl::Status Start() override { return absl::OkStatus(); }
  std::string address() const override { return {}; }
  rpc::ServerStatus Status() const override { return {}; }
  void SetServing(bool) override {}
  void Drain(absl::Duration) override {}

  std::map<std::string, rpc::UnaryHandler> unary;
  std::map<std::string, rpc::StreamHandler> streams;
};

// The notices that went down, and the indexes that followed. Polices: no delivery is under way
// twice.
class FakeNoticeLinks final : public link::Links {
 public:
  rpc::StreamEvents Connect(std::shared_ptr<rpc::StreamCall>) override { return {}; }
  void Ask(struct link::Ask) override {}
  bool Cancel(const Uuid&) override { return false; }
  void Recorded(uint64_t, const Uuid&, uint64_t) override {}
  void SetNoticeSink(link::NoticeSink*) override {}
  link::NoticePlace PlaceForNotices(absl::string_view recipient,
                                    absl::string_view subscription) const override;
  bool SendNotices(uint64_t link, std::vector<link::OutgoingNotice> notices) override;
  bool TellNone(absl::string_view recipient, absl::string_view subscription,
                const std::string& none_today) override;
  void ReceiptRecorded(uint64_t link, const link::RecordedReceipt& receipt) override;
  void Tick() override {}
  std::vector<link::LinkInfo> List() const override { return {}; }
  link::LinkCounts Counts() const override { return {}; }
  bool Drain(absl::string_view) override { return false; }
  void DrainAll() override {}

  void Reach(const std::string& recipient, size_t room = 256);
  void Lose(const std::string& recipient);
  // The next notice that went down; waits for it.
  v1::DeliveredNotice Take();
  // The bytes of the last one.
  std::string last_bytes;
  // How many went down and were not taken yet, now.
  size_t waiting() const;
  // Serialized NoneToday of those who were told since the last look.
  std::vector<std::string> TakeNone();
  // Waits for the entry of a receipt.
  link::RecordedReceipt WaitForReceipt(const std::string& delivery_id);
  uint64_t WaitForIndex(const std::string& delivery_id) {
    return WaitForReceipt(delivery_id).index;
  }

 private:
  mutable absl::Mutex mu_;
  std::map<std::string, size_t, std::less<>> rooms_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> sent_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> none_today_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, link::RecordedReceipt> recorded_ ABSL_GUARDED_BY(mu_);
};

// What a call came to.
template <typename Response>
struct Told {
  Response response{};
  std::string bytes{};
  std::optional<policy::Refusal> refusal{};
  v1::ErrorReason reason() const {
    return refusal.has_value() ? refusal->reason : v1::ERROR_REASON_UNSPECIFIED;
  }
};

class TestRig {
 public:
  explicit TestRig(registry::Files files = registry::SampleFiles(), uint64_t seed = 7);
  ~TestRig();

  // Everything anew on what is in the folder, as after the end of a process.
  void Restart();

  static policy::Caller Household(const std::string& member = "hro-shanhua");
  static policy::Caller Adapter(const std::string& member);
  // Publishes what hro-banqiao pulls.
  static policy::Caller Court();

  // A change of name by hro-shanhua, of the person `number`, in an area of land-qd alone.
  v1::PublishNoticeRequest NameNotice(const std::string& number = "A123456789");
  v1::PublishNoticeRequest DeathNotice(const std::string& number = "A123456789");
  // A guardianship by the court, for hro-banqiao.
  v1::PublishNoticeRequest GuardianshipNotice(const std::string& number);
  std::string NewRequestId();

  rpc::StreamEvents Stream(const std::string& method, std::shared_ptr<rpc::StreamCall> stream) {
    return server_->streams.at("/chayan.v1.NoticeService/" + method)(std::move(stream));
  }
  // Lets what the clock, and what was said, makes due run to its end.
  void Settle();
  // Returns when what was said before is in the log.
  void AwaitLog();

  template <typename Response, typename Request>
  Told<Response> Call(const std::string& method, const Request& request,
                      const policy::Caller& caller = Household()) {
    auto call = std::make_shared<rpc::TestCall>(caller, method, request.SerializeAsString());
    server_->unary.at("/chayan.v1.NoticeService/" + method)(call);
    call->Wait();
    Told<Response> told;
    told.bytes = call->reply;
    told.refusal = call->refusal;
    if (!told.refusal.has_value() && !told.response.ParseFromString(call->reply)) std::abort();
    return told;
  }
  Told<v1::PublishNoticeResponse> Publish(const v1::PublishNoticeRequest& request) {
    return Call<v1::PublishNoticeResponse>("PublishNotice", request);
  }
  v1::NoticeStatus Show(const std::string& notice_id);

  // What the adapter of `member` says of the notice that it took last.
  void Say(const std::string& member, v1::DeliveryReceipt receipt);
  void SayDelivered(const std::string& member, const std::string& delivery_id);
  // The same about other bytes.
  void SayOf(const std::string& member, const v1::DeliveryReceipt& receipt,
             const std::string& notice_bytes);

  uint64_t size() const { return stack_->size(); }
  log::ParsedLeaf Entry(uint64_t index) const { return stack_->Entry(index); }
  const registry::Snapshot& registry() const { return *snapshot_; }
  log::TestStack& stack() { return *stack_; }
  NoticeService& service() { return *service_; }
  store::Notices& notices() { return *stack_->store().notices(); }

  SimulatedClock clock;
  std::unique_ptr<FakeNoticeLinks> links;

 private:
  void Open();

  SeededRandom random_;
  std::shared_ptr<const registry::Snapshot> snapshot_;
  std::unique_ptr<log::TestStack> stack_;
  std::unique_ptr<NoticeService> service_;
  std::unique_ptr<HandlerTable> server_;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_TEST_RIG_H_
