#include "gateway/registry/source.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/encoding.h"
#include "gateway/base/nearest_name.h"
#include "gateway/registry/shapes.h"

namespace chayan::registry {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

// No message of the schema nests deeper than 4.
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

// The parser's words, with a name that may have been meant.
std::string Explain(absl::string_view message) {
  std::string text(message);
  if (absl::EndsWith(text, ".")) text.pop_back();
  const auto* file = v1::RegistryFile::descriptor()->file();
  std::vector<absl::string_view> candidates;
  if (absl::StrContains(text, "has no field named")) {
    const absl::string_view type = Quoted(text, 0);
    const auto* descriptor = file->pool()->FindMessageTypeByName(std::string(type));
    for (int i = 0; descriptor != nullptr && i < descriptor->field_count(); ++i) {
      candidates.push_back(descriptor->field(i)->name());
    }
    return absl::StrCat(text, DidYouMean(Quoted(text, 1), candidates));
  }
  if (absl::StrContains(text, "Unknown enumeration value")) {
    for (const auto* in : {file, v1::Element::descriptor()->file(),
                           google::protobuf::GetEnumDescriptor<v1::IdentifierScheme>()->file()}) {
      for (int i = 0; i < in->enum_type_count(); ++i) {
        for (int j = 0; j < in->enum_type(i)->value_count(); ++j) {
          candidates.push_back(in->enum_type(i)->value(j)->name());
        }
      }
    }
    return absl::StrCat(text, DidYouMean(Quoted(text, 0), candidates));
  }
  return text;
}

class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  Collector(const std::string& path, Faults& faults) : path_(path), faults_(faults) {}

  void AddError(int line, int column, const std::string& message) override {
    if (error_line_ < 0) error_line_ = line;
    AddWarning(line, column, message);
  }
  // Unknown fields come as warnings, so that reading goes on after them.
  void AddWarning(int line, int column, const std::string& message) override {
    // A file is read again after each element that had to be left out.
    if (!seen_.insert(absl::StrCat(line, ":", column, ":", message)).second) return;
    faults_.Add(path_, line + 1, absl::StrCat("column ", column + 1), Explain(message));
  }
  // Line of the first error since the last call, -1 if there was none.
  int TakeErrorLine() { return std::exchange(error_line_, -1); }

 private:
  const std::string& path_;
  Faults& faults_;
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

void ParseFile(SourceFile& file, Faults& faults, absl::flat_hash_set<std::string>& names) {
  Collector collector(file.path, faults);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kNestingMax);
  std::string text(file.text);
  for (int reading = 0; reading < kReadingsMax; ++reading) {
    file.message.Clear();
    std::destroy_at(&file.tree);
    std::construct_at(&file.tree);
    parser.WriteLocationsTo(&file.tree);
    if (parser.ParseFromString(text, &file.message)) return;
    const int line = collector.TakeErrorLine();
    if (line < 0 || !LeaveOut(text, line, names)) break;
  }
  file.message.Clear();
  CollectQuoted(file.text, names);
}

}  // namespace

Place::Place(const SourceFile& file)
    : file_(&file), descriptor_(v1::RegistryFile::descriptor()), tree_(&file.tree) {}

Place Place::Nested(const char* field, int index) const {
  const FieldDescriptor* descriptor = descriptor_->FindFieldByName(field);
  Place nested = *this;
  nested.path_ = PathOf(field, index);
  nested.line_ = LineOf(field, index, "");
  nested.tree_ = tree_ == nullptr ? nullptr : tree_->GetTreeForNested(descriptor, index);
  nested.descriptor_ = descriptor->message_type();
  return nested;
}

std::string Place::PathOf(absl::string_view field, int index) const {
  std::string path = path_;
  if (!path.empty() && !field.empty()) path += '.';
  absl::StrAppend(&path, field);
  if (index >= 0) absl::StrAppend(&path, "[", index, "]");
  return path;
}

int Place::LineOf(absl::string_view field, int index, absl::string_view value) const {
  const FieldDescriptor* descriptor =
      field.empty() ? nullptr : descriptor_->FindFieldByName(std::string(field));
  if (tree_ == nullptr || descriptor == nullptr) return line_;
  if (descriptor->is_repeated() && index < 0) index = 0;
  auto range = tree_->GetLocationRange(descriptor, index);
  // The parser records a bracketed list once, under its first index.
  for (int first = index - 1; range.start.line < 0 && first >= 0; --first) {
    range = tree_->GetLocationRange(descriptor, first);
  }
  if (range.start.line < 0) return line_;
  if (descriptor->is_repeated() && !value.empty() && range.end.line > range.start.line) {
    const std::vector<absl::string_view> lines = absl::StrSplit(file_->text, '\n');
    const std::string quoted = absl::StrCat("\"", value, "\"");
    for (int line = range.start.line; line <= range.end.line; ++line) {
      if (absl::StrContains(lines[static_cast<size_t>(line)], quoted)) return line + 1;
    }
  }
  return range.start.line + 1;
}

void Faults::Add(absl::string_view file, int line, absl::string_view path, absl::string_view what) {
  if (faults_.size() == kFaultsMax) {
    ++left_out_;
    return;
  }
  const absl::string_view separator = path.empty() ? "" : ": ";
  faults_.push_back({std::string(file), line, absl::StrCat(path, separator, what)});
}

void Faults::AddAt(const Place& place, absl::string_view field, int index, absl::string_view value,
                   absl::string_view what) {
  Add(place.file().path, place.LineOf(field, index, value), place.PathOf(field, index), what);
}

std::vector<std::string> Faults::ToLines() const {
  std::vector<Fault> sorted = faults_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  std::vector<std::string> lines;
  for (const Fault& fault : sorted) {
    lines.push_back(absl::StrCat(fault.file, ":", fault.line, ": ", fault.text));
  }
  if (left_out_ > 0) lines.push_back(absl::StrCat("… and ", left_out_, " more"));
  return lines;
}

Sources ParseFiles(const Files& files, Faults& faults) {
  Sources sources;
  size_t bytes = 0;
  for (const auto& [path, text] : files) bytes += text.size();
  if (files.empty()) {
    faults.Add(".", 1, "", "no *.textproto file; write at least one");
  } else if (files.size() > kFilesMax || bytes > kSetBytesMax) {
    faults.Add(".", 1, "",
               absl::StrCat(files.size(), " files with ", bytes, " bytes; a set has at most ",
                            kFilesMax, " files and ", kSetBytesMax, " bytes"));
    return sources;
  }
  absl::flat_hash_set<absl::string_view> paths;
  for (const auto& [path, text] : files) {
    if (!kFilePath.matches(path)) {
      // The name is not repeated: it may hold anything.
      faults.Add("(file name)", 1, "", absl::StrCat("must be ", kFilePath.expected));
      continue;
    }
    if (!paths.insert(path).second) {
      faults.Add(path, 1, "", "the set has this file twice; give one of them another name");
      continue;
    }
    if (!IsValidUtf8(text)) {
      faults.Add(path, 1, "", "is not UTF-8; save the file in that encoding");
      continue;
    }
    auto file = std::make_unique<SourceFile>();
    file->path = path;
    file->text = text;
    ParseFile(*file, faults, sources.unreadable_names);
    sources.files.push_back(std::move(file));
  }
  return sources;
}

}  // namespace chayan::registry
