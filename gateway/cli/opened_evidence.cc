#include "gateway/cli/opened_evidence.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/receipt.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"
#include "gateway/tlog/commitment.h"

namespace chayan::cli {
namespace {

// Who asked about whom, in a request of this method; nobody in one that names no person.
absl::StatusOr<report::Opened> WhoAsked(absl::string_view method, const std::string& request) {
  const auto opened = [](const auto& read, const v1::Identifier& subject, const std::string& name) {
    return report::Opened{read.purpose().person().id(),
                          absl::StrCat(subject.scheme(), ":", subject.value(), ":", name)};
  };
  if (method == "VerifyDocument" || method == "VerifyDocuments") {
    v1::VerifyDocumentRequest read;
    if (!read.ParseFromString(request)) return absl::InvalidArgumentError("no question in it");
    return opened(read, read.subject().identifier(), read.subject().name());
  }
  if (method == "PublishNotice") {
    v1::PublishNoticeRequest read;
    if (!read.ParseFromString(request)) return absl::InvalidArgumentError("no notice in it");
    const v1::NoticeSubject first =
        read.subjects().empty() ? v1::NoticeSubject() : read.subjects(0);
    return opened(read, first.identifier(), first.name());
  }
  return report::Opened();
}

// The leaf and what it commits to, or why the file opens nothing.
absl::StatusOr<std::pair<std::string, report::Opened>> Open(absl::string_view bytes) {
  v1::EvidenceFile evidence;
  if (!evidence.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("no evidence file");
  }
  const std::string& leaf = evidence.receipt().leaf();
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf parsed, log::ParseLeaf(leaf));
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Secret32 opening,
                          crypto::Secret32::FromRaw(evidence.receipt().request_opening()));
  const crypto::Digest commitment =
      tlog::Commit(tlog::Committed::kRequest, opening, evidence.request());
  if (parsed.Get("c_req") != absl::string_view(Base64Encode(commitment.raw()))) {
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
