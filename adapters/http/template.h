// Texts with placeholders, parsed once. What is put in is escaped for the place where it stands, so
// that a name can never become syntax. `{name}` is a placeholder; any other brace is itself.
#ifndef CHAYAN_ADAPTERS_HTTP_TEMPLATE_H_
#define CHAYAN_ADAPTERS_HTTP_TEMPLATE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::http_connector {

// Where the text goes.
enum class Context {
  kUrl,     // percent-encoded: all but unreserved characters (RFC 3986 section 2.3)
  kForm,    // the same: a form's reader takes %20 for a space too
  kJson,    // inside a JSON string
  kXml,     // in XML text or a quoted attribute
  kHeader,  // as it is; printable ASCII alone
};

// By name. Values are UTF-8.
using Bindings = std::map<std::string, std::string, std::less<>>;

// Immutable; thread-safe.
class Template {
 public:
  // INVALID_ARGUMENT, with a remedy, where a placeholder stands where its escaping does not hold:
  // outside a JSON string, in the name of an XML element.
  static absl::StatusOr<Template> Create(absl::string_view text, Context context);

  const std::vector<std::string>& names() const { return names_; }
  // INVALID_ARGUMENT for a value that cannot stand there at all (a control character in XML, a
  // Chinese character in a header); it names the placeholder, not the value.
  // REQUIRES: each of names() is bound.
  absl::StatusOr<std::string> Fill(const Bindings& bindings) const;

 private:
  Template(Context context) : context_(context) {}
  absl::Status Check() const;

  Context context_;
  std::vector<std::string> names_;     // in order; one that stands twice is here twice
  std::vector<std::string> literals_;  // around them: one more than names
};

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_TEMPLATE_H_
