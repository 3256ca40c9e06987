#include "gateway/rpc/test_front.h"

#include <algorithm>
#include <cstdio>

#include "gateway/policy/refusal.h"

namespace chayan::rpc {
namespace {

std::filesystem::path NewDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "chayan_rpc_test_XXXXXX";
  CHAYAN_CHECK(mkdtemp(name.data()) != nullptr);
  return name;
}

std::string IssuerText(const std::string& id, const crypto::TestParty& issuer) {
  return absl::StrCat("issuers { id: \"", id, "\" certificate_pem: \"",
                      absl::CEscape(issuer.certificate_pem), "\" }\n");
}

}  // namespace

TestFront::TestFront(const Setup& setup) : directory_(NewDirectory()), setup_(setup) {
  Write("gateway.pem", gateway.chain_pem);
  Write("gateway.key", gateway.key_pem);
  Write("roots.pem", root.certificate_pem);
  CHAYAN_CHECK(MakeDirectories(Path("crl")).ok());
  Write("crl/root.crl", crypto::NewTestCrl(root, {}));
  Write("crl/members.crl", crypto::NewTestCrl(authority, {}));
  Write("crl/stranger.crl", crypto::NewTestCrl(stranger, {}));
  Write("deny.textproto", "");
  SetRegistry(DefaultMembers());
  Server::Options options{.certificate_file = Path("gateway.pem"),
                          .key_file = Path("gateway.key"),
                          .roots_file = Path("roots.pem"),
                          .crl_directory = Path("crl"),
                          .denylist_file = Path("deny.textproto"),
                          .workers = setup_.workers};
  options.registry = [this] {
    const absl::MutexLock lock(&mu_);
    return snapshot_;
  };
  if (setup_.record) {
    options.record_refusal = [this](DoorRefusal refusal) {
      {
        const absl::MutexLock lock(&mu_);
        recorded_.push_back(refusal.refusal.reason_name());
      }
      if (log_broken) return refusal.done(absl::UnavailableError("log"));
      refusal.done("receipt-of-refusal");
    };
  }
  auto created = Server::Create(std::move(options), clock);
  if (!created.ok()) std::fprintf(stderr, "%s\n", created.status().ToString().c_str());
  CHAYAN_CHECK(created.ok());
  server = *std::move(created);
  AddHandlers();
  server->SetServing(true);
  CHAYAN_CHECK(server->Start().ok());
}

TestFront::~TestFront() {
  server.reset();
  {
    const absl::MutexLock lock(&mu_);
    held_.clear();
    streams_.clear();
  }
  std::vector<std::thread> threads;
  {
    const absl::MutexLock lock(&mu_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  std::filesystem::remove_all(directory_);
}

std::string TestFront::DefaultMembers() const {
  const std::string bounds = absl::StrCat("requests_per_second: ", setup_.requests_per_second,
                                          " in_flight_max: ", setup_.in_flight_max);
  return absl::StrCat(
      "members { id: \"hro-a\" name { zh_tw: \"甲\" en: \"A\" } issuers: \"members\" ", bounds,
      " systems { name: \"desk-1\" role: ROLE_HOUSEHOLD acting_for: \"hro-a\" } }\n"
      "members { id: \"office-b\" name { zh_tw: \"乙\" en: \"B\" } issuers: \"members\" "
      "systems { name: \"auditor\" role: ROLE_AUDITOR } }\n"
      "members { id: \"operator\" name { zh_tw: \"維\" en: \"O\" } issuers: \"members\" "
      "systems { name: \"console\" role: ROLE_OPERATOR } }\n");
}

void TestFront::SetRegistry(const std::string& members) {
  std::vector<std::string> faults;
  auto snapshot = registry::Snapshot::Create(
      {{"all.textproto",
        absl::StrCat("deployment { trust_domain: \"test.example\" }\n",
                     IssuerText("members", authority), IssuerText("other", stranger), members)}},
      &faults);
  for (const std::string& fault : faults) std::fprintf(stderr, "%s\n", fault.c_str());
  CHAYAN_CHECK(snapshot.ok());
  const absl::MutexLock lock(&mu_);
  snapshot_ = *std::move(snapshot);
}

bool TestFront::HasAlarm(const std::string& name) const {
  const std::vector<std::string> alarms = server->Status().alarms;
  return std::find(alarms.begin(), alarms.end(), name) != alarms.end();
}

void TestFront::AddHandlers() {
  const UnaryHandler echo = [](std::shared_ptr<UnaryCall> call) {
    call->Reply(std::string(call->request()));
  };
  server->HandleUnary(kEcho, echo);
  server->HandleUnary(kOperatorOnly, echo);
  server->HandleUnary(
      kLarge,
      [](std::shared_ptr<UnaryCall> call) { call->Reply(absl::StrCat(call->request().size())); },
      kLargeBytesMax);
  server->HandleUnary(kHold, [this](std::shared_ptr<UnaryCall> call) {
    call->OnCancel([this] { ++cancelled; });
    const absl::MutexLock lock(&mu_);
    held_.push_back(std::move(call));
  });
  server->HandleUnary(kElsewhere, [this](std::shared_ptr<UnaryCall> call) {
    const absl::MutexLock lock(&mu_);
    threads_.emplace_back([call = std::move(call)] {
      if (call->request() != "fail") return call->Reply(std::string(call->request()));
      call->Fail({.reason = v1::ERROR_REASON_NO_GRANT, .message = "no 100% right\n"},
                 /*status_bytes=*/{}, "a receipt");
    });
  });
  server->HandleStream(kStream, [this](std::shared_ptr<StreamCall> call) {
    {
      const absl::MutexLock lock(&mu_);
      streams_.push_back(call);
    }
    StreamEvents events;
    events.on_message = [call](absl::string_view message) {
      if (message == "pause") return call->Pause();
      call->Write(std::string(message));
    };
    events.on_half_close = [call] { call->Finish(std::nullopt); };
    events.on_end = [this] { ++ended; };
    return events;
  });
}

}  // namespace chayan::rpc
