// Faults of a text file of settings, each with the line where it stands. Whoever checks a file goes
// through it with a Place and tells all faults, not the first.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_PLACE_H_
#define CHAYAN_ADAPTERS_CONNECTOR_PLACE_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gateway/registry/text_reader.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"

namespace chayan::connector {

using Places = google::protobuf::TextFormat::ParseInfoTree;

// Collects faults of one file.
class Faults {
 public:
  explicit Faults(std::string file) : file_(std::move(file)) {}
  // `line` from 0; less: the file as a whole.
  void Add(int line, absl::string_view message) { faults_.emplace_back(line, message); }
  // Reads the file's text. False if parts had to be left out: what depends on them says nothing.
  bool Read(absl::string_view text, google::protobuf::Message& message) {
    registry::ReadText read;
    return Read(text, message, read);
  }
  bool Read(absl::string_view text, google::protobuf::Message& message, registry::ReadText& read) {
    registry::ReadMessage(
        text,
        [this](int line, int column, absl::string_view what) {
          Add(line - 1, absl::StrCat("column ", column, ": ", what));
        },
        message, read);
    return !read.left_out;
  }
  bool empty() const { return faults_.empty(); }
  // By line.
  absl::Status ToStatus() const {
    if (empty()) return absl::OkStatus();
    auto sorted = faults_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    return absl::InvalidArgumentError(
        absl::StrJoin(sorted, "\n", [this](std::string* out, const auto& fault) {
          absl::StrAppend(out, file_);
          if (fault.first >= 0) absl::StrAppend(out, ":", fault.first + 1);
          absl::StrAppend(out, ": ", fault.second);
        }));
  }

 private:
  const std::string file_;
  std::vector<std::pair<int, std::string>> faults_;
};

// One message of the file, with what is needed to say where a field of it stands.
class Place {
 public:
  Place(const google::protobuf::Message& message, const Places* places, Faults& faults,
        std::string prefix, int line)
      : message_(message), places_(places), faults_(faults), prefix_(prefix), line_(line) {}

  // `field: what is wrong, what to write instead`.
  void Fault(const std::string& field, absl::string_view what, int index = -1) const {
    faults_.Add(LineOf(field, index), absl::StrCat(prefix_, field, ": ", what));
  }

  // Says so when a text field is empty or a repeated one has no element.
  bool Require(const std::string& field, absl::string_view example) const {
    const auto* descriptor = message_.GetDescriptor()->FindFieldByName(field);
    const auto* reflection = message_.GetReflection();
    const bool given = descriptor->is_repeated() ? reflection->FieldSize(message_, descriptor) > 0
                                                 : reflection->HasField(message_, descriptor);
    if (!given) Fault(field, absl::StrCat("is missing, add a line `", field, ": ", example, "`"));
    return given;
  }

  Place Nested(const std::string& field, const google::protobuf::Message& message,
               int index = -1) const {
    const auto* descriptor = message_.GetDescriptor()->FindFieldByName(field);
    const std::string name =
        index < 0 ? absl::StrCat(field, ".") : absl::StrCat(field, "[", index, "].");
    const int nested_index = descriptor->is_repeated() ? index : -1;
    return Place(message,
                 places_ == nullptr ? nullptr : places_->GetTreeForNested(descriptor, nested_index),
                 faults_, absl::StrCat(prefix_, name), LineOf(field, nested_index));
  }

 private:
  // The line of the field; where it is missing, that of the message around it.
  int LineOf(const std::string& field, int index) const {
    const auto* descriptor = message_.GetDescriptor()->FindFieldByName(field);
    if (places_ == nullptr || descriptor == nullptr) return line_;
    const bool repeated = descriptor->is_repeated();
    const int line = places_->GetLocation(descriptor, repeated ? std::max(index, 0) : -1).line;
    return line < 0 ? line_ : line;
  }

  const google::protobuf::Message& message_;
  const Places* const places_;
  Faults& faults_;
  const std::string prefix_;
  const int line_;
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_PLACE_H_
