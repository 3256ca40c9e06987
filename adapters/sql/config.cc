#include "adapters/sql/config.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "adapters/sql/kind.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace chayan::sql {
namespace {

using google::protobuf::TextFormat;
using Places = TextFormat::ParseInfoTree;

constexpr uint32_t kConnectionsMax = 64;    // each is a thread, and load on the agency's database
constexpr uint32_t kInFlightMax = 1024;     // what may wait in the pool
constexpr uint32_t kTimeoutMaxMs = 60'000;  // no gateway waits longer for a holder
constexpr uint32_t kConnectionsDefault = 4;
constexpr uint32_t kTimeoutDefaultMs = 5'000;
constexpr uint32_t kFailuresDefault = 5;
constexpr uint32_t kRetryAfterDefaultMs = 5'000;

// Collects faults of one file.
class Faults final : public google::protobuf::io::ErrorCollector {
 public:
  explicit Faults(std::string file) : file_(std::move(file)) {}
  void AddError(int line, google::protobuf::io::ColumnNumber, const std::string& message) override {
    Add(line, message);
  }
  void Add(int line, absl::string_view message) {
    lines_.push_back(line < 0 ? absl::StrCat(file_, ": ", message)
                              : absl::StrCat(file_, ":", line + 1, ": ", message));
  }
  bool empty() const { return lines_.empty(); }
  absl::Status ToStatus() const {
    return empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
  }

 private:
  const std::string file_;
  std::vector<std::string> lines_;
};

// One message of the file, with what is needed to say where a field of it stands.
class Place {
 public:
  Place(const google::protobuf::Message& message, const Places* places, Faults& faults,
        std::string prefix, int line)
      : message_(message), places_(places), faults_(faults), prefix_(prefix), line_(line) {}

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

class Loader {
 public:
  Loader(const std::string& path, Faults& faults)
      : path_(path), folder_(std::filesystem::absolute(path).parent_path()), faults_(faults) {}

  void Load(const std::string& content) {
    TextFormat::Parser parser;
    Places places;
    parser.RecordErrorsTo(&faults_);
    parser.WriteLocationsTo(&places);
    if (!parser.ParseFromString(content, &settings_.config)) return;
    const Place place(settings_.config, &places, faults_, "", -1);
    CheckProcess(place);
    LoadKindFiles(place);
    LoadSource(place.Nested("source", settings_.config.source()));
    for (int i = 0; i < settings_.config.kinds_size(); ++i) {
      const v1::KindSource& source = settings_.config.kinds(i);
      LoadKind(source, place.Nested("kinds", source, i));
    }
  }

  AdapterSettings Take() { return std::move(settings_); }

 private:
  std::string Absolute(const std::string& path) const {
    return path.empty() ? "" : (folder_ / path).lexically_normal().string();
  }

  void CheckProcess(const Place& place) {
    v1::AdapterConfig& config = settings_.config;
    place.Require("member", "\"land-ad\"");
    place.Require("system", "\"adapter-1\"");
    place.Require("trust_domain", "\"chayan.example\"");
    place.Require("gateways", "\"gw.agency.example:7443\"");
    place.Require("source", "{ driver: \"…\" }");
    place.Require("kinds", "{ document_kind: \"…\" … }");
    for (const char* field :
         {"certificate_file", "key_file", "roots_file", "answer_key_file", "answer_log_file"}) {
      if (!place.Require(field, "\"…\"")) continue;
      const auto* descriptor = config.GetDescriptor()->FindFieldByName(field);
      const auto* reflection = config.GetReflection();
      reflection->SetString(&config, descriptor,
                            Absolute(reflection->GetString(config, descriptor)));
    }
    for (int i = 0; i < config.gateways_size(); ++i) {
      const std::vector<std::string> parts = absl::StrSplit(config.gateways(i), ':');
      if (parts.size() < 2 || parts.front().empty() || parts.back().empty() ||
          parts.back().find_first_not_of("0123456789") != std::string::npos) {
        place.Fault("gateways", "is no address, write host:port", i);
      }
    }
    if (config.in_flight_max() > kInFlightMax) {
      place.Fault("in_flight_max", absl::StrCat("write a number from 0 to ", kInFlightMax));
    }
  }

