#include "adapters/http/connector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/http/rules.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"

namespace chayan::http_connector {
namespace {

using connector::HolderAnswer;
using connector::Rows;
using connector::Value;

constexpr int kUnauthorized = 401;

void Warn(const connector::KindPlan& plan, const char* event, const absl::Status& cause) {
  diag::Warning(event, {{"document_kind", plan.kind.code()},
                        {"status", absl::StatusCodeToString(cause.code())},
                        {"cause", std::string(cause.message())}});
}

// Values that are there, after their transforms.
absl::StatusOr<AnswerFacts> FactsOf(const KindPlan& plan, const Document& document, int status) {
  AnswerFacts facts{status, {}};
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<Value> values, document.Values());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].has_value()) continue;
    const v1::AnswerValue& value = plan.source.http().values(static_cast<int>(i));
    absl::StatusOr<std::string> text = plan.value_transforms[i].Apply(*values[i]);
    if (!text.ok()) return Annotate(text.status(), value.name());
    facts.values[value.name()] = *std::move(text);
  }
  return facts;
}

absl::StatusOr<Rows> RowsOf(const KindPlan& plan, const Document& document) {
  const v1::HttpExchange& exchange = plan.source.http();
  Rows rows;
  for (const v1::AnswerValue& column : exchange.columns()) {
    rows.columns.push_back(absl::AsciiStrToLower(column.name()));
  }
  CHAYAN_ASSIGN_OR_RETURN(Records records, document.ReadRecords());
  // XPath says the same of an empty list and of another answer altogether: a rule must tell them
  // apart.
  if (records.rows.empty() && exchange.answer_form() == v1::ANSWER_FORM_XML) {
    return absl::InvalidArgumentError("there are no records, and no rule says what that means");
  }
  rows.truncated = records.truncated;
  for (std::vector<Value>& row : records.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const v1::AnswerValue& column = exchange.columns(static_cast<int>(i));
      if (!row[i].has_value()) {
        if (column.optional()) continue;
        return absl::InvalidArgumentError(absl::StrCat("a record has no ", column.name()));
      }
      absl::StatusOr<std::string> text = plan.column_transforms[i].Apply(*std::move(row[i]));
      if (!text.ok()) return Annotate(text.status(), column.name());
      row[i] = *std::move(text);
    }
    rows.rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<absl::Time> AsOf(const KindPlan& plan, const AnswerFacts& facts, absl::Time asked) {
  const std::string& name = plan.source.http().as_of_value();
  if (name.empty()) return asked;
  const auto found = facts.values.find(name);
  if (found == facts.values.end()) {
    return absl::InvalidArgumentError(absl::StrCat("the answer has no ", name));
  }
  return connector::ParseAsOf(found->second);
}

bool IsSuccess(int status) { return status >= 200 && status < 300; }

absl::StatusOr<HolderAnswer> TryAnswer(const KindPlan& plan,
                                       const v1::VerifyDocumentRequest& request,
                                       const v1::QuestionPermit& permit, const Document& document,
                                       int status, absl::Time asked) {
  CHAYAN_ASSIGN_OR_RETURN(const AnswerFacts facts, FactsOf(plan, document, status));
  const v1::OutcomeRule* rule = FirstThatHolds(plan, facts, request);
  if (rule == nullptr && !IsSuccess(status)) {
    return connector::SourceDown(request, /*forwarded=*/true);
  }
  CHAYAN_ASSIGN_OR_RETURN(const absl::Time as_of, AsOf(plan, facts, asked));
  if (rule != nullptr && (rule->outcome() != v1::OUTCOME_UNSPECIFIED || rule->restricted())) {
    return AnswerByRule(plan, *rule, request, as_of);
  }
  if (plan.source.claims().empty()) {
    return absl::InvalidArgumentError("no rule says what the answer means");
  }
  CHAYAN_ASSIGN_OR_RETURN(const Rows rows, RowsOf(plan, document));
  return connector::AnswerFromRows(plan, request, permit, rows, as_of);
}

}  // namespace

