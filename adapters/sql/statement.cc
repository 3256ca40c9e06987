#include "adapters/sql/statement.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::sql {
namespace {

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

class Parser {
 public:
  explicit Parser(absl::string_view text) : rest_(text) {}

  // `verbs`: what it may begin with. `refusal`: what is said of another.
  absl::StatusOr<Statement> Parse(std::initializer_list<absl::string_view> verbs,
                                  absl::string_view refusal) {
    while (!rest_.empty()) {
      CHAYAN_RETURN_IF_ERROR(Step());
    }
    const absl::string_view trimmed = absl::StripAsciiWhitespace(statement_.text);
    for (const absl::string_view verb : verbs) {
      if (absl::StartsWithIgnoreCase(trimmed, verb)) return std::move(statement_);
    }
    return absl::InvalidArgumentError(refusal);
  }

 private:
  absl::Status Step() {
    const char c = rest_.front();
    if (c == '\'' || c == '"') return Skip(c, absl::string_view(&rest_[0], 1), "a quote");
    if (absl::StartsWith(rest_, "--")) return SkipLine();
    if (absl::StartsWith(rest_, "/*")) return Skip('/', "*/", "a comment");
    if (absl::StartsWith(rest_, "::")) return Take(2);
    if (c == ':') return Parameter();
    if (c == '?') {
      return absl::InvalidArgumentError("holds a bare '?'; name each parameter, such as :number");
    }
    if (c == ';') {
      return absl::InvalidArgumentError("holds a ';'; write one statement and no semicolon");
    }
    if (c == '$' && rest_.size() > 1 && !absl::ascii_isdigit(rest_[1])) {
      return absl::InvalidArgumentError("holds a dollar quote; write text in single quotes");
    }
    return Take(1);
  }

  absl::Status Take(size_t size) {
    absl::StrAppend(&statement_.text, rest_.substr(0, size));
    rest_.remove_prefix(size);
    return absl::OkStatus();
  }

  // From an opening mark (two characters for a comment, else one) to its end. A doubled quote is
  // two quoted texts side by side, which comes to the same.
  absl::Status Skip(char open, absl::string_view end, absl::string_view what) {
    const size_t start = open == '/' ? 2 : 1;
    const size_t found = rest_.find(end, start);
    if (found == absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("opens ", what, " that does not end"));
    }
    return Take(found + end.size());
  }

  absl::Status SkipLine() { return Take(std::min(rest_.find('\n'), rest_.size())); }

  absl::Status Parameter() {
    size_t size = 1;
    while (size < rest_.size() && IsNameCharacter(rest_[size])) ++size;
    if (size == 1 || !absl::ascii_isalpha(rest_[1])) {
      return absl::InvalidArgumentError(
          "holds a ':' without a name; name the parameter, such as :number");
    }
    statement_.parameters.emplace_back(rest_.substr(1, size - 1));
    statement_.text += '?';
    rest_.remove_prefix(size);
    return absl::OkStatus();
  }

  absl::string_view rest_;
  Statement statement_;
};

}  // namespace

absl::StatusOr<Statement> ParseStatement(absl::string_view text) {
  return Parser(text).Parse({"select", "with"},
                            "is not a SELECT; write one SELECT, or WITH … SELECT");
}

absl::StatusOr<Statement> ParseWrite(absl::string_view text) {
  return Parser(text).Parse({"insert", "update", "delete"},
                            "writes nothing; write one INSERT, UPDATE or DELETE");
}

}  // namespace chayan::sql