  void LoadKindFiles(const Place& place) {
    place.Require("kind_files", "\"registry/land.textproto\"");
    for (int i = 0; i < settings_.config.kind_files_size(); ++i) {
      std::string& file = *settings_.config.mutable_kind_files(i);
      file = Absolute(file);
      const absl::StatusOr<std::string> content = ReadFile(file);
      if (!content.ok()) {
        place.Fault("kind_files", absl::StrCat(content.status().message(), ", name a file that is"),
                    i);
        continue;
      }
      Faults faults(file);
      TextFormat::Parser parser;
      parser.RecordErrorsTo(&faults);
      v1::RegistryFile registry;
      if (!parser.ParseFromString(*content, &registry)) {
        place.Fault("kind_files", faults.ToStatus().message(), i);
      }
      for (const v1::DocumentKind& kind : registry.document_kinds()) known_kinds_.push_back(kind);
    }
  }

  void LoadSource(const Place& place) {
    v1::OdbcSource& source = *settings_.config.mutable_source();
    Default(place, source.connections(), kConnectionsDefault, kConnectionsMax, "connections",
            [&](uint32_t value) { source.set_connections(value); });
    Default(place, source.statement_timeout_ms(), kTimeoutDefaultMs, kTimeoutMaxMs,
            "statement_timeout_ms",
            [&](uint32_t value) { source.set_statement_timeout_ms(value); });
    Default(place, source.failures_max(), kFailuresDefault, kInFlightMax, "failures_max",
            [&](uint32_t value) { source.set_failures_max(value); });
    Default(place, source.retry_after_ms(), kRetryAfterDefaultMs, kTimeoutMaxMs, "retry_after_ms",
            [&](uint32_t value) { source.set_retry_after_ms(value); });
    settings_.connect.statement_timeout = absl::Milliseconds(source.statement_timeout_ms());
    settings_.connect.session_statements.assign(source.session_statements().begin(),
                                                source.session_statements().end());
    if (!place.Require("driver", "\"SQLite3\"")) return;
    Attribute(place, "driver", "Driver", source.driver(), -1);
    if (!source.sqlite_file().empty()) LoadSqlite(place, source);
    for (int i = 0; i < source.attributes_size(); ++i)
      LoadAttribute(place, source.attributes(i), i);
  }

  template <typename Set>
  void Default(const Place& place, uint32_t value, uint32_t standard, uint32_t max,
               const std::string& field, Set set) {
    if (value == 0) set(standard);
    if (value > max) place.Fault(field, absl::StrCat("write a number from 0 to ", max));
  }

  void Attribute(const Place& place, const std::string& field, const std::string& name,
                 const std::string& value, int index) {
    const absl::StatusOr<std::string> attribute = ConnectionAttribute(name, value);
    if (attribute.ok()) {
      settings_.connect.connection_string += *attribute;
    } else {
      place.Fault(field, attribute.status().message(), index);
    }
  }

  // A URI, because only there SQLite takes "read only" and does not create what is missing.
  void LoadSqlite(const Place& place, v1::OdbcSource& source) {
    source.set_sqlite_file(Absolute(source.sqlite_file()));
    std::string uri = "file:";
    for (const char c : source.sqlite_file()) {
      if (c == '%' || c == '?' || c == '#' || c == ';' || c == '{' || c == '}') {
        absl::StrAppend(&uri, "%", absl::Hex(c, absl::kZeroPad2));
      } else {
        uri += c;
      }
    }
    Attribute(place, "sqlite_file", "Database", absl::StrCat(uri, "?mode=ro"), -1);
    Attribute(place, "sqlite_file", "NoCreat", "1", -1);
    auto& statements = settings_.connect.session_statements;
    statements.insert(statements.begin(), "PRAGMA query_only = 1");
  }

