// Goal: only who has the right now gets through, on new, open and idle connections and within
// running streams; files change without a restart. Method: certificates of every fault made here,
// through gRPC's client or through OpenSSL directly; files and registry changed under a running
// front.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "gateway/rpc/grpc_client.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/raw_client.h"
#include "gateway/rpc/test_front.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::rpc {
namespace {

using ::testing::Contains;

constexpr char kDeskUri[] = "spiffe://test.example/hro-a/desk-1";

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (status.ok()) return "OK";
  if (!details.ParseFromString(status.error_details()) || details.details_size() == 0 ||
      !details.details(0).UnpackTo(&info)) {
    return absl::StrCat("no reason: ", status.error_message());
  }
  return info.reason();
}

std::string ReasonFor(TestFront& front, const crypto::TestParty& party,
                      const std::string& method = kEcho) {
  Client client(front, party);
  return ReasonOf(client.Call(method).status);
}

// Whether the server ends the connection in or right after the handshake.
bool IsTurnedAway(const TestFront& front, const RawClient::Options& options) {
  RawClient client(front, options);
  return !client.Handshake() || client.ReadsEnd();
}

TEST(DoorTest, HandshakeTurnsAwayWhoHasNoValidCertificate) {
  TestFront front;
  EXPECT_TRUE(IsTurnedAway(front, {.party = nullptr}));
  const crypto::TestParty expired = crypto::NewTestParty(
      {.uris = {kDeskUri}, .serial = 7, .not_after = absl::Now() - absl::Minutes(1)},
      &front.authority);
  EXPECT_TRUE(IsTurnedAway(front, {.party = &expired}));
  const crypto::TestParty foreign_root = crypto::NewTestAuthority("Foreign Root");
  const crypto::TestParty foreign = crypto::NewTestParty({.uris = {kDeskUri}}, &foreign_root);
  EXPECT_TRUE(IsTurnedAway(front, {.party = &foreign}));
  // The name is right, the key is not.
  const crypto::TestParty twin = crypto::NewTestAuthority("Members CA");
  const crypto::TestParty forged = crypto::NewTestParty({.uris = {kDeskUri}}, &twin);
  EXPECT_TRUE(IsTurnedAway(front, {.party = &forged}));
  EXPECT_TRUE(IsTurnedAway(front, {.party = &front.desk, .version = TLS1_2_VERSION}));
  EXPECT_TRUE(IsTurnedAway(front, {.party = &front.desk, .offer_http2 = false}));
  EXPECT_TRUE(Eventually([&] { return front.server->Status().handshakes_failed == 6; }));
  EXPECT_TRUE(Eventually([&] { return front.server->Status().connections == 0; }));
  EXPECT_EQ(ReasonFor(front, front.desk), "OK");
}

TEST(DoorTest, SessionsAreNeverResumed) {
  TestFront front;
  RawClient first(front, {.party = &front.desk});
  ASSERT_TRUE(first.StartHttp2());
  ASSERT_TRUE(first.Send(H2Frame(NGHTTP2_PING, 0, 0, "12345678")));
  // Whatever tickets there were came before the answer.
  ASSERT_TRUE(first.ReadUntil([](const auto& frame) { return frame.type == NGHTTP2_PING; }));
  SSL_SESSION* const session = SSL_get1_session(first.ssl());
  EXPECT_EQ(SSL_SESSION_is_resumable(session), 0);
  RawClient second(front, {.party = &front.desk, .resume = session});
  EXPECT_TRUE(second.Handshake());
  EXPECT_EQ(SSL_session_reused(second.ssl()), 0);
  SSL_SESSION_free(session);
}

