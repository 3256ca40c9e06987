#include "gateway/registry/changes.h"

#include <google/protobuf/util/message_differencer.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/base/legible.h"
#include "gateway/registry/index.h"
#include "gateway/registry/values.h"

namespace chayan::registry {
namespace {

struct Thing {
  const google::protobuf::Message* message = nullptr;  // null: its name says all
  std::string kind{};                                  // of a route
};
// Each thing of a set under the words that name it, "grant shanhua-land-title".
using Things = std::map<std::string, Thing>;

// A certificate's text does not help anyone to read a change.
constexpr size_t kChangeCharactersMax = 200;

// Empty where they say the same.
std::string TextOf(const google::protobuf::Message& before,
                   const google::protobuf::Message& after) {
  std::string report;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_repeated_field_comparison(
      google::protobuf::util::MessageDifferencer::AS_SMART_LIST);
  differencer.ReportDifferencesToString(&report);
  if (differencer.Compare(before, after)) return "";
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(report, '\n', absl::SkipEmpty())) {
    lines.emplace_back(line.size() <= kChangeCharactersMax
                           ? Legible(line)
                           : absl::StrCat(line.substr(0, line.find_first_of(":\"")), ": …"));
  }
  return absl::StrJoin(lines, "; ");
}

void AddThings(const v1::RegistryFile& file, Things& things) {
  if (file.has_deployment()) things["deployment"] = {&file.deployment()};
  if (file.has_witness_policy()) {
    const v1::WitnessPolicy& policy = file.witness_policy();
    things["witness policy"] = {&policy};
    for (const auto& witness : policy.witnesses()) things["witness " + witness.name()] = {};
  }
  for (const auto& issuer : file.issuers()) things["issuer " + issuer.id()] = {&issuer};
  for (const auto& member : file.members()) things["member " + member.id()] = {&member};
  for (const auto& purpose : file.purposes()) things["purpose " + purpose.code()] = {&purpose};
  for (const auto& basis : file.legal_bases()) things["legal basis " + basis.code()] = {&basis};
  for (const auto& kind : file.document_kinds()) things["document kind " + kind.code()] = {&kind};
  for (const auto& grant : file.grants()) things["grant " + grant.id()] = {&grant};
  for (const auto& rule : file.county_rules()) things["county rule " + rule.id()] = {&rule};
  for (const auto& kind : file.notice_kinds()) things["notice kind " + kind.code()] = {&kind};
  for (const auto& grant : file.notice_grants()) things["notice grant " + grant.id()] = {&grant};
  for (const auto& each : file.subscriptions()) things["subscription " + each.id()] = {&each};
  for (const auto& year : file.calendar_years()) {
    things[absl::StrCat("calendar year ", year.year())] = {&year};
  }
  for (const auto& grant : file.audit_grants()) things["audit grant " + grant.id()] = {&grant};
  for (const auto& key : file.assertion_keys()) {
    things[absl::StrCat("assertion key ", key.member(), " ", key.key_id())] = {&key};
  }
}

}  // namespace

Changes::Changes(const Snapshot& before, const Snapshot& after) {
  const auto collect = [](const Snapshot::Index& index) {
    Things things;
    for (const auto& file : index.messages) AddThings(*file, things);
    for (const auto& [id, key] : index.answer_keys) {
      things[absl::StrCat("answer key ", key.proto->member(), "/", key.proto->system(), " ",
                          id.ToHex())] = {key.proto};
    }
    for (const auto& [key, holder] : index.routes) {
      things[absl::StrCat("route ", key.kind, key.area.empty() ? "" : " ", key.area, " to ",
                          holder->id())] = {nullptr, std::string(key.kind)};
    }
    return things;
  };
  const Things old_things = collect(*before.index_);
  const Things new_things = collect(*after.index_);

  for (const auto& [name, thing] : old_things) {
    if (new_things.contains(name)) continue;
    list_.push_back({Change::Way::kGone, thing.message, nullptr, thing.kind, "- " + name});
  }
  for (const auto& [name, thing] : new_things) {
    const auto old = old_things.find(name);
    if (old == old_things.end()) {
      list_.push_back({Change::Way::kNew, nullptr, thing.message, thing.kind, "+ " + name});
      continue;
    }
    if (thing.message == nullptr) continue;
    const std::string text = TextOf(*old->second.message, *thing.message);
    if (text.empty()) continue;
    list_.push_back({Change::Way::kOther, old->second.message, thing.message, thing.kind,
                     absl::StrCat("~ ", name, ": ", text)});
  }
}

std::vector<std::string> Differences(const Snapshot& before, const Snapshot& after) {
  std::vector<std::string> lines;
  const Changes changes(before, after);
  for (const Change& change : changes.list()) lines.push_back(change.text);
  return lines;
}

}  // namespace chayan::registry
