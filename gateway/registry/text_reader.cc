#include "gateway/registry/text_reader.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/nearest_name.h"

namespace chayan::registry {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::TextFormat;

// No message of ours nests half as deep.
constexpr int kNestingMax = 16;

// Each unreadable element costs one more reading of its file.
constexpr int kReadingsMax = 100;

// The text between the `n`th pair of quotes of a parser's message.
absl::string_view Quoted(absl::string_view message, size_t n) {
  const std::vector<absl::string_view> parts = absl::StrSplit(message, '"');
  return 2 * n + 1 < parts.size() ? parts[2 * n + 1] : absl::string_view();
}

std::string DidYouMean(absl::string_view name, const std::vector<absl::string_view>& candidates) {
  const absl::string_view nearest = NearestName(name, candidates);
  return nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?");
}

void AddEnumValues(const FileDescriptor& file, std::vector<absl::string_view>& names) {
  for (int i = 0; i < file.enum_type_count(); ++i) {
    for (int j = 0; j < file.enum_type(i)->value_count(); ++j) {
      names.push_back(file.enum_type(i)->value(j)->name());
    }
  }
  for (int i = 0; i < file.dependency_count(); ++i) {
    if (absl::StartsWith(file.dependency(i)->package(), "chayan.")) {
      AddEnumValues(*file.dependency(i), names);
    }
  }
}

// The parser's words, with a name that may have been meant.
std::string Explain(absl::string_view message, const FileDescriptor& file) {
  std::string text(message);
  if (absl::EndsWith(text, ".")) text.pop_back();
  std::vector<absl::string_view> candidates;
  if (absl::StrContains(text, "has no field named")) {
    const Descriptor* type = file.pool()->FindMessageTypeByName(std::string(Quoted(text, 0)));
    for (int i = 0; type != nullptr && i < type->field_count(); ++i) {
      candidates.push_back(type->field(i)->name());
    }
    return absl::StrCat(text, DidYouMean(Quoted(text, 1), candidates));
  }
  if (absl::StrContains(text, "Unknown enumeration value")) {
    AddEnumValues(file, candidates);
    return absl::StrCat(text, DidYouMean(Quoted(text, 0), candidates));
  }
  return text;
}

class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  Collector(const FileDescriptor& file, const TextFault& fault) : file_(file), fault_(fault) {}

  void AddError(int line, int column, const std::string& message) override {
    if (error_line_ < 0) error_line_ = line;
    AddWarning(line, column, message);
  }
  // Unknown fields come as warnings, so that reading goes on after them.
  void AddWarning(int line, int column, const std::string& message) override {
    // A file is read again after each element that had to be left out.
    if (!seen_.insert(absl::StrCat(line, ":", column, ":", message)).second) return;
    fault_(line + 1, column + 1, Explain(message, file_));
  }
  // Line of the first error since the last call, -1 if there was none.
  int TakeErrorLine() { return std::exchange(error_line_, -1); }

 private:
  const FileDescriptor& file_;
  const TextFault& fault_;
  absl::flat_hash_set<std::string> seen_;
  int error_line_ = -1;
};

// Bytes [begin, end) of an element of the file.
struct Span {
  size_t begin;
  size_t end;
};

// Top-level elements by brackets alone, each to the bracket that closes it. What is not closed
// reaches to the end of the text.
std::vector<Span> TopLevelElements(absl::string_view text) {
  std::vector<Span> elements;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"' || c == '\'') {
      // A string ends at its quote or, left open, at the end of the line.
      for (++i; i < text.size() && text[i] != c && text[i] != '\n'; ++i) {
        if (text[i] == '\\') ++i;
      }
    } else if (c == '{' || c == '[' || c == '<') {
      ++depth;
    } else if ((c == '}' || c == ']' || c == '>') && (depth == 0 || --depth == 0)) {
      elements.push_back({begin, i + 1});
      begin = i + 1;
    }
  }
  if (begin < text.size()) elements.push_back({begin, text.size()});
  return elements;
}

void CollectQuoted(absl::string_view text, absl::flat_hash_set<std::string>& names) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '"');
  for (size_t i = 1; i < parts.size(); i += 2) names.emplace(parts[i]);
}

// Blanks the element in which `line` (0-based) stands, lines kept. False if there is none.
bool LeaveOut(std::string& text, int line, absl::flat_hash_set<std::string>& names) {
  size_t offset = 0;
  for (int i = 0; i < line && offset < text.size(); ++i) {
    offset = std::min(text.find('\n', offset), text.size() - 1) + 1;
  }
  // The parser names the token after the fault; an element may end on the line before it.
  for (const Span& element : TopLevelElements(text)) {
    if (element.end <= offset && element.end < text.size()) continue;
    bool blanked = false;
    CollectQuoted(absl::string_view(text).substr(element.begin, element.end - element.begin),
                  names);
    for (size_t i = element.begin; i < element.end; ++i) {
      if (text[i] == '\n' || text[i] == ' ') continue;
      text[i] = ' ';
      blanked = true;
    }
    if (blanked) return true;
  }
  return false;
}

}  // namespace

void ReadMessage(absl::string_view text, const TextFault& fault, google::protobuf::Message& message,
                 ReadText& read) {
  Collector collector(*message.GetDescriptor()->file(), fault);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kNestingMax);
  std::string rest(text);
  for (int reading = 0; reading < kReadingsMax; ++reading) {
    message.Clear();
    std::destroy_at(&read.places);
    std::construct_at(&read.places);
    parser.WriteLocationsTo(&read.places);
    if (parser.ParseFromString(rest, &message)) return;
    read.left_out = true;
    const int line = collector.TakeErrorLine();
    if (line < 0 || !LeaveOut(rest, line, read.names_left_out)) break;
  }
  message.Clear();
  CollectQuoted(text, read.names_left_out);
}

}  // namespace chayan::registry
