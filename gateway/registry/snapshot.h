// A registry set in force: checked, indexed, immutable. Readers hold a shared_ptr for the time of a
// call; a new set replaces the pointer, never the content.
#ifndef CHAYAN_GATEWAY_REGISTRY_SNAPSHOT_H_
#define CHAYAN_GATEWAY_REGISTRY_SNAPSHOT_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/digest.h"
#include "gateway/registry/calendar.h"
#include "gateway/registry/witness_policy.h"

namespace chayan::registry {

// The files of a set: path below the set's folder and bytes, sorted by path.
using Files = std::vector<std::pair<std::string, std::string>>;

// SHA-256 over the files sorted by path, each as path || 00 || uint64 length || bytes.
crypto::Digest SetDigest(const Files& files);

// SHA-256 over the kind's code, then a line "code:TYPE\n" for each claim and each field (TYPE as
// ValueType's name without prefix), lines sorted by their bytes, a line that a claim and a field
// share standing twice: what adapters compare in their hello.
crypto::Digest KindDigest(const v1::DocumentKind& kind);

// A document kind with what the hot path asks of it.
struct Kind {
  const v1::DocumentKind* proto;
  crypto::Digest digest;
  const v1::Element* FindClaim(absl::string_view code) const;
  const v1::Element* FindField(absl::string_view code) const;
};

// Whether a person at the holder's desk answers, not its machine: the question is not forwarded.
bool IsAnsweredAtDesk(const v1::DocumentKind& kind);

// Hours of a day in Taipei. [0, 1440) on every day when nothing is said.
struct DayHours {
  int from_minute = 0;
  int to_minute = 24 * 60;
  bool workdays_only = false;

  bool IsAlways() const { return from_minute == 0 && to_minute == 24 * 60 && !workdays_only; }
  // `calendar` is asked only where it matters.
  bool Contain(absl::CivilMinute local, const Calendar& calendar) const;
};

// How long a grant holds whose end is not written (D0030031: approvals last five years).
inline constexpr int kGrantTermYears = 5;
// A grant that is not used lapses after a year, when it is asked about, and six months more.
inline constexpr int kLapseDaysDefault = 548;

// A grant with its times parsed.
struct Grant {
  const v1::Grant* proto;
  absl::Time not_before;  // InfinitePast when open
  absl::Time
      not_after;  // the term's end when only the begin is written; InfiniteFuture for neither
  DayHours hours;
  int lapse_days;
  // Neither begin nor end is written: the term begins when the grant is first in force.
  bool is_undated() const { return not_after == absl::InfiniteFuture(); }
};
// The end of a term that begins then, of the same day and time in Taipei.
absl::Time EndOfTerm(absl::Time begin);

// What a county narrows for its offices.
struct CountyRule {
  const v1::CountyRule* proto;
  DayHours hours;
  bool IsAbout(absl::string_view kind) const;
};

// A right to publish, with its times parsed.
struct NoticeGrant {
  const v1::NoticeGrant* proto;
  absl::Time not_before;  // InfinitePast when open
  absl::Time not_after;   // InfiniteFuture when open
};

// An auditor's grant with its times parsed. Of entries [entries_from, entries_until).
struct AuditGrant {
  const v1::AuditGrant* proto;
  absl::Time entries_from;
  absl::Time entries_until;
  absl::Time not_before;
  absl::Time not_after;
};

struct AnswerKey {
  const v1::AnswerKey* proto;
  crypto::Digest key_id;   // SHA-256 of the SubjectPublicKeyInfo
  std::string public_key;  // 32 raw bytes
  absl::Time not_before;
  absl::Time not_after;
};

class Snapshot {
 public:
  // Checks the whole set. On failure the status is INVALID_ARGUMENT and `faults`, if given, holds
  // every fault found as `file:line: path: what is wrong, what to write instead`.
  static absl::StatusOr<std::shared_ptr<const Snapshot>> Create(Files files,
                                                                std::vector<std::string>* faults);
  // Create over the `*.textproto` files below a folder.
  static absl::StatusOr<std::shared_ptr<const Snapshot>> Load(const std::string& directory,
                                                              std::vector<std::string>* faults);

  const Files& files() const;
  const crypto::Digest& digest() const;
  const std::string& trust_domain() const;
  // Whether a change from this set needs a second person's approval: see ChangesToApprove.
  bool approval_required() const;