HolderAnswer AnswerFromResponse(const KindPlan& plan, const v1::VerifyDocumentRequest& request,
                                const v1::QuestionPermit& permit, const fetch::Response& response,
                                absl::Time asked) {
  // An error page is often no JSON at all: rules on the status alone still hold.
  const absl::StatusOr<std::unique_ptr<Document>> document = plan.format->Parse(response.body);
  if (!document.ok()) {
    const AnswerFacts facts{response.status, {}};
    const v1::OutcomeRule* rule =
        IsSuccess(response.status) ? nullptr : FirstThatHolds(plan, facts, request);
    if (rule != nullptr && rule->outcome() != v1::OUTCOME_UNSPECIFIED) {
      return AnswerByRule(plan, *rule, request, asked);
    }
    Warn(plan, "http.answer_not_readable", document.status());
    return connector::SourceDown(request, /*forwarded=*/true);
  }
  absl::StatusOr<HolderAnswer> answer =
      TryAnswer(plan, request, permit, **document, response.status, asked);
  if (answer.ok()) return *std::move(answer);
  Warn(plan, "http.answer_not_as_configured", answer.status());
  return connector::NotCompared(request);
}

// A question on its way through the pool.
struct HttpConnector::Exchange {
  const KindPlan* plan;
  connector::Inquiry inquiry;
  absl::Duration deadline;
  Bindings bindings;
  Done done;
  bool may_have_been_sent = false;
  std::optional<HolderAnswer> answer;
};

absl::StatusOr<std::unique_ptr<HttpConnector>> HttpConnector::Create(const Clock& clock,
                                                                     Settings settings) {
  CHAYAN_ASSIGN_OR_RETURN(auto client, fetch::Client::Create(settings.client));
  return std::make_unique<HttpConnector>(clock, std::move(settings), std::move(client));
}

HttpConnector::HttpConnector(const Clock& clock, Settings settings,
                             std::unique_ptr<fetch::Client> client)
    : clock_(clock),
      settings_(std::move(settings)),
      client_(std::move(client)),
      tokens_(settings_.oauth.has_value()
                  ? std::make_unique<OauthTokens>(clock, *client_, *settings_.oauth)
                  : nullptr),
      pool_(clock,
            {.connections = static_cast<int>(settings_.source.connections()),
             .circuit = {.failures_max = static_cast<int>(settings_.source.failures_max()),
                         .retry_after = absl::Milliseconds(settings_.source.retry_after_ms())}},
            []() -> absl::StatusOr<std::unique_ptr<Turn>> { return std::make_unique<Turn>(); }) {}

const KindPlan* HttpConnector::FindPlan(const std::string& kind) const {
  for (const KindPlan& plan : settings_.kinds) {
    if (plan.kind.code() == kind) return &plan;
  }
  return nullptr;
}

connector::SourceHealth HttpConnector::Health() const {
  return connector::HealthOf(pool_, settings_.kinds, "the system counts as down");
}

absl::Status HttpConnector::Probe() {
  fetch::Request request;
  request.url = settings_.source.base_url() + settings_.source.probe_path();
  request.timeout = absl::Milliseconds(settings_.source.timeout_ms());
  request.repeatable = true;
  if (tokens_ != nullptr) CHAYAN_RETURN_IF_ERROR(tokens_->Get(request.timeout).status());
  CHAYAN_ASSIGN_OR_RETURN(const fetch::Response response, client_->Fetch(request));
  if (settings_.source.probe_path().empty() || IsSuccess(response.status)) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("probe_path was answered ", response.status));
}

void HttpConnector::Answer(const connector::Inquiry& inquiry, Done done) {
  const KindPlan* plan = FindPlan(inquiry.request.document_kind());
  const auto refuse = [&] { done(connector::NotCompared(inquiry.request)); };
  const absl::CivilDay today = absl::ToCivilDay(clock_.Now(), TaipeiTimeZone());
  if (plan == nullptr || !connector::CanAnswerFor(*plan, inquiry.request, today)) return refuse();
  absl::StatusOr<std::vector<Value>> values =
      connector::BindValues(*plan, plan->names, inquiry.request, today);
  if (!values.ok()) {
    diag::Warning("http.question_not_bindable", {{"document_kind", plan->kind.code()}});
    return refuse();
  }
  auto exchange = std::make_shared<Exchange>(Exchange{
      plan, inquiry, clock_.Elapsed() + inquiry.timeout, {}, std::move(done), false, std::nullopt});
  for (size_t i = 0; i < values->size(); ++i) {
    exchange->bindings[plan->names[i]] = (*values)[i].value_or("");
  }
  pool_.Submit(
      exchange->deadline, [this, exchange](Turn&) { return Ask(*exchange); },
      [exchange](const absl::Status& status) {
        if (!status.ok()) {
          Warn(*exchange->plan, "http.not_answered", status);
          exchange->answer =
              absl::IsInvalidArgument(status)
                  ? connector::NotCompared(exchange->inquiry.request)
                  : connector::SourceDown(exchange->inquiry.request, exchange->may_have_been_sent);
        }
        exchange->done(*std::move(exchange->answer));
      });
}

