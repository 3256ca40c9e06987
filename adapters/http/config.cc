#include "adapters/http/config.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "adapters/http/rules.h"
#include "gateway/base/check.h"

namespace chayan::http_connector {
namespace {

using connector::ConfigFile;
using connector::Place;

constexpr uint32_t kConnectTimeoutDefaultMs = 3'000;
constexpr uint32_t kAnswerBytesDefault = 1 << 20;
constexpr uint32_t kAnswerBytesMax = 8 << 20;  // kRowsMax records of long texts

constexpr absl::string_view kBuiltIn[] = {"exchange_id", "unix_time", "jwt", "access_token"};

Template Nothing() {
  absl::StatusOr<Template> nothing = Template::Create("", Context::kUrl);
  CHAYAN_CHECK(nothing.ok());
  return *std::move(nothing);
}

void CheckUrl(const Place& place, const std::string& field, const std::string& url) {
  const absl::Status status = fetch::CheckUrl(url);
  if (!status.ok()) place.Fault(field, status.message());
}

class Loader {
 public:
  explicit Loader(ConfigFile& file) : file_(file) {}

  Settings Load() {
    settings_.source = file_.config().http();
    LoadSource(file_.place().Nested("http", file_.config().http()));
    for (const ConfigFile::Kind& kind : file_.kinds()) LoadKind(kind);
    return std::move(settings_);
  }

 private:
  void LoadSource(const Place& place) {
    v1::HttpSource& source = settings_.source;
    settings_.client = LoadSystem(file_, place, source);
    if (source.has_jwt()) LoadJwt(place.Nested("jwt", source.jwt()));
    if (source.has_oauth()) LoadOauth(place.Nested("oauth", source.oauth()));
  }

  void LoadJwt(const Place& place) {
    if (!place.Require("key", "\"file:jwt.key\"")) return;
    const absl::StatusOr<std::string> pem = file_.SecretText(settings_.source.jwt().key());
    if (!pem.ok()) return place.Fault("key", pem.status().message());
    const absl::StatusOr<crypto::RsaKey> key = crypto::RsaKey::FromPem(*pem);
    if (!key.ok()) {
      return place.Fault("key", absl::StrCat(key.status().message(), ", name an RSA key"));
    }
    settings_.jwt = std::make_shared<const JwtSigner>(*key, settings_.source.jwt().key_id());
  }

  void LoadOauth(const Place& place) {
    const v1::OauthClient& oauth = settings_.source.oauth();
    if (place.Require("token_url", "\"https://login.agency.example/token\"")) {
      CheckUrl(place, "token_url", oauth.token_url());
    }
    place.Require("client_id", "\"chayan\"");
    if (!place.Require("client_secret", "\"credential:NAME\"")) return;
    const absl::StatusOr<std::string> secret = file_.Secret(oauth.client_secret());
    if (!secret.ok()) return place.Fault("client_secret", secret.status().message());
    settings_.oauth = {oauth.token_url(), oauth.client_id(), *secret, oauth.scope()};
  }

  void LoadKind(const ConfigFile::Kind& kind) {
    const Place outer = file_.KindPlace(kind.index);
    if (!outer.Require("http",
                       "{ method: HTTP_METHOD_GET path: \"…\" answer_form: ANSWER_FORM_JSON }"))
      return;
    const v1::HttpExchange& exchange = file_.config().kinds(kind.index).http();
    const Place place = outer.Nested("http", exchange);
    KindPlan plan{kind.plan, Nothing(), {}, std::nullopt, "", std::nullopt, {}, nullptr, {}, {}};
    used_.clear();
    if (auto path =
            Compile(place, "path", absl::StrCat(settings_.source.base_url(), exchange.path()),
                    Context::kUrl)) {
      plan.path = *std::move(path);
    }
    LoadHeaders(exchange, place, plan);
    LoadBody(exchange, place, plan);
    if (!exchange.jwt_claims().empty()) {
      plan.jwt_claims = Compile(place, "jwt_claims", exchange.jwt_claims(), Context::kJson);
    }
    CheckUse(exchange, place);
    for (const std::string& name : used_) {
      if (!absl::c_linear_search(kBuiltIn, name)) plan.names.push_back(name);
    }
    file_.CheckParameters(kind, plan.names, "http");
    LoadAnswer(exchange, place, plan);
    CheckRules(plan.kind, exchange, place);
    settings_.kinds.push_back(std::move(plan));
  }