TEST(DoorTest, RefusesIdentitiesThatAreNotTheMembersOwn) {
  TestFront front;
  const auto reason = [&](const std::vector<std::string>& uris, const crypto::TestParty& issuer) {
    return ReasonFor(front, crypto::NewTestParty(
                                {.common_name = "hro-a", .uris = uris, .serial = 200}, &issuer));
  };
  EXPECT_EQ(reason({kDeskUri}, front.authority), "OK");
  // Another trusted authority minted the URI of a member that is not its own.
  EXPECT_EQ(reason({kDeskUri}, front.stranger), "ISSUER_NOT_ALLOWED");
  EXPECT_EQ(reason({"spiffe://test.example/hro-z/desk-1"}, front.authority), "CALLER_UNKNOWN");
  EXPECT_EQ(reason({"spiffe://test.example/hro-a/desk-9"}, front.authority), "CALLER_UNKNOWN");
  for (const std::vector<std::string>& uris : {std::vector<std::string>{},
                                               {kDeskUri, kDeskUri},
                                               {"spiffe://other.example/hro-a/desk-1"},
                                               {"https://test.example/hro-a/desk-1"},
                                               {"spiffe://test.example/hro-a"},
                                               {"spiffe://test.example/hro-a/desk-1/x"},
                                               {"spiffe://test.example/hro-a/"}}) {
    EXPECT_EQ(reason(uris, front.authority), "CERTIFICATE_IDENTITY_UNUSABLE");
  }
  EXPECT_EQ(front.recorded().size(), 10u);
}

TEST(DoorTest, RefusesMethodsOfAnotherRoleAndRecordsThat) {
  TestFront front;
  EXPECT_EQ(ReasonFor(front, front.desk, kOperatorOnly), "ROLE_NOT_ALLOWED");
  const auto auditor = front.NewCaller("spiffe://test.example/office-b/auditor", 101);
  EXPECT_EQ(ReasonFor(front, auditor, kEcho), "ROLE_NOT_ALLOWED");
  const auto operation = front.NewCaller("spiffe://test.example/operator/console", 102);
  EXPECT_EQ(ReasonFor(front, operation, kOperatorOnly), "OK");
  EXPECT_THAT(front.recorded(), ::testing::ElementsAre("ROLE_NOT_ALLOWED", "ROLE_NOT_ALLOWED"));
}

TEST(DoorTest, RecordsOnlySoManyRefusalsOfOneCertificate) {
  TestFront front;
  Client client(front, front.desk);
  for (int i = 0; i < 120; ++i) {
    EXPECT_EQ(ReasonOf(client.Call(kOperatorOnly).status), "ROLE_NOT_ALLOWED");
  }
  EXPECT_LT(front.recorded().size(), 120u);
  EXPECT_EQ(front.recorded().size() + front.server->Status().calls_shed, 120u);
}

TEST(DoorTest, ARevocationReachesOpenAndNewConnections) {
  TestFront front;
  Client client(front, front.desk);
  ASSERT_TRUE(client.Call(kEcho).status.ok());
  const absl::Time start = absl::Now();
  front.Write("crl/members.crl", crypto::NewTestCrl(front.authority, {100}));
  EXPECT_TRUE(
      Eventually([&] { return ReasonOf(client.Call(kEcho).status) == "CERTIFICATE_REVOKED"; }));
  RecordProperty("revoked_after", absl::FormatDuration(absl::Now() - start));
  EXPECT_EQ(ReasonFor(front, front.desk), "CERTIFICATE_REVOKED");
  EXPECT_THAT(front.recorded(), Contains("CERTIFICATE_REVOKED"));
  // Another certificate of the same system goes on.
  EXPECT_EQ(ReasonFor(front, front.NewCaller(kDeskUri, 103)), "OK");
}

// The caller does nothing; the front ends what runs.
template <typename Change>
void ExpectRunningCallsEnd(const std::string& reason, const Change& change,
                           absl::Duration valid_for = absl::Hours(24)) {
  TestFront front;
  const crypto::TestParty caller_party = crypto::NewTestParty(
      {.uris = {kDeskUri}, .serial = 100, .not_after = absl::Now() + valid_for}, &front.authority);
  Client client(front, caller_party);
  std::thread caller([&] { EXPECT_EQ(ReasonOf(client.Call(kHold).status), reason); });
  std::thread streamer([&] {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    grpc::CompletionQueue queue;
    const auto stream = client.stub().PrepareCall(&context, kStream, &queue);
    void* tag = nullptr;
    bool ok = false;
    stream->StartCall(&tag);
    queue.Next(&tag, &ok);
    grpc::Status status;
    stream->Finish(&status, &tag);
    queue.Next(&tag, &ok);
    EXPECT_EQ(ReasonOf(status), reason);
  });
  ASSERT_TRUE(Eventually([&] { return front.held().size() == 1 && front.streams().size() == 1; }));
  const absl::Time start = absl::Now();
  change(front);
  caller.join();
  streamer.join();
  ::testing::Test::RecordProperty("ended_after", absl::FormatDuration(absl::Now() - start));
  EXPECT_TRUE(Eventually([&] { return front.cancelled == 1 && front.ended == 1; }));
  EXPECT_TRUE(Eventually([&] { return front.server->Status().connections == 0; }));
  EXPECT_THAT(front.recorded(), Contains(reason));
}

