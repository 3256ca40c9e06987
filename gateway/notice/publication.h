// One notice from its arrival to its recorded answer: published, replacing another, or undoing one.
// Read the methods in publication.cc from top to bottom.
#ifndef CHAYAN_GATEWAY_NOTICE_PUBLICATION_H_
#define CHAYAN_GATEWAY_NOTICE_PUBLICATION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "chayan/v1/entry_detail.pb.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/notice_form.h"
#include "gateway/notice/plan.h"
#include "gateway/policy/decide_notice.h"
#include "gateway/rpc/call.h"
#include "gateway/verify/plain_wire.h"

namespace chayan::notice {

// What a PublishNoticeRequest may look like.
const verify::PlainWire& NoticeWire();
// By what a request is known for ever.
store::RequestKey RequestKeyOf(const policy::Caller& caller, absl::string_view method,
                               absl::string_view request_id);

// Kept alive by the callbacks it hands out. Its steps follow one another on the room's thread.
class Publication : public std::enable_shared_from_this<Publication> {
 public:
  // In bulk: a notice of a bulk stream that stands in no frame.
  enum class How { kPublish, kPublishInBulk, kSupersede, kReverse };
  // On the room's thread. `accepted` is called when there are new deliveries.
  static void Start(const Collaborators& with, How how, std::shared_ptr<rpc::UnaryCall> call,
                    std::function<void()> accepted);

  Publication(const Collaborators& with, How how, std::shared_ptr<rpc::UnaryCall> call,
              std::function<void()> accepted);

 private:
  bool in_bulk() const { return how_ == How::kPublishInBulk; }
  void Run();
  // Each of these is false after it has ended the call.
  bool Parse();
  bool IsNew();
  bool FindFollowed();
  bool Permit();
  bool CheckForm();
  bool TakeFromFollowed();
  void Record();
  void OnCommitted(std::string answer, std::string request_opening, std::string response_opening,
                   absl::StatusOr<log::Committed> committed);

  // Answers a request that was taken before.
  void AnswerAgain(const store::StoredNotice& notice);
  void Reply(absl::string_view answer, std::string receipt);
  void Refuse(policy::Refusal refusal);
  void FailInternal(const absl::Status& cause);

  log::Entry NewEntry(log::EntryType type, const Uuid& id);
  absl::StatusOr<log::VaultOutput> Seal(const Uuid& id, absl::string_view response);
  // The code itself when the registry has it, else "unknown", and the text is sealed.
  std::string KnownOrUnknown(bool known, absl::string_view field, const std::string& text);

  const Collaborators& with_;
  const How how_;
  const std::shared_ptr<rpc::UnaryCall> call_;
  const std::function<void()> accepted_;
  std::shared_ptr<const registry::Snapshot> snapshot_;
  v1::PublishNoticeRequest request_;  // of a reversal, what the notice said of whom
  std::string followed_id_;           // as the caller wrote it
  store::RequestKey request_key_{};
  std::optional<Followed> followed_;
  policy::NoticePermit permit_;
  CheckedNotice checked_;
  v1::EntryDetail detail_;
  int plans_ = 0;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_PUBLICATION_H_
