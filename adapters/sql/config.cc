#include "adapters/sql/config.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::sql {
namespace {

using connector::ConfigFile;
using connector::Place;

// A database as it stands in the settings: bounds checked and filled in, secrets fetched.
class SourceLoader {
 public:
  SourceLoader(ConfigFile& file, bool writable) : file_(file) { connect_.writable = writable; }

  ConnectOptions Load(const Place& place, v1::OdbcSource& source) {
    source.set_connections(file_.Bounded(place, "connections", source.connections(),
                                         connector::kConnectionsDefault,
                                         connector::kConnectionsMax));
    source.set_statement_timeout_ms(
        file_.Bounded(place, "statement_timeout_ms", source.statement_timeout_ms(),
                      connector::kTimeoutDefaultMs, connector::kTimeoutMaxMs));
    source.set_failures_max(file_.Bounded(place, "failures_max", source.failures_max(),
                                          connector::kFailuresDefault, connector::kInFlightMax));
    source.set_retry_after_ms(file_.Bounded(place, "retry_after_ms", source.retry_after_ms(),
                                            connector::kRetryAfterDefaultMs,
                                            connector::kTimeoutMaxMs));
    connect_.statement_timeout = absl::Milliseconds(source.statement_timeout_ms());
    connect_.session_statements.assign(source.session_statements().begin(),
                                       source.session_statements().end());
    if (!place.Require("driver", "\"SQLite3\"")) return std::move(connect_);
    Attribute(place, "driver", "Driver", source.driver(), -1);
    if (!source.sqlite_file().empty()) LoadSqlite(place, source);
    for (int i = 0; i < source.attributes_size(); ++i)
      LoadAttribute(place, source.attributes(i), i);
    return std::move(connect_);
  }

 private:
  void Attribute(const Place& place, const std::string& field, const std::string& name,
                 const std::string& value, int index) {
    const absl::StatusOr<std::string> attribute = ConnectionAttribute(name, value);
    if (attribute.ok()) {
      connect_.connection_string += *attribute;
    } else {
      place.Fault(field, attribute.status().message(), index);
    }
  }

  // A URI, because only there SQLite takes "read only" and does not create what is missing.
  void LoadSqlite(const Place& place, v1::OdbcSource& source) {
    source.set_sqlite_file(file_.Absolute(source.sqlite_file()));
    std::string uri = "file:";
    for (const char c : source.sqlite_file()) {
      if (c == '%' || c == '?' || c == '#' || c == ';' || c == '{' || c == '}') {
        absl::StrAppend(&uri, "%", absl::Hex(c, absl::kZeroPad2));
      } else {
        uri += c;
      }
    }
    Attribute(place, "sqlite_file", "Database",
              absl::StrCat(uri, connect_.writable ? "?mode=rw" : "?mode=ro"), -1);
    Attribute(place, "sqlite_file", "NoCreat", "1", -1);
    // Where somebody else writes, its driver waits, by itself for 100 seconds and deaf to the end
    // of a statement.
    Attribute(place, "sqlite_file", "Timeout", absl::StrCat(source.statement_timeout_ms()), -1);
    auto& statements = connect_.session_statements;
    statements.insert(statements.begin(),
                      connect_.writable ? "PRAGMA synchronous = FULL" : "PRAGMA query_only = 1");
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
    const absl::StatusOr<std::string> secret = file_.Secret(attribute.secret());
    if (!secret.ok()) {
      place.Fault("attributes", secret.status().message(), index);
      return;
    }
    Attribute(place, "attributes", attribute.name(), *secret, index);
  }

  ConfigFile& file_;
  ConnectOptions connect_;
};

class Loader {
 public:
  explicit Loader(ConfigFile& file) : file_(file) {}

  AdapterSettings Load() {
    v1::OdbcSource& source = *file_.config().mutable_source();
    settings_.connect = LoadSource(file_, file_.place().Nested("source", source), source,
                                   /*writable=*/false);
    for (ConfigFile::Kind& kind : file_.kinds()) LoadKind(kind);
    settings_.config = file_.config();
    return std::move(settings_);
  }

 private:
  void LoadKind(const ConfigFile::Kind& kind) {
    const Place place = file_.KindPlace(kind.index);
    const v1::KindSource& source = kind.plan.source;
    KindPlan plan{kind.plan, {}, std::nullopt};
    if (place.Require("query", "\"SELECT … WHERE number = :number\"")) {
      plan.query = ParseQuery(place, "query", source.query());
      file_.CheckParameters(kind, plan.query.parameters, "query");
    }
    if (!source.as_of_query().empty()) {
      plan.as_of_query = ParseQuery(place, "as_of_query", source.as_of_query());
      if (!plan.as_of_query->parameters.empty()) {
        place.Fault("as_of_query", "takes no parameters, remove them");
      }
    }
    settings_.kinds.push_back(std::move(plan));
  }

  static Statement ParseQuery(const Place& place, const std::string& field,
                              const std::string& text) {
    absl::StatusOr<Statement> statement = ParseStatement(text);
    if (statement.ok()) return *std::move(statement);
    place.Fault(field, statement.status().message());
    return {};
  }

  ConfigFile& file_;
  AdapterSettings settings_;
};

}  // namespace

ConnectOptions LoadSource(ConfigFile& file, const Place& place, v1::OdbcSource& source,
                          bool writable) {
  return SourceLoader(file, writable).Load(place, source);
}

connector::Pool<Connection>::Options PoolOptions(const v1::OdbcSource& source) {
  return {.connections = static_cast<int>(source.connections()),
          .circuit = {.failures_max = static_cast<int>(source.failures_max()),
                      .retry_after = absl::Milliseconds(source.retry_after_ms())}};
}

AdapterSettings LoadSettings(connector::ConfigFile& file) { return Loader(file).Load(); }

absl::StatusOr<AdapterSettings> LoadSettings(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(const auto file, ConfigFile::Read(path));
  AdapterSettings settings;
  if (file->parsed()) settings = LoadSettings(*file);
  CHAYAN_RETURN_IF_ERROR(file->ToStatus());
  return settings;
}

}  // namespace chayan::sql
