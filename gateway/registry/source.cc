#include "gateway/registry/source.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/encoding.h"
#include "gateway/registry/shapes.h"

namespace chayan::registry {
namespace {

using google::protobuf::FieldDescriptor;

void ParseFile(SourceFile& file, Faults& faults, absl::flat_hash_set<std::string>& names) {
  ReadMessage(
      file.text,
      [&](int line, int column, absl::string_view what) {
        faults.Add(file.path, line, absl::StrCat("column ", column), what);
      },
      file.message, file.read);
  names.merge(file.read.names_left_out);
}

}  // namespace

Place::Place(const SourceFile& file)
    : file_(&file), descriptor_(v1::RegistryFile::descriptor()), tree_(&file.read.places) {}

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
