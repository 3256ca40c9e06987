// Which changes of a set a second person must approve.
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>

#include "gateway/registry/changes.h"

namespace chayan::registry {
namespace {

// The change's message as `T`, where it is one.
template <typename T>
const T* Before(const Change& change) {
  return google::protobuf::DynamicCastToGenerated<T>(change.before);
}
template <typename T>
const T* After(const Change& change) {
  return google::protobuf::DynamicCastToGenerated<T>(change.after);
}
template <typename T>
bool Is(const Change& change) {
  return Before<T>(change) != nullptr || After<T>(change) != nullptr;
}

bool IsSensitive(const v1::DocumentKind& kind) {
  return kind.sensitivity() == v1::SENSITIVITY_SPECIAL || kind.approval_required();
}

bool IsSensitive(const Snapshot& set, const std::string& code) {
  const Kind* const kind = set.FindKind(code);
  return kind != nullptr && IsSensitive(*kind->proto);
}

bool Operates(const v1::Member* member) {
  return member != nullptr &&
         std::any_of(member->systems().begin(), member->systems().end(),
                     [](const v1::System& system) { return system.role() == v1::ROLE_OPERATOR; });
}

// What of a member decides who it is, who asks for it, and which county's rules hold for it.
v1::Member IdentityOf(const v1::Member& member) {
  v1::Member identity;
  *identity.mutable_issuers() = member.issuers();
  *identity.mutable_systems() = member.systems();
  identity.set_county(member.county());
  return identity;
}

bool IsToApprove(const v1::Member* before, const v1::Member* after) {
  if (Operates(before) || Operates(after)) return true;
  // One that comes has no rights yet, and one that goes has none any more.
  return before != nullptr && after != nullptr &&
         !google::protobuf::util::MessageDifferencer::Equals(IdentityOf(*before),
                                                             IdentityOf(*after));
}

bool IsToApprove(const Change& change, const Snapshot& before, const Snapshot& after) {
  const bool stays = change.way != Change::Way::kGone;
  const bool was_there = change.way != Change::Way::kNew;
  // What this very rule stands on; who vouches for persons, certifies systems, looks, answers.
  if (Is<v1::Deployment>(change)) return true;
  if (Is<v1::AssertionKey>(change) || Is<v1::Issuer>(change) || Is<v1::AuditGrant>(change) ||
      Is<v1::AnswerKey>(change)) {
    return stays;
  }
  if (Is<v1::Member>(change)) {
    return IsToApprove(Before<v1::Member>(change), After<v1::Member>(change));
  }
  if (!change.kind.empty()) return stays && IsSensitive(after, change.kind);
  if (Is<v1::CountyRule>(change)) return was_there;  // a new one only narrows
  if (const auto* kind = Before<v1::DocumentKind>(change)) return IsSensitive(*kind);
  if (const auto* grant = After<v1::Grant>(change)) {
    return IsSensitive(before, grant->document_kind()) ||
           IsSensitive(after, grant->document_kind());
  }
  return false;
}

}  // namespace

std::vector<std::string> ChangesToApprove(const Snapshot& before, const Snapshot& after) {
  std::vector<std::string> lines;
  if (!before.approval_required()) return lines;
  const Changes changes(before, after);
  for (const Change& change : changes.list()) {
    if (IsToApprove(change, before, after)) lines.push_back(change.text);
  }
  return lines;
}

}  // namespace chayan::registry