TEST(DoorTest, ARevocationEndsRunningCalls) {
  ExpectRunningCallsEnd("CERTIFICATE_REVOKED", [](TestFront& front) {
    front.Write("crl/members.crl", crypto::NewTestCrl(front.authority, {100}));
  });
}

TEST(DoorTest, ARevokedAuthorityEndsRunningCalls) {
  ExpectRunningCallsEnd("CERTIFICATE_REVOKED", [](TestFront& front) {
    front.Write("crl/root.crl", crypto::NewTestCrl(front.root, {2}));
  });
}

TEST(DoorTest, TheDenyListEndsRunningCalls) {
  ExpectRunningCallsEnd("CERTIFICATE_REVOKED", [](TestFront& front) {
    front.Write("deny.textproto",
                absl::StrCat("certificates { uri: \"", kDeskUri, "\" reason: \"left\" }"));
  });
}

TEST(DoorTest, ExpiryEndsRunningCalls) {
  // Well before the deadlines of the calls.
  ExpectRunningCallsEnd(
      "CERTIFICATE_EXPIRED", [](TestFront& front) { front.clock.Advance(kPatience / 2); },
      kPatience / 2);
}

TEST(DoorTest, RemovalFromTheRegistryEndsRunningCalls) {
  ExpectRunningCallsEnd("CALLER_UNKNOWN", [](TestFront& front) {
    front.SetRegistry(
        "members { id: \"office-b\" name { zh_tw: \"乙\" en: \"B\" } issuers: \"members\" "
        "systems { name: \"auditor\" role: ROLE_AUDITOR } }\n");
  });
}

TEST(DoorTest, AConnectionWithoutAnyRightGoesSoon) {
  TestFront front;
  const auto nobody = front.NewCaller("spiffe://test.example/hro-z/desk-1", 300);
  RawClient client(front, {.party = &nobody});
  ASSERT_TRUE(client.StartHttp2());
  // It is told why, when it asks.
  ASSERT_TRUE(client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, 1, H2Request(kEcho))));
  EXPECT_EQ(client.ReadHeader(1, "grpc-status"), "16");
  front.clock.Advance(kRefusedConnectionStay);
  EXPECT_TRUE(client.ReadUntil([](const auto& frame) { return frame.type == NGHTTP2_GOAWAY; }));
  EXPECT_TRUE(client.ReadsEnd());
  EXPECT_TRUE(Eventually([&] { return front.server->Status().connections == 0; }));
}

TEST(DoorTest, ConnectionsWithoutAnyRightAreFew) {
  TestFront front;
  const auto nobody = front.NewCaller("spiffe://test.example/hro-z/desk-1", 300);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (uint32_t i = 0; i < kRefusedConnectionsMax; ++i) {
    clients.push_back(std::make_unique<RawClient>(front, RawClient::Options{.party = &nobody}));
    ASSERT_TRUE(clients.back()->StartHttp2());
    ASSERT_TRUE(clients.back()->Read().has_value()) << i;
  }
  EXPECT_TRUE(IsTurnedAway(front, {.party = &nobody}));
  EXPECT_EQ(front.server->Status().calls_shed, 1u);
  EXPECT_EQ(ReasonFor(front, front.desk), "OK");
  // Each place is free again when its connection has gone.
  clients.clear();
  EXPECT_TRUE(Eventually([&] { return front.server->Status().connections <= 1; }));
  RawClient next(front, {.party = &nobody});
  ASSERT_TRUE(next.StartHttp2());
  EXPECT_TRUE(next.Read().has_value());
}

