#include "adapters/http/transform.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/era_date.h"
#include "gateway/ident/fold.h"
#include "re2/re2.h"
#include "unicode/bytestream.h"
#include "unicode/normalizer2.h"

namespace chayan::http_connector {
namespace {

constexpr uint32_t kPadWidthMax = 64;           // longer than any register number
constexpr int64_t kPatternMemoryMax = 1 << 20;  // a pattern is read once and must stay small

absl::StatusOr<std::string> Nfc(std::string value) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* const normalizer = icu::Normalizer2::getNFCInstance(code);
  if (U_FAILURE(code)) return absl::InternalError("ICU has no NFC");
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  normalizer->normalizeUTF8(0, value, sink, nullptr, code);
  if (U_FAILURE(code)) return absl::InvalidArgumentError("nfc cannot read the value");
  return out;
}

absl::StatusOr<std::string> RocDate(std::string value) {
  const absl::StatusOr<ident::EraDate> date = ident::ParseStoredDate(value);
  if (!date.ok()) return absl::InvalidArgumentError("roc_date cannot read the value");
  return ident::PrintIso(*date);
}

using TextStep = std::function<absl::StatusOr<std::string>(std::string)>;

absl::StatusOr<TextStep> NewMap(const v1::ValueMap& map) {
  if (map.entries().empty()) {
    return absl::InvalidArgumentError(
        "map: has no entries, add `entries { from: \"…\" to: \"…\" }`");
  }
  std::map<std::string, std::string> entries;
  for (const v1::ValueMapEntry& entry : map.entries()) {
    if (!entries.emplace(entry.from(), entry.to()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("map: \"", entry.from(), "\" stands twice, keep one"));
    }
  }
  return [entries = std::move(entries)](std::string value) -> absl::StatusOr<std::string> {
    const auto found = entries.find(value);
    if (found == entries.end()) return absl::InvalidArgumentError("map does not know the value");
    return found->second;
  };
}

absl::StatusOr<TextStep> NewFullMatch(const std::string& text) {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kPatternMemoryMax);
  const auto pattern = std::make_shared<const RE2>(text, options);
  if (!pattern->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("full_match: RE2 does not take it: ", pattern->error()));
  }
  if (pattern->NumberOfCapturingGroups() > 1) {
    return absl::InvalidArgumentError(
        "full_match: has several groups, write (?:…) for all but one");
  }
  return [pattern](std::string value) -> absl::StatusOr<std::string> {
    if (pattern->NumberOfCapturingGroups() == 0) {
      if (RE2::FullMatch(value, *pattern)) return value;
    } else if (std::string group; RE2::FullMatch(value, *pattern, &group)) {
      return group;
    }
    return absl::InvalidArgumentError("full_match does not match the value");
  };
}

absl::StatusOr<TextStep> NewPad(const v1::ValuePad& pad) {
  const std::string fill = pad.fill().empty() ? "0" : pad.fill();
  if (pad.width() == 0 || pad.width() > kPadWidthMax || ident::CountCodePoints(fill) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("pad: write a width from 1 to ", kPadWidthMax, " and one character to fill"));
  }
  return [fill, width = pad.width()](std::string value) -> absl::StatusOr<std::string> {
    const size_t length = ident::CountCodePoints(value);
    std::string out;
    for (size_t i = length; i < width; ++i) out += fill;
    return out + value;
  };
}

}  // namespace

absl::StatusOr<Transforms::Step> Transforms::NewStep(const v1::ValueTransform& step) {
  switch (step.step_case()) {
    case v1::ValueTransform::kTrim:
      return [](std::string value) -> absl::StatusOr<std::string> {
        return std::string(ident::Trim(value));
      };
    case v1::ValueTransform::kNfc:
      return Nfc;
    case v1::ValueTransform::kFoldWidth:
      return
          [](std::string value) -> absl::StatusOr<std::string> { return ident::FoldWidth(value); };
    case v1::ValueTransform::kRocDate:
      return RocDate;
    case v1::ValueTransform::kMap:
      return NewMap(step.map());
    case v1::ValueTransform::kFullMatch:
      return NewFullMatch(step.full_match());
    case v1::ValueTransform::kPad:
      return NewPad(step.pad());
    case v1::ValueTransform::STEP_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("says no step, write one such as `trim: true`");
}

absl::StatusOr<Transforms> Transforms::Create(
    const google::protobuf::RepeatedPtrField<v1::ValueTransform>& steps) {
  Transforms transforms;
  for (const v1::ValueTransform& step : steps) {
    CHAYAN_ASSIGN_OR_RETURN(Step made, NewStep(step));
    transforms.steps_.push_back(std::move(made));
  }
  return transforms;
}

absl::StatusOr<std::string> Transforms::Apply(std::string value) const {
  for (const Step& step : steps_) {
    CHAYAN_ASSIGN_OR_RETURN(value, step(std::move(value)));
  }
  return value;
}

}  // namespace chayan::http_connector