  void LoadAttribute(const Place& place, const v1::OdbcAttribute& attribute, int index) {
    if (!attribute.has_secret()) {
      const std::string name = absl::AsciiStrToLower(attribute.name());
      if (name == "pwd" || name == "password") {
        place.Fault("attributes",
                    "a password never stands here, write `secret: \"env:NAME\"` or "
                    "`secret: \"file:PATH\"`",
                    index);
        return;
      }
      Attribute(place, "attributes", attribute.name(), attribute.text(), index);
      return;
    }
    const absl::StatusOr<std::string> secret = Secret(attribute.secret());
    if (!secret.ok()) {
      place.Fault("attributes", secret.status().message(), index);
      return;
    }
    Attribute(place, "attributes", attribute.name(), *secret, index);
  }

  absl::StatusOr<std::string> Secret(absl::string_view reference) const {
    if (absl::ConsumePrefix(&reference, "env:")) {
      const char* value = std::getenv(std::string(reference).c_str());
      if (value != nullptr) return std::string(value);
      return absl::NotFoundError(
          absl::StrCat("the environment has no ", reference, ", set it before the start"));
    }
    if (absl::ConsumePrefix(&reference, "file:")) {
      CHAYAN_ASSIGN_OR_RETURN(const std::string content,
                              ReadFile(Absolute(std::string(reference))));
      return std::string(absl::StripSuffix(content.substr(0, content.find('\n')), "\r"));
    }
    return absl::InvalidArgumentError(
        "the secret is no reference, write \"env:NAME\" or \"file:PATH\"");
  }

  const v1::DocumentKind* FindKnown(const std::string& code) const {
    for (const v1::DocumentKind& kind : known_kinds_) {
      if (kind.code() == code) return &kind;
    }
    return nullptr;
  }

  void LoadKind(const v1::KindSource& source, const Place& place) {
    if (!place.Require("document_kind", "\"land.title\"")) return;
    const v1::DocumentKind* kind = FindKnown(source.document_kind());
    if (kind == nullptr) {
      place.Fault("document_kind", "no file of kind_files defines it, add the one that does");
      return;
    }
    if (!codes_.insert(kind->code()).second) {
      place.Fault("document_kind", "stands twice, keep one");
    }
    KindPlan plan{*kind, KindDigest(*kind), source, {}, std::nullopt};
    if (place.Require("query", "\"SELECT … WHERE number = :number\"")) {
      plan.query = ParseQuery(place, "query", source.query());
      CheckParameters(source, *kind, plan.query, place);
    }
    if (!source.as_of_query().empty()) {
      plan.as_of_query = ParseQuery(place, "as_of_query", source.as_of_query());
      if (!plan.as_of_query->parameters.empty()) {
        place.Fault("as_of_query", "takes no parameters, remove them");
      }
    }
    CheckMappings(source, *kind, place);
    LowerColumns(plan.source);
    settings_.kinds.push_back(std::move(plan));
  }

  Statement ParseQuery(const Place& place, const std::string& field, const std::string& text) {
    absl::StatusOr<Statement> statement = ParseStatement(text);
    if (statement.ok()) return *std::move(statement);
    place.Fault(field, statement.status().message());
    return {};
  }