  std::optional<Template> Compile(const Place& place, const std::string& field,
                                  const std::string& text, Context context, int index = -1) {
    absl::StatusOr<Template> compiled = Template::Create(text, context);
    if (!compiled.ok()) {
      place.Fault(field, compiled.status().message(), index);
      return std::nullopt;
    }
    used_.insert(compiled->names().begin(), compiled->names().end());
    return *std::move(compiled);
  }

  void LoadHeaders(const v1::HttpExchange& exchange, const Place& place, KindPlan& plan) {
    for (int i = 0; i < exchange.headers_size(); ++i) {
      const v1::HttpHeader& header = exchange.headers(i);
      const Place here = place.Nested("headers", header, i);
      here.Require("name", "\"X-Api-Key\"");
      HeaderTemplate made{header.name(), std::nullopt, ""};
      if (!header.secret().empty()) {
        const absl::StatusOr<std::string> secret = file_.Secret(header.secret());
        if (secret.ok()) {
          made.secret = *secret;
        } else {
          here.Fault("secret", secret.status().message());
        }
      } else {
        made.value = Compile(here, "value", header.value(), Context::kHeader);
      }
      plan.headers.push_back(std::move(made));
    }
  }

  void LoadBody(const v1::HttpExchange& exchange, const Place& place, KindPlan& plan) {
    switch (exchange.body_case()) {
      case v1::HttpExchange::kJsonBody:
        plan.body = Compile(place, "json_body", exchange.json_body(), Context::kJson);
        plan.content_type = "application/json";
        break;
      case v1::HttpExchange::kXmlBody:
        plan.body = Compile(place, "xml_body", exchange.xml_body(), Context::kXml);
        plan.content_type = "text/xml; charset=utf-8";
        break;
      case v1::HttpExchange::kFormBody:
        plan.body = Compile(place, "form_body", exchange.form_body(), Context::kForm);
        plan.content_type = "application/x-www-form-urlencoded";
        break;
      case v1::HttpExchange::BODY_NOT_SET:
        return;
    }
    if (exchange.method() != v1::HTTP_METHOD_POST) {
      place.Fault("method", "a body needs POST, write `method: HTTP_METHOD_POST`");
    }
  }

  // A token that is used must be got somewhere, and the other way round.
  void CheckUse(const v1::HttpExchange& exchange, const Place& place) const {
    if (used_.contains("jwt") && settings_.source.jwt().key().empty()) {
      place.Fault("headers", "uses {jwt}, but the source has no `jwt { key: \"…\" }`");
    }
    if (used_.contains("access_token") && !settings_.source.has_oauth()) {
      place.Fault("headers", "uses {access_token}, but the source has no `oauth { … }`");
    }
    if (!exchange.jwt_claims().empty() && !used_.contains("jwt")) {
      place.Fault("jwt_claims", "no template uses {jwt}: write it where the token goes");
    }
  }

  void LoadAnswer(const v1::HttpExchange& exchange, const Place& place, KindPlan& plan) {
    Selectors selectors;
    std::set<std::string> values, columns;
    for (int i = 0; i < exchange.values_size(); ++i) {
      const v1::AnswerValue& value = exchange.values(i);
      const Place here = place.Nested("values", value, i);
      plan.value_transforms.push_back(LoadValue(value, here, values));
      selectors.values.push_back(value.selector());
      values.insert(value.name());
    }
    for (int i = 0; i < exchange.columns_size(); ++i) {
      const v1::AnswerValue& column = exchange.columns(i);
      const Place here = place.Nested("columns", column, i);
      plan.column_transforms.push_back(LoadValue(column, here, columns));
      selectors.columns.push_back(column.selector());
      columns.insert(absl::AsciiStrToLower(column.name()));
    }
    selectors.records = exchange.records();
    CheckColumns(plan, columns, place);
    if (!exchange.as_of_value().empty() && !values.contains(exchange.as_of_value())) {
      place.Fault("as_of_value", "there is no value of this name, add it to `values`");
    }
    if (exchange.answer_form() == v1::ANSWER_FORM_UNSPECIFIED) {
      return place.Fault("answer_form", "is missing, add a line `answer_form: ANSWER_FORM_JSON`");
    }
    absl::StatusOr<std::unique_ptr<Format>> format = exchange.answer_form() == v1::ANSWER_FORM_XML
                                                         ? NewXmlFormat(selectors)
                                                         : NewJsonFormat(selectors);
    if (!format.ok()) return place.Fault("columns", format.status().message());
    plan.format = *std::move(format);
  }

