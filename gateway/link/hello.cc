#include "gateway/link/hello.h"

#include <algorithm>
#include <optional>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/crypto/digest.h"
#include "gateway/link/bounds.h"
#include "gateway/registry/values.h"

namespace chayan::link {
namespace {

using policy::Refusal;

// Codes in the registry are no longer than this; what is longer is not echoed whole.
constexpr size_t kEchoedCharactersMax = 64;

Refusal Invalid(std::string message) {
  return Refuse(v1::ERROR_REASON_HELLO_INVALID, std::move(message));
}

Refusal Exceeds(absl::string_view kind, absl::string_view area) {
  Refusal refusal = Refuse(v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY, {});
  const std::string kind_text = PrintableText(kind, kEchoedCharactersMax);
  refusal.metadata.emplace_back("document_kind", kind_text);
  refusal.message = absl::StrCat("The registry routes no questions of kind \"", kind_text, "\"");
  if (!area.empty()) {
    const std::string area_text = PrintableText(area, kEchoedCharactersMax);
    refusal.metadata.emplace_back("area", area_text);
    absl::StrAppend(&refusal.message, " for area \"", area_text, "\"");
  }
  absl::StrAppend(&refusal.message, " to this member.");
  return refusal;
}

// Whether the digest is that of these elements: an adapter cannot say one thing and hash another.
bool IsDigestOf(const v1::KindOffer& asked) {
  std::vector<absl::string_view> lines(asked.elements().begin(), asked.elements().end());
  std::sort(lines.begin(), lines.end());
  crypto::Sha256Hasher hasher;
  hasher.Update(asked.document_kind());
  for (const absl::string_view line : lines) hasher.Update(line).Update("\n");
  return absl::string_view(asked.digest()) == hasher.Finish().raw();
}

// Whether the adapter's version of the kind and the registry's mean the same by what both know. A
// claim and a field may share a code.
bool ElementsAgree(const v1::KindOffer& asked, const v1::DocumentKind& kind) {
  absl::flat_hash_set<std::string> codes, lines;
  for (const auto* elements : {&kind.claims(), &kind.fields()}) {
    for (const v1::Element& element : *elements) {
      codes.insert(element.code());
      lines.insert(absl::StrCat(element.code(), ":", registry::TypeName(element.type())));
    }
  }
  return absl::c_all_of(asked.elements(), [&](const std::string& line) {
    return lines.contains(line) || !codes.contains(line.substr(0, line.find(':')));
  });
}

bool AreWithinBounds(const v1::KindOffer& asked) {
  return asked.elements_size() <= static_cast<int>(kElementsMax) &&
         absl::c_all_of(asked.elements(), [](const std::string& line) {
           return line.size() <= kElementCharactersMax;
         });
}

// Adds what one kind of the hello comes to.
std::optional<Refusal> Narrow(const v1::KindOffer& asked, const policy::Caller& caller,
                              const registry::Snapshot& snapshot, Offer& offer) {
  const registry::Kind* kind = snapshot.FindKind(asked.document_kind());
  if (kind == nullptr) return Exceeds(asked.document_kind(), {});
  std::vector<std::string> areas = snapshot.Areas(asked.document_kind(), caller.member);
  if (areas.empty()) return Exceeds(asked.document_kind(), {});
  if (!AreWithinBounds(asked)) {
    return Invalid(absl::StrCat("elements: at most ", kElementsMax, ", of ", kElementCharactersMax,
                                " characters."));
  }
  const bool same = absl::string_view(asked.digest()) == kind->digest.raw();
  if (!same && (!IsDigestOf(asked) || !ElementsAgree(asked, *kind->proto))) {
    return Refuse(v1::ERROR_REASON_KIND_DIGEST_DIFFERS,
                  absl::StrCat("The claims and fields of kind \"", asked.document_kind(),
                               "\" differ from the registry's: update the adapter's catalogue."),
                  {{"document_kind", asked.document_kind()}, {"digest", kind->digest.ToHex()}});
  }
  if (!same) offer.other_versions.push_back(asked.document_kind());
  if (asked.areas().empty()) {
    for (std::string& area : areas) {
      offer.served.emplace_back(asked.document_kind(), std::move(area));
    }
    return std::nullopt;
  }
  std::sort(areas.begin(), areas.end());
  for (const std::string& area : asked.areas()) {
    // An empty area means "no routing claim": it is offered by naming no area at all. Others are
    // written as in the registry, which keeps them in their normal form.
    const v1::Element* routing = kind->FindClaim(kind->proto->routing_claim());
    absl::StatusOr<std::string> normal = absl::InvalidArgumentError("no area");
    if (routing != nullptr) normal = registry::NormalArea(*routing, area);
    if (!normal.ok() || !std::binary_search(areas.begin(), areas.end(), *normal)) {
      return Exceeds(asked.document_kind(), area.empty() ? "(empty)" : area);
    }
    offer.served.emplace_back(asked.document_kind(), *std::move(normal));
  }
  return std::nullopt;
}

// Adds the subscriptions of the hello.
std::optional<Refusal> NarrowNotices(const v1::Hello& hello, const policy::Caller& caller,
                                     const registry::Snapshot& snapshot, Offer& offer) {
  for (const std::string& id : hello.subscriptions()) {
    const v1::Subscription* subscription = snapshot.FindSubscription(id);
    if (subscription == nullptr || subscription->recipient() != caller.member ||
        subscription->way() != v1::DELIVERY_WAY_LINK) {
      const std::string id_text = PrintableText(id, kEchoedCharactersMax);
      return Refuse(v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY,
                    absl::StrCat("The registry has no subscription \"", id_text,
                                 "\" of this member that is delivered over its link."),
                    {{"subscription", id_text}});
    }
    offer.subscriptions.push_back(id);
  }
  std::sort(offer.subscriptions.begin(), offer.subscriptions.end());
  return std::nullopt;
}

}  // namespace

Refusal Refuse(v1::ErrorReason reason, std::string message,
               std::vector<std::pair<std::string, std::string>> metadata) {
  Refusal refusal;
  refusal.reason = reason;
  refusal.message = std::move(message);
  refusal.metadata = std::move(metadata);
  return refusal;
}

std::vector<std::string> Offer::Kinds() const {
  std::vector<std::string> kinds;
  for (const auto& [kind, area] : served) {
    if (kinds.empty() || kinds.back() != kind) kinds.push_back(kind);
  }
  return kinds;
}

const registry::AnswerKey* FindKeyInForce(const registry::Snapshot& snapshot,
                                          const policy::Caller& caller,
                                          const crypto::Digest& key_id, absl::Time now) {
  const registry::AnswerKey* key = snapshot.FindAnswerKey(key_id);
  if (key == nullptr || key->proto->member() != caller.member ||
      key->proto->system() != caller.system || now < key->not_before || now > key->not_after) {
    return nullptr;
  }
  return key;
}

std::string PrintableText(absl::string_view text, size_t size_max) {
  std::string printable(text.substr(0, size_max));
  for (char& c : printable) {
    if (c < ' ' || c > '~') c = '?';
  }
  return printable;
}

std::variant<Offer, Refusal> CheckHello(const v1::Hello& hello, const policy::Caller& caller,
                                        const registry::Snapshot& snapshot, absl::Time now) {
  if (hello.protocol_version() != kProtocolVersion) {
    Refusal refusal =
        Invalid(absl::StrCat("Protocol version ", hello.protocol_version(),
                             " is not spoken here; send version ", kProtocolVersion, "."));
    refusal.metadata.emplace_back("protocol_version", absl::StrCat(kProtocolVersion));
    return refusal;
  }
  if (hello.kinds_size() > static_cast<int>(kKindsMax) ||
      (hello.kinds().empty() && hello.subscriptions().empty())) {
    return Invalid(absl::StrCat("A hello names 1 to ", kKindsMax,
                                " document kinds, or subscriptions and no kind."));
  }
  if (hello.subscriptions_size() > static_cast<int>(kSubscriptionsMax)) {
    return Invalid(absl::StrCat("A hello names at most ", kSubscriptionsMax, " subscriptions."));
  }
  const v1::System* system = snapshot.FindSystem(caller.member, caller.system);
  if (system == nullptr) {
    return Refuse(v1::ERROR_REASON_CALLER_UNKNOWN,
                  "The registry does not hold this system any more.");
  }
  if (system->role() != v1::ROLE_ADAPTER) {
    return Refuse(v1::ERROR_REASON_ROLE_NOT_ALLOWED,
                  "Only a system with role adapter may open a link.");
  }
  auto key_id = crypto::Digest::FromRaw(hello.answer_key_id());
  if (!key_id.ok()) return Invalid("answer_key_id: 32 bytes, the SHA-256 of the key's SPKI.");

  Offer offer;
  offer.answer_key_id = *key_id;
  absl::flat_hash_set<std::string> seen;
  for (const v1::KindOffer& kind : hello.kinds()) {
    if (!seen.insert(kind.document_kind()).second) {
      return Invalid("A hello names each document kind once.");
    }
    if (auto refusal = Narrow(kind, caller, snapshot, offer)) return *std::move(refusal);
  }
  if (auto refusal = NarrowNotices(hello, caller, snapshot, offer)) return *std::move(refusal);
  if (FindKeyInForce(snapshot, caller, *key_id, now) == nullptr) {
    return Refuse(v1::ERROR_REASON_ANSWER_KEY_UNKNOWN,
                  "The answer key is not registered for this system, or not in force.",
                  {{"key_id", key_id->ToHex()}});
  }
  std::sort(offer.served.begin(), offer.served.end());
  offer.served.erase(std::unique(offer.served.begin(), offer.served.end()), offer.served.end());
  offer.software = PrintableText(hello.software(), kSoftwareCharactersMax);
  offer.in_flight_max =
      hello.in_flight_max() == 0 ? kInFlightMax : std::min(hello.in_flight_max(), kInFlightMax);
  offer.notices_in_flight_max = hello.notices_in_flight_max() == 0
                                    ? kNoticesInFlightMax
                                    : std::min(hello.notices_in_flight_max(), kNoticesInFlightMax);
  return offer;
}

}  // namespace chayan::link
