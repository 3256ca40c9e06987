#include "gateway/operate/operator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/operate/persons.h"
#include "gateway/rpc/recorded.h"
#include "gateway/rpc/request.h"

namespace chayan::operate {
namespace {

constexpr char kService[] = "/chayan.v1.OperatorService/";
// From when on an agency whose last answer key ends is an alarm: time to register the next one.
constexpr absl::Duration kAnswerKeyNotice = absl::Hours(24 * 14);
constexpr int kPageSizeDefault = 100;
constexpr int kPageSizeMax = 1000;

void SetTime(google::protobuf::Timestamp& to, absl::Time from) {
  to.set_seconds(absl::ToUnixSeconds(from));
}

void Describe(const link::LinkInfo& from, v1::LinkStatus& to) {
  to.set_link(from.id);
  to.set_member(from.member);
  to.set_system(from.system);
  for (const std::string& kind : from.kinds) to.add_document_kinds(kind);
  for (const std::string& subscription : from.subscriptions) to.add_subscriptions(subscription);
  to.set_in_flight(from.in_flight);
  SetTime(*to.mutable_open_time(), from.opened);
  to.set_software(from.software);
  to.set_draining(from.draining);
  to.set_answers(from.answers);
  for (const std::string& kind : from.down_kinds) to.add_down_kinds(kind);
}

// Left out where there is none.
void SetTimeIfAny(google::protobuf::Timestamp* (v1::PublicationStatus::*field)(),
                  v1::PublicationStatus& to, absl::Time from) {
  if (from != absl::InfinitePast()) SetTime(*(to.*field)(), from);
}

void Describe(const log::PublisherStatus& from, v1::PublicationStatus& to) {
  to.set_published_size(from.published_size);
  SetTimeIfAny(&v1::PublicationStatus::mutable_published_time, to, from.published_time);
  to.set_witnessed_size(from.witnessed_size);
  to.set_quorum_present(from.quorum_present);
  to.set_closed(from.closed);
  for (const log::WitnessState& state : from.witnesses) {
    v1::WitnessStatus* const witness = to.add_witnesses();
    witness->set_name(state.name);
    witness->set_cosigned_size(state.cosigned_size);
    if (state.cosigned_time != absl::InfinitePast()) {
      SetTime(*witness->mutable_cosigned_time(), state.cosigned_time);
    }
    witness->set_fault(state.fault);
  }
  SetTimeIfAny(&v1::PublicationStatus::mutable_timestamp_time, to, from.timestamp_time);
  to.set_timestamp_size(from.timestamp_size);
  to.set_timestamp_fault(from.timestamp_fault);
}

}  // namespace

Operator::Operator(Options options, rpc::Server& server, link::Links& links,
                   log::Committer& committer, log::Publisher& publisher,
                   const registry::Current& registry, Clock& clock, Random& random)
    : Desk(committer, clock, random),
      options_(std::move(options)),
      server_(server),
      links_(links),
      publisher_(publisher),
      registry_(registry),
      start_(clock.Now()) {}

void Operator::ServeOn() {
  const std::string service = kService;
  server_.HandleUnary(service + "GetStatus", [this](Call call) { GetStatus(std::move(call)); });
  server_.HandleUnary(service + "ListLinks", [this](Call call) { ListLinks(std::move(call)); });
  server_.HandleUnary(service + "DrainLink", [this](Call call) { DrainLink(std::move(call)); });
}

void Operator::GetStatus(Call call) {
  v1::GetStatusRequest request;
  if (!Parse(call, request)) return;
  const rpc::ServerStatus server = server_.Status();
  const log::CommitterStatus log = committer_.Status();
  const auto snapshot = registry_.Get();
  v1::GetStatusResponse response;
  response.set_gateway(options_.gateway);
  response.set_version(options_.version);
  SetTime(*response.mutable_start_time(), start_);
  for (const link::LinkInfo& link : links_.List()) Describe(link, *response.add_links());
  response.set_calls_in_flight(server.calls_in_flight);
  response.set_connections(server.connections);
  v1::LogStatus* log_status = response.mutable_log();
  log_status->set_origin(options_.origin);
  log_status->set_size(log.size);
  log_status->set_queued(static_cast<uint32_t>(log.queued));
  log_status->set_commits(log.commits);
  log_status->set_commit_p50_us(log.commit_p50_us);
  log_status->set_fault(log.fault.empty() ? log.hold : log.fault);
  const log::PublisherStatus publication = publisher_.Status();
  if (publication.publishing) Describe(publication, *response.mutable_publication());
  for (const std::string& key : log.keys) log_status->add_verifier_keys(key);
  std::vector<std::pair<absl::Time, std::string>> certificates = {
      {server.certificate_not_after, "gateway"}};
  for (const auto& [id, issuer] : snapshot->issuers()) {
    certificates.emplace_back(issuer.not_after(), absl::StrCat("issuer ", id));
  }
  for (const auto& [system, end] : snapshot->AnswerKeyEnds()) {
    certificates.emplace_back(end, absl::StrCat("answer key ", system));
  }
  std::sort(certificates.begin(), certificates.end());
  for (const auto& [not_after, name] : certificates) {
    v1::CertificateStatus* certificate = response.add_certificates();
    certificate->set_name(name);
    SetTime(*certificate->mutable_not_after_time(), not_after);
  }
  response.set_registry_digest(snapshot->digest().ToString());
  for (std::string& alarm : AlarmsOf(server, log, publication)) {
    response.add_alarms(std::move(alarm));
  }
  Reply(call, response.SerializeAsString());
}

std::vector<std::string> Operator::Alarms() const {
  return AlarmsOf(server_.Status(), committer_.Status(), publisher_.Status());
}

std::vector<std::string> Operator::AlarmsOf(const rpc::ServerStatus& server,
                                            const log::CommitterStatus& log,
                                            const log::PublisherStatus& publication) const {
  std::vector<std::string> alarms = server.alarms;
  alarms.insert(alarms.end(), publication.alarms.begin(), publication.alarms.end());
  if (!log.fault.empty()) alarms.push_back("log.fault");
  for (const auto& [system, end] : registry_.Get()->AnswerKeyEnds()) {
    if (end - clock_.Now() < kAnswerKeyNotice) {
      alarms.push_back("answer_key.due");
      break;
    }
  }
  if (options_.has_unused_grants && options_.has_unused_grants()) alarms.push_back("grant.unused");
  if (options_.notice_alarms) {
    for (std::string& alarm : options_.notice_alarms()) alarms.push_back(std::move(alarm));
  }
  return alarms;
}

void Operator::ListLinks(Call call) {
  v1::ListLinksRequest request;
  if (!Parse(call, request)) return;
  if (request.page_size() < 0) {
    return Refuse(call, policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, "page_size",
                                             "write 0 or a positive number"));
  }
  // The token is the id of the last link of the previous page.
  std::vector<link::LinkInfo> links = links_.List();
  std::sort(links.begin(), links.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  const int size =
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);
  v1::ListLinksResponse response;
  for (const link::LinkInfo& link : links) {
    if (link.id <= request.page_token()) continue;
    if (response.links_size() == size) {
      response.set_next_page_token(response.links(size - 1).link());
      break;
    }
    Describe(link, *response.add_links());
  }
  Reply(call, response.SerializeAsString());
}

void Operator::DrainLink(Call call) {
  v1::DrainLinkRequest request;
  if (!Parse(call, request)) return;
  if (!links_.Drain(request.link())) {
    return Refuse(call, Refused(v1::ERROR_REASON_LINK_NOT_FOUND,
                                "there is no such link; ListLinks names them"));
  }
  Reply(call, v1::DrainLinkResponse().SerializeAsString());
}

template <typename Request>
bool Operator::Parse(const Call& call, Request& request) {
  const auto refusal = rpc::ReadRequest(*call, request);
  if (refusal.has_value()) Refuse(call, *refusal);
  return !refusal.has_value();
}

}  // namespace chayan::operate