TEST(DoorTest, WhoGainsTheRightMeanwhileStays) {
  TestFront front;
  const auto desk = front.NewCaller("spiffe://test.example/hro-c/desk-1", 301);
  RawClient client(front, {.party = &desk});
  ASSERT_TRUE(client.StartHttp2());
  uint32_t id = 1;
  const auto status = [&] {
    client.Send(H2Frame(NGHTTP2_HEADERS, kEndHeaders, id, H2Request(kEcho)) +
                H2Frame(NGHTTP2_DATA, kEndStream, id, GrpcMessage("question")));
    id += 2;
    return client.ReadHeader(id - 2, "grpc-status");
  };
  EXPECT_EQ(status(), "16");
  front.SetRegistry(
      "members { id: \"hro-c\" name { zh_tw: \"丙\" en: \"C\" } issuers: \"members\" "
      "systems { name: \"desk-1\" role: ROLE_HOUSEHOLD acting_for: \"hro-c\" } }\n");
  EXPECT_TRUE(Eventually([&] { return status() == "0"; }));
  front.clock.Advance(2 * kRefusedConnectionStay);
  EXPECT_EQ(status(), "0");
  front.clock.Advance(2 * kRefusedConnectionStay);
  EXPECT_EQ(status(), "0");
}

TEST(DoorTest, AnEmptyFolderOfListsKeepsTheLastOnesAndAlarms) {
  TestFront front;
  front.Write("crl/members.crl", crypto::NewTestCrl(front.authority, {100}));
  EXPECT_TRUE(Eventually([&] { return ReasonFor(front, front.desk) == "CERTIFICATE_REVOKED"; }));
  std::filesystem::remove_all(front.Path("crl"));
  std::filesystem::create_directory(front.Path("crl"));
  EXPECT_TRUE(Eventually([&] { return front.HasAlarm("crl.none"); }));
  EXPECT_EQ(ReasonFor(front, front.desk), "CERTIFICATE_REVOKED");
  EXPECT_EQ(ReasonFor(front, front.NewCaller(kDeskUri, 104)), "OK");
  std::filesystem::remove_all(front.Path("crl"));
  EXPECT_TRUE(Eventually([&] { return front.HasAlarm("crl.unreadable"); }));
  EXPECT_EQ(ReasonFor(front, front.desk), "CERTIFICATE_REVOKED");
}

TEST(DoorTest, AnExpiredListGoesOnRevokingAndAlarms) {
  TestFront front;
  front.Write(
      "crl/members.crl",
      crypto::NewTestCrl(front.authority, {100}, {.next_update = absl::Now() + absl::Minutes(30)}));
  EXPECT_TRUE(Eventually([&] { return ReasonFor(front, front.desk) == "CERTIFICATE_REVOKED"; }));
  EXPECT_FALSE(front.HasAlarm("crl.expired"));
  front.clock.Advance(absl::Hours(1));
  EXPECT_TRUE(front.HasAlarm("crl.expired"));
  EXPECT_EQ(ReasonFor(front, front.desk), "CERTIFICATE_REVOKED");
  EXPECT_EQ(ReasonFor(front, front.NewCaller(kDeskUri, 105)), "OK");
}

TEST(DoorTest, AnUnreadableDenyListKeepsTheLastAndAlarms) {
  TestFront front;
  front.Write("deny.textproto",
              absl::StrCat("certificates { spki_sha256: \"",
                           front.desk.certificate().spki_digest().ToHex(), "\" }"));
  EXPECT_TRUE(Eventually([&] { return ReasonFor(front, front.desk) == "CERTIFICATE_REVOKED"; }));
  front.Write("deny.textproto", "certificates {{{");
  EXPECT_TRUE(Eventually([&] { return front.HasAlarm("denylist.unreadable"); }));
  EXPECT_EQ(ReasonFor(front, front.desk), "CERTIFICATE_REVOKED");
  front.Write("deny.textproto", "");
  EXPECT_TRUE(Eventually([&] { return ReasonFor(front, front.desk) == "OK"; }));
  EXPECT_FALSE(front.HasAlarm("denylist.unreadable"));
}

