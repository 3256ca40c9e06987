#include "gateway/report/odf.h"

#include <zip.h>

#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"

namespace chayan::report {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";
// 1980-01-01 00:00 in the date form of zip files, the earliest there is.
constexpr zip_uint16_t kDosDate = 0x21;

// Bytes of the UTF-8 character that begins here; 0 when none does.
size_t CharacterLength(absl::string_view text) {
  for (size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (IsValidUtf8(text.substr(0, length))) return length;
  }
  return 0;
}

std::string ToText(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(out).str();
}

struct Member {
  std::string name;
  std::string content;
  bool stored = false;
};

std::string Manifest(const std::string& mimetype) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("manifest:manifest");
  root.append_attribute("xmlns:manifest") = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";
  root.append_attribute("manifest:version") = "1.2";
  const std::pair<const char*, const char*> files[] = {{"/", mimetype.c_str()},
                                                       {"content.xml", "text/xml"},
                                                       {"styles.xml", "text/xml"},
                                                       {"meta.xml", "text/xml"}};
  for (const auto& [path, type] : files) {
    pugi::xml_node entry = root.append_child("manifest:file-entry");
    entry.append_attribute("manifest:full-path") = path;
    entry.append_attribute("manifest:media-type") = type;
  }
  return ToText(document);
}

// Fonts that have the characters of Taiwan's registers, by the names office programs know.
std::string Styles() {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("office:document-styles");
  root.append_attribute("xmlns:office") = "urn:oasis:names:tc:opendocument:xmlns:office:1.0";
  root.append_attribute("xmlns:style") = "urn:oasis:names:tc:opendocument:xmlns:style:1.0";
  root.append_attribute("xmlns:fo") = "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0";
  root.append_attribute("office:version") = "1.2";
  pugi::xml_node styles = root.append_child("office:styles");
  for (const char* family : {"paragraph", "table-cell"}) {
    pugi::xml_node style = styles.append_child("style:default-style");
    style.append_attribute("style:family") = family;
    pugi::xml_node text = style.append_child("style:text-properties");
    text.append_attribute("fo:font-family") = "Liberation Sans";
    text.append_attribute("style:font-family-asian") = "Noto Sans CJK TC";
    text.append_attribute("fo:font-size") = "11pt";
    text.append_attribute("style:font-size-asian") = "11pt";
    text.append_attribute("fo:language") = "en";
    text.append_attribute("fo:country") = "US";
    text.append_attribute("style:language-asian") = "zh";
    text.append_attribute("style:country-asian") = "TW";
  }
  return ToText(document);
}

std::string Meta(const std::string& title) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("office:document-meta");
  root.append_attribute("xmlns:office") = "urn:oasis:names:tc:opendocument:xmlns:office:1.0";
  root.append_attribute("xmlns:dc") = "http://purl.org/dc/elements/1.1/";
  root.append_attribute("xmlns:meta") = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0";
  root.append_attribute("office:version") = "1.2";
  pugi::xml_node meta = root.append_child("office:meta");
  meta.append_child("meta:generator").text() = "Chayan";
  meta.append_child("dc:title").text() = PrintableText(title).c_str();
  return ToText(document);
}

absl::Status ZipFault(zip_t* archive) {
  return absl::InternalError(absl::StrCat("zip: ", zip_strerror(archive)));
}

absl::Status AddMember(zip_t* archive, const Member& member) {
  // The archive reads the buffer when it is closed; members live as long.
  zip_source_t* const source =
      zip_source_buffer(archive, member.content.data(), member.content.size(), /*freep=*/0);
  if (source == nullptr) return ZipFault(archive);
  const zip_int64_t index = zip_file_add(archive, member.name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return ZipFault(archive);
  }
  const auto at = static_cast<zip_uint64_t>(index);
  const zip_int32_t method = member.stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE;
  if (zip_set_file_compression(archive, at, method, /*comp_flags=*/0) != 0 ||
      zip_file_set_dostime(archive, at, /*dostime=*/0, kDosDate, /*flags=*/0) != 0) {
    return ZipFault(archive);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSource(zip_source_t* source) {
  zip_stat_t stat;
  if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0) {
    return absl::InternalError("zip: the archive cannot be read back");
  }
  std::string bytes(stat.size, '\0');
  const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (got != static_cast<zip_int64_t>(bytes.size())) {
    return absl::InternalError("zip: the archive cannot be read back");
  }
  return bytes;
}

absl::StatusOr<std::string> WriteZip(const std::vector<Member>& members) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const raw = zip_source_buffer_create(nullptr, 0, /*freep=*/0, &error);
  if (raw == nullptr) return absl::InternalError("zip: no memory");
  // One reference is ours, the other the archive's.
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> source(raw, &zip_source_free);
  zip_source_keep(raw);
  zip_t* const archive = zip_open_from_source(raw, ZIP_CREATE | ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    zip_source_free(raw);
    return absl::InternalError("zip: the archive cannot be begun");
  }
  absl::Status status;
  for (const Member& member : members) {
    status = AddMember(archive, member);
    if (!status.ok()) break;
  }
  if (status.ok() && zip_close(archive) != 0) status = ZipFault(archive);
  if (!status.ok()) {
    zip_discard(archive);
    return status;
  }
  return ReadSource(source.get());
}

}  // namespace

std::string PrintableText(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool control = length == 1 && first < 0x20 && first != '\t' && first != '\n';
    // U+FFFE and U+FFFF are no characters of XML.
    const bool outside = length == 3 && text.substr(0, 2) == "\xEF\xBF" &&
                         static_cast<unsigned char>(text[2]) >= 0xBE;
    if (length == 0 || control || outside) {
      out.append(kReplacement);
    } else {
      out.append(text.data(), length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

pugi::xml_node AppendParagraph(pugi::xml_node parent, absl::string_view text, const char* element) {
  pugi::xml_node paragraph = parent.append_child(element);
  const std::string printable = PrintableText(text);
  std::string run;
  const auto flush = [&] {
    if (!run.empty()) paragraph.append_child(pugi::node_pcdata).set_value(run.c_str());
    run.clear();
  };
  for (size_t i = 0; i < printable.size(); ++i) {
    const char c = printable[i];
    // A single space between words is itself; further ones, and those at the ends, would be folded.
    const bool plain_space = c == ' ' && !run.empty() && run.back() != ' ' &&
                             i + 1 < printable.size() && printable[i + 1] != ' ';
    if ((c != ' ' || plain_space) && c != '\t' && c != '\n') {
      run.push_back(c);
      continue;
    }
    flush();
    paragraph.append_child(c == ' ' ? "text:s" : c == '\t' ? "text:tab" : "text:line-break");
  }
  flush();
  return paragraph;
}

pugi::xml_node NewContent(pugi::xml_document& document, const char* element) {
  pugi::xml_node root = document.append_child("office:document-content");
  for (const char* name : {"office", "table", "text", "style"}) {
    root.append_attribute(absl::StrCat("xmlns:", name).c_str()) =
        absl::StrCat("urn:oasis:names:tc:opendocument:xmlns:", name, ":1.0").c_str();
  }
  root.append_attribute("office:version") = "1.2";
  return root.append_child("office:body").append_child(element);
}

absl::StatusOr<std::string> WritePackage(const std::string& mimetype, const std::string& title,
                                         const pugi::xml_document& content) {
  return WriteZip({{"mimetype", mimetype, /*stored=*/true},
                   {"META-INF/manifest.xml", Manifest(mimetype)},
                   {"content.xml", ToText(content)},
                   {"styles.xml", Styles()},
                   {"meta.xml", Meta(title)}});
}

}  // namespace chayan::report