  void CheckParameters(const v1::KindSource& source, const v1::DocumentKind& kind,
                       const Statement& query, const Place& place) {
    std::set<std::string> names;
    for (int i = 0; i < source.parameters_size(); ++i) {
      const v1::QueryParameter& parameter = source.parameters(i);
      const Place here = place.Nested("parameters", parameter, i);
      if (!names.insert(parameter.name()).second) here.Fault("name", "stands twice, keep one");
      if (!absl::c_linear_search(query.parameters, parameter.name())) {
        here.Fault("name", absl::StrCat("the query has no :", parameter.name(), ", remove it"));
      }
      if (parameter.has_claim() && FindClaim(kind, parameter.claim()) == nullptr) {
        here.Fault("claim", "the kind has no such claim, write one of its codes");
      }
      if (parameter.from_case() == v1::QueryParameter::FROM_NOT_SET ||
          (parameter.has_subject() && parameter.subject() == v1::SUBJECT_PART_UNSPECIFIED)) {
        here.Fault("name", "has no source, add `claim: \"…\"` or `subject: SUBJECT_PART_NUMBER`");
      }
    }
    for (const std::string& name : query.parameters) {
      if (!names.contains(name)) {
        place.Fault("query", absl::StrCat(":", name, " is not defined, add `parameters { name: \"",
                                          name, "\" … }`"));
        names.insert(name);
      }
    }
  }

  void CheckMappings(const v1::KindSource& source, const v1::DocumentKind& kind,
                     const Place& place) {
    if (place.Require("subject", "{ number_column: \"…\" }")) {
      place.Nested("subject", source.subject()).Require("number_column", "\"owner_number\"");
    }
    place.Require("claims", "{ claim: \"…\" column: \"…\" }");
    std::set<std::string> claims;
    for (int i = 0; i < source.claims_size(); ++i) {
      const Place here = place.Nested("claims", source.claims(i), i);
      here.Require("column", "\"…\"");
      if (FindClaim(kind, source.claims(i).claim()) == nullptr) {
        here.Fault("claim", "the kind has no such claim, write one of its codes");
      }
      if (!claims.insert(source.claims(i).claim()).second) {
        here.Fault("claim", "stands twice, keep one");
      }
    }
    std::set<std::string> fields;
    for (int i = 0; i < source.fields_size(); ++i) {
      const Place here = place.Nested("fields", source.fields(i), i);
      here.Require("column", "\"…\"");
      if (FindField(kind, source.fields(i).field()) == nullptr) {
        here.Fault("field", "the kind has no such field, write one of its codes");
      }
      if (!fields.insert(source.fields(i).field()).second) {
        here.Fault("field", "stands twice, keep one");
      }
    }
    CheckMark(place, "void_when", source.has_void_when(), source.void_when());
    CheckMark(place, "restricted_when", source.has_restricted_when(), source.restricted_when());
  }

  void CheckMark(const Place& place, const std::string& field, bool given,
                 const v1::RowMark& mark) {
    if (!given) return;
    const Place here = place.Nested(field, mark);
    here.Require("column", "\"…\"");
    here.Require("values", "\"…\"");
  }

  // Drivers differ in the case of column names, so both sides are lower-cased.
  static void LowerColumns(v1::KindSource& source) {
    const auto lower = [](std::string* name) { absl::AsciiStrToLower(name); };
    lower(source.mutable_subject()->mutable_number_column());
    lower(source.mutable_subject()->mutable_name_column());
    lower(source.mutable_subject()->mutable_birth_date_column());
    lower(source.mutable_subject()->mutable_person_column());
    lower(source.mutable_document_reference_column());
    for (v1::ClaimColumn& claim : *source.mutable_claims()) lower(claim.mutable_column());
    for (v1::FieldColumn& field : *source.mutable_fields()) lower(field.mutable_column());
    if (source.has_void_when()) lower(source.mutable_void_when()->mutable_column());
    if (source.has_restricted_when()) lower(source.mutable_restricted_when()->mutable_column());
  }

  const std::string path_;
  const std::filesystem::path folder_;
  Faults& faults_;
  std::vector<v1::DocumentKind> known_kinds_;
  std::set<std::string> codes_;
  AdapterSettings settings_;
};

}  // namespace

absl::StatusOr<AdapterSettings> LoadSettings(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  Faults faults(path);
  Loader loader(path, faults);
  loader.Load(content);
  CHAYAN_RETURN_IF_ERROR(faults.ToStatus());
  return loader.Take();
}

}  // namespace chayan::sql