std::string ServerCertificateSerial(const TestFront& front) {
  RawClient client(front, {.party = &front.desk});
  EXPECT_TRUE(client.Handshake());
  X509* const certificate = SSL_get1_peer_certificate(client.ssl());
  const std::string serial = crypto::SerialToHex(X509_get0_serialNumber(certificate));
  X509_free(certificate);
  return serial;
}

TEST(DoorTest, ANewCertificateServesNewConnectionsAndDropsNoCall) {
  TestFront front;
  Client client(front, front.desk);
  std::thread caller([&] { EXPECT_TRUE(client.Call(kHold).status.ok()); });
  ASSERT_TRUE(Eventually([&] { return front.held().size() == 1; }));
  EXPECT_EQ(ServerCertificateSerial(front), "0a");
  const crypto::TestParty next = crypto::NewTestParty(
      {.other_names = "DNS:localhost,IP:127.0.0.1", .serial = 11}, &front.authority);
  // Between the two writes certificate and key do not fit: the old pair serves on.
  front.Write("gateway.pem", next.chain_pem);
  EXPECT_TRUE(Eventually([&] { return front.HasAlarm("certificate.unreadable"); }));
  EXPECT_EQ(ServerCertificateSerial(front), "0a");
  front.Write("gateway.key", next.key_pem);
  EXPECT_TRUE(Eventually([&] { return ServerCertificateSerial(front) == "0b"; }));
  EXPECT_TRUE(Eventually([&] { return !front.HasAlarm("certificate.unreadable"); }));
  front.held()[0]->Reply("still here");
  caller.join();
}

TEST(DoorTest, RemovedRootsEndTheTrust) {
  TestFront front;
  Client client(front, front.desk);
  ASSERT_TRUE(client.Call(kEcho).status.ok());
  front.Write("roots.pem", "nothing");
  EXPECT_TRUE(Eventually([&] { return front.HasAlarm("roots.unreadable"); }));
  EXPECT_EQ(ReasonFor(front, front.desk), "OK");
  const crypto::TestParty other = crypto::NewTestAuthority("New Root");
  front.Write("roots.pem", other.certificate_pem);
  EXPECT_TRUE(Eventually([&] { return ReasonOf(client.Call(kEcho).status) != "OK"; }));
  EXPECT_TRUE(IsTurnedAway(front, {.party = &front.desk}));
}

TEST(DoorTest, UnusableFilesAreAnErrorAtTheStart) {
  TestFront front;
  const auto create = [&](const std::function<void(Server::Options&)>& spoil) {
    Server::Options options{.certificate_file = front.Path("gateway.pem"),
                            .key_file = front.Path("gateway.key"),
                            .roots_file = front.Path("roots.pem"),
                            .crl_directory = front.Path("crl"),
                            .denylist_file = front.Path("deny.textproto")};
    options.registry = [&] { return front.snapshot(); };
    spoil(options);
    return std::string(Server::Create(options, front.clock).status().message());
  };
  EXPECT_EQ(create([](Server::Options&) {}), "");
  front.Write("bad", "bad");
  using ::testing::HasSubstr;
  EXPECT_THAT(create([&](auto& options) { options.certificate_file = front.Path("none"); }),
              HasSubstr("none"));
  EXPECT_THAT(create([&](auto& options) { options.key_file = front.Path("bad"); }),
              HasSubstr("/bad"));
  EXPECT_THAT(create([&](auto& options) { options.roots_file = front.Path("bad"); }),
              HasSubstr("/bad"));
  EXPECT_THAT(create([&](auto& options) { options.crl_directory = front.Path("none"); }),
              HasSubstr("/none"));
  EXPECT_THAT(create([&](auto& options) { options.denylist_file = front.Path("bad"); }),
              HasSubstr("/bad"));
  EXPECT_THAT(create([&](auto& options) { options.address = "somewhere"; }),
              HasSubstr("somewhere"));
}

}  // namespace
}  // namespace chayan::rpc
