// One link as the adapter sees it: a stream to one gateway, from dialling to its end. The only file
// of the SDK, with its .cc, that knows gRPC.
//
// LIMITATION: gRPC's own reading of certificates applies: the host name is checked by gRPC, the URI
// by us after the gateway's Welcome and before the first question is looked at.
#ifndef CHAYAN_ADAPTERS_SDK_LINK_CONNECTION_H_
#define CHAYAN_ADAPTERS_SDK_LINK_CONNECTION_H_

#include <grpcpp/security/credentials.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sdk/adapter.h"
#include "adapters/sdk/frame_signer.h"
#include "adapters/sdk/link_client.h"
#include "adapters/sdk/link_notices.h"
#include "adapters/sdk/link_parts.h"
#include "chayan/v1/adapter_link_service.grpc.pb.h"
#include "gateway/base/clock.h"

namespace chayan::sdk {

// Thread-safe. Held by shared_ptr: responders know it weakly.
class LinkConnection final : public AnswerSink,
                             public std::enable_shared_from_this<LinkConnection> {
 public:
  LinkConnection(LinkParts parts, std::string address, FrameSigner signer,
                 std::shared_ptr<grpc::ChannelCredentials> credentials);
  // REQUIRES: Join was called, or Start was not.
  ~LinkConnection() override;

  void Start();
  // Ends the stream soon; from any thread.
  void Cancel();
  // Waits for the threads. After Cancel, or when ended().
  void Join();

  // Says Draining to the gateway; the stream ends when the open questions are answered and
  // recorded.
  void Drain();
  absl::Status Submit(std::shared_ptr<OpenQuestion> question, std::string answer,
                      bool restricted) override;

  bool welcomed() const;
  // Either side has said that no more questions come.
  bool draining() const;
  bool ended() const;
  std::string gateway() const;
  // Why it ended.
  absl::Status status() const;
  // Ends a link on which nothing is heard, and one that has not been welcomed in time.
  void CheckAlive();
  // Has the gateway told what the adapter says of its source, if that has changed.
  void CheckSource();
  // Says what waited for a link.
  void Say(Backlog::Taken backlog) { notices_->Say(std::move(backlog)); }

 private:
  struct Ready {
    std::shared_ptr<OpenQuestion> question;
    std::string answer;
    bool restricted;
  };
  using Stream = grpc::ClientReaderWriterInterface<v1::FromAdapter, v1::ToAdapter>;

  void Read();
  absl::Status OpenStream();
  absl::Status CheckGateway() const;
  void OnQuestions(v1::QuestionFrame& frame);
  void OnQuestion(v1::Question& wire);
  void OnRecorded(const v1::RecordedFrame& frame);

  void Write();
  // What to write next; false when writing is over.
  struct Work {
    std::vector<Ready> answers;
    bool notices = false;
    bool draining = false;
    std::optional<std::vector<std::string>> down_kinds;
    bool heartbeat = false;
    bool finish = false;  // half-close
  };
  bool WaitForWork(Work& work);
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  bool drained() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  // Signs, logs and sends; an error ends the link.
  absl::Status SendAnswers(std::vector<Ready> ready);
  absl::Status SendNotices();
  void Drop(const Ready& ready);
  void OnGivenUp(const Uuid& id);

  // Constant after construction.
  const LinkParts parts_;
  const std::string address_;
  const FrameSigner signer_;
  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  const absl::Duration started_;

  // Own synchronization.
  const std::shared_ptr<LinkNotices> notices_;
  grpc::ClientContext context_;
  std::atomic<int64_t> last_heard_ns_;
  // Of the reader until the writer starts, then written to by the writer alone.
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stream> stream_;
  std::thread reader_;
  std::thread writer_;

  mutable absl::Mutex mu_;
  bool welcomed_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool stop_writing_ ABSL_GUARDED_BY(mu_) = false;
  bool drain_ ABSL_GUARDED_BY(mu_) = false;                // we end it
  bool drain_said_ ABSL_GUARDED_BY(mu_) = false;           // and have said so
  bool gateway_drains_ ABSL_GUARDED_BY(mu_) = false;       // the gateway ends it
  bool finished_ ABSL_GUARDED_BY(mu_) = false;             // half-closed
  bool takes_source_health_ ABSL_GUARDED_BY(mu_) = false;  // the gateway
  std::vector<std::string> down_kinds_ ABSL_GUARDED_BY(mu_);
  bool down_kinds_said_ ABSL_GUARDED_BY(mu_) = true;  // none, at first
  absl::Duration heartbeat_interval_ ABSL_GUARDED_BY(mu_);
  absl::Duration last_sent_ ABSL_GUARDED_BY(mu_);
  std::string gateway_ ABSL_GUARDED_BY(mu_);
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<Uuid, std::shared_ptr<OpenQuestion>> open_ ABSL_GUARDED_BY(mu_);
  std::vector<Ready> ready_ ABSL_GUARDED_BY(mu_);
  bool notices_ready_ ABSL_GUARDED_BY(mu_) = false;  // there may be something to say of notices
  // Answered on this link, sent or not yet, and neither recorded nor given up.
  absl::flat_hash_set<Uuid> answered_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_LINK_CONNECTION_H_