absl::StatusOr<fetch::Request> HttpConnector::NewRequest(const Exchange& exchange,
                                                         std::string& access_token) {
  const KindPlan& plan = *exchange.plan;
  Bindings bindings = exchange.bindings;
  const absl::Time now = clock_.Now();
  bindings["exchange_id"] = exchange.inquiry.exchange_id;
  bindings["unix_time"] = absl::StrCat(absl::ToUnixSeconds(now));
  const absl::Duration left = std::min(absl::Milliseconds(settings_.source.timeout_ms()),
                                       exchange.deadline - clock_.Elapsed());
  if (tokens_ != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(access_token, tokens_->Get(left));
  }
  bindings["access_token"] = access_token;
  bindings["jwt"] = "";
  if (plan.jwt_claims.has_value() && settings_.jwt != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string claims, plan.jwt_claims->Fill(bindings));
    CHAYAN_ASSIGN_OR_RETURN(bindings["jwt"],
                            settings_.jwt->Sign(claims, exchange.inquiry.exchange_id, now));
  }
  fetch::Request request;
  request.timeout = left;
  request.repeatable = plan.kind.repeatable();
  if (plan.source.http().method() == v1::HTTP_METHOD_POST) request.method = fetch::Method::kPost;
  CHAYAN_ASSIGN_OR_RETURN(request.url, plan.path.Fill(bindings));
  for (const HeaderTemplate& header : plan.headers) {
    std::string value = header.secret;
    if (header.value.has_value()) {
      CHAYAN_ASSIGN_OR_RETURN(value, header.value->Fill(bindings));
    }
    request.headers.push_back({header.name, std::move(value)});
  }
  if (plan.body.has_value()) {
    CHAYAN_ASSIGN_OR_RETURN(request.body, plan.body->Fill(bindings));
    const bool typed = absl::c_any_of(request.headers, [](const fetch::Header& header) {
      return absl::AsciiStrToLower(header.name) == "content-type";
    });
    if (!typed) request.headers.push_back({"Content-Type", plan.content_type});
  }
  return request;
}

// A second try only where the first did not arrive, or the kind may be asked twice. The exchange's
// id is the same in both.
absl::StatusOr<fetch::Response> HttpConnector::Send(Exchange& exchange) {
  bool last = false;
  while (true) {
    std::string access_token;
    CHAYAN_ASSIGN_OR_RETURN(const fetch::Request request, NewRequest(exchange, access_token));
    absl::StatusOr<fetch::Response> response = client_->Fetch(request);
    if (response.ok() || fetch::MayHaveBeenSent(response.status())) {
      exchange.may_have_been_sent = true;
    }
    const bool token_refused =
        response.ok() && response->status == kUnauthorized && tokens_ != nullptr;
    if (token_refused) tokens_->Drop(access_token);
    const bool failed = !response.ok() && !absl::IsInvalidArgument(response.status()) &&
                        !absl::IsResourceExhausted(response.status());
    const bool again = token_refused || (failed && (!fetch::MayHaveBeenSent(response.status()) ||
                                                    exchange.plan->kind.repeatable()));
    if (last || !again || clock_.Elapsed() >= exchange.deadline) return response;
    last = true;
  }
}

absl::Status HttpConnector::Ask(Exchange& exchange) {
  const absl::Time asked = clock_.Now();
  const absl::StatusOr<fetch::Response> sent = Send(exchange);
  // The pool would ask again on a new connection; Send() has.
  if (absl::IsUnavailable(sent.status())) return absl::AbortedError(sent.status().message());
  CHAYAN_RETURN_IF_ERROR(sent.status());
  const fetch::Response& response = *sent;
  exchange.answer = AnswerFromResponse(*exchange.plan, exchange.inquiry.request,
                                       exchange.inquiry.permit, response, asked);
  // A system that answers, but only that it cannot, is as good as down.
  if (response.status >= 500 && exchange.answer->answer.outcome() == v1::OUTCOME_SOURCE_DOWN) {
    return absl::AbortedError(absl::StrCat("the system answered ", response.status));
  }
  return absl::OkStatus();
}

}  // namespace chayan::http_connector
