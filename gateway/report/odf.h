// What spreadsheet and letter share: the package and how text becomes XML.
#ifndef CHAYAN_GATEWAY_REPORT_ODF_H_
#define CHAYAN_GATEWAY_REPORT_ODF_H_

#include <pugixml.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::report {

// `text` as XML 1.0 can hold it: what is no UTF-8 and control characters but tab and line feed
// become U+FFFD.
std::string PrintableText(absl::string_view text);

// Appends a `text:p` (or `text:h`) with `text`; runs of spaces, tabs and line feeds keep their
// number.
pugi::xml_node AppendParagraph(pugi::xml_node parent, absl::string_view text,
                               const char* element = "text:p");

// An office:document-content with namespaces, and its body's `element` ("office:spreadsheet").
pugi::xml_node NewContent(pugi::xml_document& document, const char* element);

// The package: mimetype first and stored, then manifest, content, styles and meta, all of one fixed
// time.
absl::StatusOr<std::string> WritePackage(const std::string& mimetype, const std::string& title,
                                         const pugi::xml_document& content);

}  // namespace chayan::report

#endif  // CHAYAN_GATEWAY_REPORT_ODF_H_
