// A frame of notices from their bytes to their recorded answers: one entry of the log covers them.
// It holds plain cases alone: a notice that was taken before, that is refused or malformed, goes
// its own way (publication.h), and so do all of a frame of which one no longer applies.
//
// The notices of a frame are of one kind, office, person, basis and grant, so that its entry says
// of each what the entry of a single one says; and no two are about one subject, so that the plan
// of each stands on what is committed.
#ifndef CHAYAN_GATEWAY_NOTICE_BULK_PUBLICATION_H_
#define CHAYAN_GATEWAY_NOTICE_BULK_PUBLICATION_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "chayan/v1/entry_detail.pb.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/notice/bulk_lane.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/notice_form.h"
#include "gateway/notice/plan.h"
#include "gateway/policy/decide_notice.h"

namespace chayan::notice {

// On the lane's thread.
class BulkPublication {
 public:
  // Whose notices they are. All outlive it.
  BulkPublication(const Collaborators& with, BulkLane& lane, const policy::Caller& caller,
                  std::string method)
      : with_(with), lane_(lane), caller_(caller), method_(std::move(method)) {}

  enum class Added {
    kYes,
    kNextFrame,  // it belongs into the next frame: commit this one, and add it again
    kAlone,      // no case for a frame
  };
  // `request`: the bytes of a PublishNoticeRequest.
  Added Add(const std::string& request);

  bool empty() const { return items_.empty(); }
  // Commits what was added, at least one, and empties the frame. The answers, each a serialized
  // PublishNoticesResponse, in the order in which they were added; ABORTED or ALREADY_EXISTS when
  // one of them no longer applies, and UNAVAILABLE and others as of the committer: then nothing was
  // accepted. `requests` is what was in the frame.
  absl::StatusOr<std::vector<std::string>> Commit(std::vector<std::string>& requests);

  // The answer to a request that was taken before in a frame, with its receipt made anew. Nothing
  // when it was not, or in other bytes.
  absl::StatusOr<std::optional<std::string>> AnswerAgain(const std::string& request);

 private:
  struct Item {
    std::string request;  // bytes
    std::string request_id;
    std::string answer;  // bytes
    crypto::Digest digest;
  };
  // What the entry says of every notice of its frame.
  struct Shared {
    std::string acting_for;
    std::string basis;
    std::string person;
    std::string person_role;
    bool test = false;
    policy::NoticePermit permit;

    bool operator==(const Shared& other) const;
  };

  static Shared SharedOf(const v1::PublishNoticeRequest& request,
                         const policy::NoticePermit& permit);
  // False when it cannot be planned: its own way has a word for why.
  bool AddItem(const std::string& bytes, const v1::PublishNoticeRequest& request,
               CheckedNotice checked, const policy::NoticePermit& permit,
               const store::RequestKey& key);
  log::Entry NewEntry(const Uuid& id) const;
  absl::StatusOr<log::VaultOutput> Seal(const Uuid& id, const std::string& committed) const;
  bool HasAny(const std::vector<store::SubjectKey>& subjects) const;
  // An empty frame, under the registry as it is now.
  void Begin();

  const Collaborators& with_;
  BulkLane& lane_;
  const policy::Caller& caller_;
  const std::string method_;

  // Of the frame that is filled; from its first notice on.
  std::shared_ptr<const registry::Snapshot> snapshot_;
  Shared shared_;
  std::vector<Item> items_;
  size_t deliveries_ = 0;
  absl::flat_hash_set<store::SubjectKey> subjects_;
  absl::flat_hash_set<store::RequestKey> keys_;
  std::shared_ptr<store::NoticeChange> change_;
  v1::EntryDetail detail_;
  std::vector<std::string> numbers_;
  std::vector<std::string> cases_;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_BULK_PUBLICATION_H_
