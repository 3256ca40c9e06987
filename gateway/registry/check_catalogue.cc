// Purposes, legal bases, document kinds and their routes.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "gateway/registry/check.h"
#include "gateway/registry/values.h"

namespace chayan::registry {
namespace {

// A question has at most 32 claims; looking one up is a walk over this many.
constexpr int kElementsMax = 64;
constexpr int kListedCodesMax = 500;
constexpr uint32_t kWorkdaysMax = 366;
constexpr uint32_t kSheetsMax = 1000;
// A clerk waits at the counter; below the minimum no agency can answer.
constexpr uint32_t kHolderTimeoutMsMin = 100;
constexpr uint32_t kHolderTimeoutMsMax = 120'000;
// Beyond it there is no lock any more, only guessing.
constexpr uint32_t kMismatchesMax = 100;
// A floor above what a clerk waits for any answer helps nobody.
constexpr uint32_t kNotComparedFloorMsMax = 10'000;

bool CanRoute(v1::ValueType type) {
  return type == v1::VALUE_TYPE_LAND_OFFICE || type == v1::VALUE_TYPE_CODE ||
         type == v1::VALUE_TYPE_TEXT;
}

}  // namespace

void Checker::CheckCodes() {
  ForEach("purposes", &v1::RegistryFile::purposes,
          [this](const v1::PurposeCode& purpose, const Place& place) {
            CheckName(place, "code", purpose.code(), kDottedCode);
            CheckTexts(place, "title", purpose.has_title(), purpose.title(), /*required=*/true);
          });
  ForEach("legal_bases", &v1::RegistryFile::legal_bases,
          [this](const v1::LegalBasis& basis, const Place& place) {
            CheckName(place, "code", basis.code(), kDottedCode);
            CheckTexts(place, "title", basis.has_title(), basis.title(), /*required=*/true);
          });
}

void Checker::CheckKinds() {
  const std::vector<absl::string_view> legal_bases = Keys(legal_bases_);
  ForEach(
      "document_kinds", &v1::RegistryFile::document_kinds,
      [&](const v1::DocumentKind& kind, const Place& place) {
        CheckName(place, "code", kind.code(), kKindCode);
        CheckTexts(place, "title", kind.has_title(), kind.title(), /*required=*/true);
        if (kind.claims_size() == 0) {
          faults_.Add(place, "claims", "is empty; write what can be verified");
        }
        CheckElements(kind.claims(), "claims", place);
        CheckElements(kind.fields(), "fields", place);
        CheckReferences(place, "legal_bases", kind.legal_bases(), legal_bases, "legal basis");
        if (kind.legal_bases_size() == 0) {
          faults_.Add(place, "legal_bases",
                      "is empty; write the legal bases it may be asked under");
        }
        CheckRouting(kind, place);
        CheckEnum(place, "answer_mode", kind.answer_mode());
        CheckAnswering(kind, place);
        CheckEnum(place, "retention_class", kind.retention_class());
        CheckBound(place, "service_level_workdays", kind.service_level_workdays(), kWorkdaysMax);
        CheckBound(place, "replaces_sheets", kind.replaces_sheets(), kSheetsMax);
        CheckTexts(place, "replaces", kind.has_replaces(), kind.replaces(),
                   /*required=*/false);
        CheckText(place, "fallback_form", kind.fallback_form());
        CheckSchemes(place, kind.subject_schemes());
        CheckBound(place, "mismatches_per_person_max", kind.mismatches_per_person_max(),
                   kMismatchesMax);
        CheckBound(place, "mismatched_persons_max", kind.mismatched_persons_max(), kMismatchesMax);
        CheckBound(place, "not_compared_floor_ms", kind.not_compared_floor_ms(),
                   kNotComparedFloorMsMax);
        const uint32_t timeout = kind.holder_timeout_ms();
        if (timeout != 0 && (timeout < kHolderTimeoutMsMin || timeout > kHolderTimeoutMsMax)) {
          faults_.Add(place, "holder_timeout_ms",
                      absl::StrCat("is ", timeout, "; write ", kHolderTimeoutMsMin, " to ",
                                   kHolderTimeoutMsMax, ", or 0 for 10000"));
        }
      });
}

void Checker::CheckAnswering(const v1::DocumentKind& kind, const Place& place) {
  if (IsAnsweredAtDesk(kind) && kind.service_level_workdays() == 0) {
    faults_.Add(place, "service_level_workdays",
                "is 0, but a person answers; write within how many workdays");
  }
  if (IsAnsweredAtDesk(kind) && kind.fallback_form().empty()) {
    faults_.Add(place, "fallback_form",
                "is empty, but a person answers; write the form by which the clerk asks");
  }
  if (kind.sensitivity() == v1::SENSITIVITY_SPECIAL && !kind.log_before_forward()) {
    faults_.Add(place, "log_before_forward",
                "is false, but a question about special data discloses something by itself; write "
                "log_before_forward: true");
  }
}

void Checker::CheckSchemes(const Place& place,
                           const google::protobuf::RepeatedField<int>& schemes) {
  absl::flat_hash_set<int> seen;
  for (int i = 0; i < schemes.size(); ++i) {
    if (schemes[i] == 0 || !v1::IdentifierScheme_IsValid(schemes[i]) ||
        !seen.insert(schemes[i]).second) {
      faults_.AddAt(place, "subject_schemes", i, "",
                    "is unspecified, unknown or there twice; write each scheme once");
    }
  }
}

void Checker::CheckElements(const google::protobuf::RepeatedPtrField<v1::Element>& elements,
                            const char* list, const Place& kind) {
  if (elements.size() > kElementsMax) {
    faults_.Add(kind, list,
                absl::StrCat("has ", elements.size(), " elements; write at most ", kElementsMax));
  }
  absl::flat_hash_set<absl::string_view> codes;
  for (int i = 0; i < elements.size(); ++i) {
    const v1::Element& element = elements[i];
    const Place place = kind.Nested(list, i);
    CheckShape(place, "code", element.code(), kElementCode);
    if (!codes.insert(element.code()).second) {
      faults_.Add(place, "code",
                  absl::StrCat("the kind has \"", element.code(), "\" twice among its ", list,
                               "; give this one its own code"));
    }
    CheckEnum(place, "type", element.type());
    CheckTexts(place, "title", element.has_title(), element.title(), /*required=*/true);
    if (absl::string_view(list) == "fields" && element.required()) {
      faults_.Add(place, "required", "has no effect for a field; remove it");
    }
    const bool is_code = element.type() == v1::VALUE_TYPE_CODE;
    if (is_code && element.codes_size() == 0) {
      faults_.Add(place, "codes", "is empty; write the codes that VALUE_TYPE_CODE allows");
    } else if (!is_code && element.codes_size() > 0) {
      faults_.Add(place, "codes",
                  "has no effect here; write type: VALUE_TYPE_CODE or remove the codes");
    }
    if (element.codes_size() > kListedCodesMax) {
      faults_.Add(
          place, "codes",
          absl::StrCat("has ", element.codes_size(), " codes; write at most ", kListedCodesMax));
    }
    CheckUnique(place, "codes", element.codes());
    for (int c = 0; c < element.codes_size(); ++c) {
      if (!kListedCode.matches(element.codes(c))) {
        faults_.AddAt(place, "codes", c, element.codes(c),
                      absl::StrCat("has a wrong form; write ", kListedCode.expected));
      }
    }
  }
}

void Checker::CheckRouting(const v1::DocumentKind& kind, const Place& place) {
  if (kind.routing_claim().empty()) return;
  if (!CheckReference(place, "routing_claim", -1, kind.routing_claim(), Codes(kind.claims()),
                      "claim")) {
    return;
  }
  const auto claim =
      std::find_if(kind.claims().begin(), kind.claims().end(),
                   [&](const v1::Element& e) { return e.code() == kind.routing_claim(); });
  if (!claim->required()) {
    faults_.Add(place, "routing_claim",
                absl::StrCat("claim \"", claim->code(),
                             "\" may be left out, and then nobody could answer; write required: "
                             "true at the claim"));
  }
  if (claim->type() != v1::VALUE_TYPE_UNSPECIFIED && !CanRoute(claim->type())) {
    faults_.Add(place, "routing_claim",
                absl::StrCat("claim \"", claim->code(), "\" is of type ", TypeName(claim->type()),
                             "; route by a claim of type LAND_OFFICE, CODE or TEXT"));
  }
}

void Checker::CheckRoutes() {
  const std::vector<absl::string_view> kinds = Keys(kinds_);
  const std::vector<absl::string_view> members = Keys(members_);
  // (kind, area) → holder.
  absl::flat_hash_map<std::pair<absl::string_view, std::string>, absl::string_view> taken;
  ForEach("routes", &v1::RegistryFile::routes, [&](const v1::Route& route, const Place& place) {
    const bool has_holder = CheckReference(place, "holder", -1, route.holder(), members, "member");
    if (!CheckReference(place, "document_kind", -1, route.document_kind(), kinds,
                        "document kind")) {
      return;
    }
    const v1::DocumentKind& kind = *kinds_.at(route.document_kind());
    if (has_holder) CheckCanAnswer(*members_.at(route.holder()), kind, place);
    CheckAreas(route, kind, place);
    std::vector<std::string> areas;
    for (const std::string& text : route.areas()) {
      for (const v1::Element& claim : kind.claims()) {
        if (claim.code() != kind.routing_claim()) continue;
        const auto area = NormalArea(claim, text);
        if (area.ok()) areas.push_back(*area);
      }
    }
    if (kind.routing_claim().empty()) areas.emplace_back();
    for (const std::string& area : areas) {
      const auto [other, is_new] = taken.try_emplace({kind.code(), area}, route.holder());
      if (is_new) continue;
      faults_.Add(place, area.empty() ? "document_kind" : "areas",
                  area.empty()
                      ? absl::StrCat("\"", other->second,
                                     "\" answers this kind already; write one route, or give the "
                                     "kind a routing_claim")
                      : absl::StrCat("area \"", area, "\" is routed to \"", other->second,
                                     "\" already; write it in one route"));
    }
  });
}

void Checker::CheckCanAnswer(const v1::Member& holder, const v1::DocumentKind& kind,
                             const Place& route) {
  if (IsAnsweredAtDesk(kind) && !holder.has_desk()) {
    faults_.Add(route, "holder",
                absl::StrCat("\"", holder.id(), "\" has no desk, but its desk answers kind \"",
                             kind.code(), "\"; write desk {…} at the member"));
  }
  if (kind.answer_mode() == v1::ANSWER_MODE_HUMAN) return;
  if (std::none_of(holder.systems().begin(), holder.systems().end(),
                   [](const v1::System& s) { return s.role() == v1::ROLE_ADAPTER; })) {
    faults_.Add(route, "holder",
                absl::StrCat("\"", holder.id(),
                             "\" has no system with role ROLE_ADAPTER that could answer; add one "
                             "or name the agency that answers"));
  }
}

void Checker::CheckAreas(const v1::Route& route, const v1::DocumentKind& kind, const Place& place) {
  if (kind.routing_claim().empty()) {
    if (route.areas_size() > 0) {
      faults_.Add(place, "areas",
                  absl::StrCat("has no effect: kind \"", kind.code(),
                               "\" has no routing_claim; remove the areas or add the claim"));
    }
    return;
  }
  if (route.areas_size() == 0) {
    faults_.Add(place, "areas",
                absl::StrCat("is empty; write the values of claim \"", kind.routing_claim(),
                             "\" for which this holder answers"));
  }
  for (const v1::Element& claim : kind.claims()) {
    if (claim.code() != kind.routing_claim()) continue;
    for (int i = 0; i < route.areas_size(); ++i) {
      const auto area = NormalArea(claim, route.areas(i));
      if (!area.ok()) {
        faults_.AddAt(place, "areas", i, route.areas(i),
                      absl::StrCat("\"", route.areas(i), "\": ", area.status().message()));
      }
    }
  }
}

}  // namespace chayan::registry