  static Transforms LoadValue(const v1::AnswerValue& value, const Place& place,
                              const std::set<std::string>& others) {
    place.Require("name", "\"owner\"");
    place.Require("selector", "\"/owner/name\"");
    if (others.contains(value.name())) place.Fault("name", "stands twice, keep one");
    absl::StatusOr<Transforms> transforms = Transforms::Create(value.transforms());
    if (transforms.ok()) return *std::move(transforms);
    place.Fault("transforms", transforms.status().message(), 0);
    return {};
  }

  // The kind's mappings name columns of the answer. An answer is read long after the file.
  static void CheckColumns(const KindPlan& plan, const std::set<std::string>& columns,
                           const Place& place) {
    connector::Rows rows;
    rows.columns.assign(columns.begin(), columns.end());
    const absl::Status status = connector::CheckColumns(plan, rows);
    if (!status.ok()) {
      place.Fault("columns", absl::StrCat(status.message(),
                                          ", add `columns { name: \"…\" selector: \"…\" }`"));
    }
  }

  ConfigFile& file_;
  Settings settings_;
  std::set<std::string> used_;
};

}  // namespace

fetch::ClientOptions LoadSystem(ConfigFile& file, const Place& place, v1::HttpSource& source) {
  if (place.Require("base_url", "\"https://register.agency.example/api\"")) {
    CheckUrl(place, "base_url", source.base_url());
  }
  source.set_connections(file.Bounded(place, "connections", source.connections(),
                                      connector::kConnectionsDefault, connector::kConnectionsMax));
  source.set_connect_timeout_ms(file.Bounded(place, "connect_timeout_ms",
                                             source.connect_timeout_ms(), kConnectTimeoutDefaultMs,
                                             connector::kTimeoutMaxMs));
  source.set_timeout_ms(file.Bounded(place, "timeout_ms", source.timeout_ms(),
                                     connector::kTimeoutDefaultMs, connector::kTimeoutMaxMs));
  source.set_failures_max(file.Bounded(place, "failures_max", source.failures_max(),
                                       connector::kFailuresDefault, connector::kInFlightMax));
  source.set_retry_after_ms(file.Bounded(place, "retry_after_ms", source.retry_after_ms(),
                                         connector::kRetryAfterDefaultMs,
                                         connector::kTimeoutMaxMs));
  source.set_answer_bytes_max(file.Bounded(place, "answer_bytes_max", source.answer_bytes_max(),
                                           kAnswerBytesDefault, kAnswerBytesMax));
  const fetch::ClientOptions client = {
      .ca_file = file.Absolute(source.ca_file()),
      .certificate_file = file.Absolute(source.certificate_file()),
      .key_file = file.Absolute(source.key_file()),
      .connect_timeout = absl::Milliseconds(source.connect_timeout_ms()),
      .body_bytes_max = source.answer_bytes_max(),
      .targets = source.public_addresses_only() ? fetch::Targets::kPublic : fetch::Targets::kAny};
  const absl::Status files = fetch::Client::Create(client).status();
  if (!files.ok())
    place.Fault("certificate_file", absl::StrCat(files.message(), ", name files that are"));
  return client;
}

Settings LoadSettings(ConfigFile& file) { return Loader(file).Load(); }

}  // namespace chayan::http_connector