  // Each returns nullptr where there is none. Pointers live as long as the snapshot.
  const v1::Member* FindMember(absl::string_view id) const;
  const v1::System* FindSystem(absl::string_view member, absl::string_view system) const;
  const Kind* FindKind(absl::string_view code) const;
  // Kinds sorted by code.
  const std::vector<Kind>& kinds() const;
  // The member that answers `kind` for `area` (the routing claim's value, in upper or lower case;
  // empty when the kind has none).
  const v1::Member* FindHolder(absl::string_view kind, absl::string_view area) const;
  // Areas of `kind` routed to `holder`, upper case, sorted; {""} when the kind has no routing
  // claim; empty when nothing is.
  std::vector<std::string> Areas(absl::string_view kind, absl::string_view holder) const;
  // Members that hold `kind`, sorted.
  std::vector<std::string> Holders(absl::string_view kind) const;
  // Grants of `member` on `kind`, in the order of their ids.
  const std::vector<Grant>& Grants(absl::string_view member, absl::string_view kind) const;
  // All grants, in the order of their ids.
  const std::vector<const Grant*>& grants() const;
  // Rules of the county to which an office belongs, in the order of their ids.
  const std::vector<CountyRule>& CountyRules(absl::string_view office) const;
  // Grants of an auditor's member, in the order of their ids.
  const std::vector<AuditGrant>& AuditGrants(absl::string_view member) const;
  const AnswerKey* FindAnswerKey(const crypto::Digest& key_id) const;
  // Raw 32-byte key of an assertion key, or empty.
  absl::string_view FindAssertionKey(absl::string_view member, absl::string_view key_id) const;
  bool HasAssertionKey(absl::string_view member) const;
  const v1::LegalBasis* FindLegalBasis(absl::string_view code) const;
  const v1::NoticeKind* FindNoticeKind(absl::string_view code) const;
  // Kinds of notices sorted by code.
  const std::vector<const v1::NoticeKind*>& notice_kinds() const;
  // Grants of `member` to publish `kind`, in the order of their ids.
  const std::vector<NoticeGrant>& NoticeGrants(absl::string_view member,
                                               absl::string_view kind) const;
  // In the order of their ids: those to a kind, and those of a recipient.
  const std::vector<const v1::Subscription*>& Subscriptions(absl::string_view notice_kind) const;
  const std::vector<const v1::Subscription*>& SubscriptionsOf(absl::string_view recipient) const;
  const v1::Subscription* FindSubscription(absl::string_view id) const;
  const Calendar& calendar() const;
  bool HasPurpose(absl::string_view code) const;
  bool HasLegalBasis(absl::string_view code) const { return FindLegalBasis(code) != nullptr; }

  // Null when the set has none.
  const WitnessPolicy* witness_policy() const;

  // Issuers by id, and the binding of a certificate that carries no URI: by its key, or by the
  // issuer that signed it and its serial number. Null where there is none.
  const crypto::Certificate* FindIssuer(absl::string_view id) const;
  // Until when each adapter system, as MEMBER/SYSTEM, has an answer key in force or to come: the
  // latest end of its keys. Systems whose keys have no end are left out.
  std::map<std::string, absl::Time> AnswerKeyEnds() const;
  const std::vector<std::pair<std::string, crypto::Certificate>>& issuers() const;
  struct Bound {
    const v1::Member* member;
    const v1::System* system;
  };
  Bound FindBinding(const crypto::Certificate& certificate,
                    const crypto::Certificate& issuer) const;

  ~Snapshot();

 private:
  friend class Changes;
  struct Index;
  Snapshot();
  std::unique_ptr<Index> index_;
};

// Lines that tell a person what changes from `before` to `after`: "+ grant x", "- member y", "~
// document kind z: …".
std::vector<std::string> Differences(const Snapshot& before, const Snapshot& after);
// Those of them that a second person must approve where `before` asks for approval: what opens a
// sensitive kind or takes its protection away, and what changes who certifies, vouches, answers,
// looks, applies or approves. The rest only narrows, or is about kinds that harm nobody.
std::vector<std::string> ChangesToApprove(const Snapshot& before, const Snapshot& after);

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_SNAPSHOT_H_
