#include "gateway/audit/frames.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"
#include "gateway/log/search_key.h"

namespace chayan::audit {
namespace {

// Of a response: at 8 KiB each at most a MiB.
constexpr size_t kFramesMax = 128;

absl::Status AddFrame(const Collaborators& with, const store::StoredFrame& stored,
                      v1::ListFramesResponse& response) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves,
                          with.store.ReadLeaves(stored.entry, 1, 0));
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, log::ParseLeaf(leaves.front()));
  CHAYAN_ASSIGN_OR_RETURN(Detail detail, OpenDetail(with, stored.entry, leaf.id));
  v1::EntryFrame& frame = *response.add_frames();
  frame.set_entry_index(stored.entry);
  frame.set_response_opening(std::move(detail.response_opening));
  for (const crypto::Digest& item : stored.items) {
    absl::StrAppend(frame.mutable_items(), item.raw());
  }
  return absl::OkStatus();
}

absl::Status Fill(const Collaborators& with, const v1::ListFramesRequest& request,
                  v1::ListFramesResponse& response) {
  response.set_next_index(request.end_index());
  if (with.store.notices() == nullptr) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(
      const std::vector<store::StoredFrame> frames,
      with.store.notices()->Frames(request.first_index(), request.end_index(), kFramesMax));
  for (const store::StoredFrame& frame : frames) {
    CHAYAN_RETURN_IF_ERROR(AddFrame(with, frame, response));
  }
  if (frames.size() == kFramesMax) response.set_next_index(frames.back().entry + 1);
  return absl::OkStatus();
}

bool IsAbout(const v1::NoticeSubject& subject, const std::string& number) {
  for (const v1::Identifier* const identifier :
       {&subject.identifier(), &subject.former_identifier()}) {
    const absl::StatusOr<std::string> key = log::SubjectKey(*identifier);
    if (key.ok() && *key == number) return true;
  }
  return false;
}

}  // namespace

void ListFrames(const Collaborators& with, AuditCall call) {
  v1::ListFramesRequest request;
  if (!call.Parse(request)) return;
  if (request.end_index() > call.log_size() || request.first_index() > request.end_index()) {
    return call.Refuse(policy::RefusedField(
        v1::ERROR_REASON_FIELD_INVALID,
        request.end_index() > call.log_size() ? "end_index" : "first_index",
        absl::StrCat("write at most ", std::min(request.end_index(), call.log_size()))));
  }
  v1::ListFramesResponse response;
  if (absl::Status status = Fill(with, request, response); !status.ok()) {
    return call.Refuse(StoreFault(status));
  }
  call.entry().ref = request.first_index();
  call.Reply(response.SerializeAsString());
}

void KeepOnlyAbout(const std::string& subject, Detail& detail) {
  auto& notices = *detail.message.mutable_bulk_notices();
  notices.erase(
      std::remove_if(notices.begin(), notices.end(),
                     [&](const v1::BulkNotice& notice) {
                       return std::none_of(
                           notice.subjects().begin(), notice.subjects().end(),
                           [&](const v1::NoticeSubject& one) { return IsAbout(one, subject); });
                     }),
      notices.end());
  detail.bytes = detail.message.SerializeAsString();
}

}  // namespace chayan::audit
