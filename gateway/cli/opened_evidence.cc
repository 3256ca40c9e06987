#include "gateway/cli/opened_evidence.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/receipt.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/notice_agreement.h"
#include "gateway/log/entry.h"
#include "gateway/tlog/commitment.h"

namespace chayan::cli {
namespace {

template <typename Request>
absl::StatusOr<Request> Read(const std::string& bytes) {
  Request request;
  if (request.ParseFromString(bytes)) return request;
  return absl::InvalidArgumentError("its request is not one of its entry's method");
}

report::Opened Asked(const v1::Purpose& purpose, const v1::Identifier& subject,
                     const std::string& name) {
  return {purpose.person().id(), absl::StrCat(subject.scheme(), ":", subject.value(), ":", name)};
}

report::Opened Asked(const v1::PublishNoticeRequest& notice) {
  const v1::NoticeSubject first =
      notice.subjects().empty() ? v1::NoticeSubject() : notice.subjects(0);
  return Asked(notice.purpose(), first.identifier(), first.name());
}

// Who asked about whom, in a request of this method; nobody in one that names no person, nobody
// known where only the gateway knows whom it was about.
absl::StatusOr<report::Opened> WhoAsked(absl::string_view method, const std::string& request) {
  if (method == "VerifyDocument" || method == "VerifyDocuments") {
    CHAYAN_ASSIGN_OR_RETURN(const auto read, Read<v1::VerifyDocumentRequest>(request));
    return Asked(read.purpose(), read.subject().identifier(), read.subject().name());
  }
  if (method == "PublishNotice" || method == "PublishNotices") {
    CHAYAN_ASSIGN_OR_RETURN(const auto read, Read<v1::PublishNoticeRequest>(request));
    return Asked(read);
  }
  if (method == "SupersedeNotice") {
    CHAYAN_ASSIGN_OR_RETURN(const auto read, Read<v1::SupersedeNoticeRequest>(request));
    return Asked(read.replacement());
  }
  if (method == "ReverseNotice") {
    CHAYAN_ASSIGN_OR_RETURN(const auto read, Read<v1::ReverseNoticeRequest>(request));
    return report::Opened{read.purpose().person().id(), ""};
  }
  if (method == "FetchNoticeDetail") {
    CHAYAN_ASSIGN_OR_RETURN(const auto read, Read<v1::FetchNoticeDetailRequest>(request));
    return report::Opened{read.purpose().person().id(), ""};
  }
  return report::Opened();
}

// That the entry commits to the request, by itself or in the frame that it covers.
absl::Status CheckCommitted(const log::ParsedLeaf& leaf, const v1::EvidenceFile& evidence) {
  const v1::Receipt& receipt = evidence.receipt();
  if (leaf.known_type != log::EntryType::kBulk) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string commitment, Base64Decode(leaf.Get("c_req")));
    return tlog::VerifyCommitment(tlog::Committed::kRequest, receipt.request_opening(),
                                  evidence.request(), commitment);
  }
  CHAYAN_ASSIGN_OR_RETURN(const std::string frame, FrameBytesFrom(leaf, evidence));
  CHAYAN_ASSIGN_OR_RETURN(const std::string commitment, Base64Decode(leaf.Get("c_res")));
  return tlog::VerifyCommitment(tlog::Committed::kResponse, receipt.response_opening(), frame,
                                commitment);
}

// The leaf and what it commits to, or why the file opens nothing.
absl::StatusOr<std::pair<std::string, report::Opened>> Open(absl::string_view bytes) {
  v1::EvidenceFile evidence;
  if (!evidence.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("no evidence file");
  }
  const std::string& leaf = evidence.receipt().leaf();
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf parsed, log::ParseLeaf(leaf));
  if (!CheckCommitted(parsed, evidence).ok()) {
    return absl::InvalidArgumentError("its request is not the one that its entry commits to");
  }
  CHAYAN_ASSIGN_OR_RETURN(report::Opened who, WhoAsked(parsed.Get("method"), evidence.request()));
  return std::pair(leaf, std::move(who));
}

}  // namespace

absl::Status OpenedEvidence::Load(const std::string& directory) {
  if (directory.empty()) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const auto files, ReadTree(directory, ".chayan"));
  for (const auto& [name, bytes] : files) {
    auto opened = Open(bytes);
    if (!opened.ok()) return Annotate(opened.status(), absl::StrCat(directory, "/", name));
    if (!opened->second.person.empty()) opened_.insert(*std::move(opened));
  }
  return absl::OkStatus();
}

const report::Opened* OpenedEvidence::Find(const AuditedEntry& entry) const {
  if (opened_.empty()) return nullptr;
  const auto found = opened_.find(entry.bytes);
  return found == opened_.end() ? nullptr : &found->second;
}

}  // namespace chayan::cli
