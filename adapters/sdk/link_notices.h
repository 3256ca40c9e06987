// The notices of one link: takes them off frames, hands them to the adapter once, and makes the
// frames of what is said of them. Order of a reply: inbox (durable), signature, the agency's own
// log, the link.
#ifndef CHAYAN_ADAPTERS_SDK_LINK_NOTICES_H_
#define CHAYAN_ADAPTERS_SDK_LINK_NOTICES_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sdk/frame_signer.h"
#include "adapters/sdk/link_parts.h"
#include "adapters/sdk/notice.h"

namespace chayan::sdk {

// Thread-safe. Held by shared_ptr: responders know it weakly.
class LinkNotices final : public NoticeLine, public std::enable_shared_from_this<LinkNotices> {
 public:
  // `wake` is called, from any thread and not after Close, when there is something to send.
  LinkNotices(LinkParts parts, std::string gateway_address, std::function<void()> wake);

  // Nothing is sent any more: what was said and not yet kept is lost, and its notice comes again.
  void Close();

  // Of the reader.
  void OnFrame(v1::NoticeFrame& frame);
  void OnNoneToday(const v1::NoneTodayFrame& frame);
  void OnRecorded(const google::protobuf::RepeatedPtrField<v1::RecordedAnswer>& receipts);

  absl::Status Reply(const OpenNotice& notice, NoticeReply reply) override;
  // What waited for a link. The writer reads what the inbox has of it, page by page.
  void Say(Backlog::Taken backlog);

  // Of the writer: the next message, if there is one. An error ends the link.
  absl::StatusOr<std::optional<v1::FromAdapter>> TakeMessage(const FrameSigner& signer);
  // Neither a notice that is being handled nor one whose reply waits to be sent, or to be read.
  bool idle() const;

 private:
  struct Said {
    Uuid delivery_id;
    crypto::Digest digest;
    NoticeReply reply;
  };
  void OnNotice(absl::string_view bytes);
  void Wake();
  // The next page of what the inbox holds unrecorded waits with the receipts.
  absl::Status ReadBacklog(const Uuid& after);
  void NotTaken(const Uuid& delivery_id, v1::NotTakenReason reason);
  // Makes what was taken durable; it then waits with the other receipts.
  absl::Status Keep(const std::vector<Said>& said);
  absl::StatusOr<v1::FromAdapter> SignReceipts(const std::vector<TakenNotice>& taken,
                                               const FrameSigner& signer);

  // Constant after construction.
  const LinkParts parts_;
  const std::string gateway_address_;

  // Never taken with mu_ held: whoever is woken may ask us while it holds a lock of its own.
  absl::Mutex wake_mu_;
  std::function<void()> wake_ ABSL_GUARDED_BY(wake_mu_);

  mutable absl::Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<Said> said_ ABSL_GUARDED_BY(mu_);
  std::deque<TakenNotice> receipts_ ABSL_GUARDED_BY(mu_);  // kept, to be sent
  // Where the inbox is read on when the others are sent; absent: all of it is said.
  std::optional<Uuid> unread_after_ ABSL_GUARDED_BY(mu_);
  std::deque<v1::NoticeNotTaken> not_taken_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_LINK_NOTICES_H_
