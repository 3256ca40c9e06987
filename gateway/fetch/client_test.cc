// Goal: no answer of a peer does more than fill a bounded string, and no request goes out twice,
// elsewhere, or to somebody who has not shown who he is. Method: a real server on sockets that
// answers with whatever bytes a test wants.
#include "gateway/fetch/client.h"

#include <cstdlib>
#include <thread>

#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/fetch/test_server.h"

namespace chayan::fetch {
namespace {

using crypto::NewTestAuthority;
using crypto::NewTestParty;
using crypto::TestParty;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Then = TestAnswer::Then;

std::unique_ptr<Client> NewClient(ClientOptions options = {}) {
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Create(std::move(options));
  EXPECT_THAT(client, IsOk());
  return *std::move(client);
}

Request Get(const std::string& url) {
  Request request;
  request.url = url;
  request.timeout = absl::Seconds(60);
  return request;
}

std::string TestFile(const std::string& name, const std::string& content) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/fetch.", getpid(), ".", name);
  CHAYAN_CHECK(WriteFile(path, content, 0600).ok());
  return path;
}

TEST(ClientTest, SendsWhatItIsGivenAndNothingElse) {
  TestServer server([](const TestRequest&) { return HttpAnswer(200, "yes"); });
  Request request = Get(server.Url("/titles?lot=1"));
  request.method = Method::kPost;
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  request.body = std::string("{\"a\":\0}", 7);
  const absl::StatusOr<Response> response = NewClient()->Fetch(request);
  ASSERT_OK(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "yes");
  ASSERT_EQ(server.requests().size(), 1);
  const TestRequest seen = server.requests()[0];
  EXPECT_EQ(seen.first_line(), "POST /titles?lot=1 HTTP/1.1");
  EXPECT_EQ(seen.body, request.body);
  EXPECT_THAT(seen.head,
              AllOf(HasSubstr("Content-Type: application/json\r\n"), HasSubstr("X-Empty:"),
                    Not(HasSubstr("Expect")), Not(HasSubstr("Accept-Encoding"))));
}

TEST(ClientTest, PutsWithItsMethod) {
  TestServer server([](const TestRequest&) { return HttpAnswer(204, ""); });
  Request request = Get(server.Url("/"));
  request.method = Method::kPut;
  request.body = "x";
  ASSERT_OK(NewClient()->Fetch(request));
  EXPECT_THAT(server.requests()[0].first_line(), StartsWith("PUT / "));
  EXPECT_EQ(server.requests()[0].body, "x");
}

TEST(ClientTest, ReturnsTheHeadersThatAreWanted) {
  TestServer server([](const TestRequest&) {
    return TestAnswer{
        "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
        "HTTP/1.1 429 Slow\r\nRETRY-after:  7 \r\nX-Other: 1\r\nContent-Length: 0\r\n\r\n"};
  });
  Request request = Get(server.Url("/"));
  request.headers_wanted = {"retry-after"};
  const absl::StatusOr<Response> response = NewClient()->Fetch(request);
  ASSERT_OK(response);
  EXPECT_EQ(response->status, 429);
  ASSERT_EQ(response->headers.size(), 1);
  ASSERT_NE(response->FindHeader("retry-after"), nullptr);
  EXPECT_EQ(*response->FindHeader("retry-after"), "7");
  EXPECT_EQ(response->FindHeader("x-other"), nullptr);
}

TEST(ClientTest, KeepsTheConnectionForTheNextRequest) {
  TestServer server([](const TestRequest&) { return HttpAnswer(200, "."); });
  const std::unique_ptr<Client> client = NewClient();
  for (int i = 0; i < 3; ++i) ASSERT_OK(client->Fetch(Get(server.Url("/"))));
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientTest, ServesManyThreads) {
  TestServer server(
      [](const TestRequest& request) { return HttpAnswer(200, request.first_line()); });
  const std::unique_ptr<Client> client = NewClient();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&client, &server, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string path = absl::StrCat("/", t, "/", i);
        const absl::StatusOr<Response> response = client->Fetch(Get(server.Url(path)));
        ASSERT_OK(response);
        EXPECT_EQ(response->body, absl::StrCat("GET ", path, " HTTP/1.1"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ClientTest, DoesNotFollowARedirect) {
  TestServer elsewhere([](const TestRequest&) { return HttpAnswer(200, "secret"); });
  TestServer server([&](const TestRequest&) {
    return HttpAnswer(302, "", absl::StrCat("Location: ", elsewhere.Url("/"), "\r\n"));
  });
  const absl::StatusOr<Response> response = NewClient()->Fetch(Get(server.Url("/")));
  ASSERT_OK(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(ClientTest, StopsAtTheBoundOfTheBody) {
  // Announced, and not announced.
  for (const std::string head : {"Content-Length: 4000000\r\n", "Connection: close\r\n"}) {
    TestServer server([&](const TestRequest&) {
      return TestAnswer{
          absl::StrCat("HTTP/1.1 200 OK\r\n", head, "\r\n", std::string(4'000'000, 'x')),
          Then::kClose};
    });
    const std::unique_ptr<Client> client = NewClient({.body_bytes_max = 100'000});
    EXPECT_THAT(client->Fetch(Get(server.Url("/"))),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("100000")));
  }
}

TEST(ClientTest, TakesABodyThatJustFits) {
  TestServer server([](const TestRequest&) { return HttpAnswer(200, std::string(1000, 'x')); });
  EXPECT_OK(NewClient({.body_bytes_max = 1000})->Fetch(Get(server.Url("/"))));
  EXPECT_THAT(NewClient({.body_bytes_max = 999})->Fetch(Get(server.Url("/"))),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("")));
}

TEST(ClientTest, StopsAtTheBoundOfTheHeaders) {
  TestServer server([](const TestRequest&) {
    std::string headers;
    for (int i = 0; i < 100; ++i)
      absl::StrAppend(&headers, "X-", i, ": ", std::string(1000, 'x'), "\r\n");
    return HttpAnswer(200, "", headers);
  });
  EXPECT_THAT(NewClient()->Fetch(Get(server.Url("/"))),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("headers")));
}

TEST(ClientTest, DecompressesNothing) {
  TestServer server(
      [](const TestRequest&) { return HttpAnswer(200, "abc", "Content-Encoding: gzip\r\n"); });
  const absl::StatusOr<Response> response = NewClient()->Fetch(Get(server.Url("/")));
  ASSERT_OK(response);
  EXPECT_EQ(response->body, "abc");
}

TEST(ClientTest, WaitsNoLongerThanItIsTold) {
  TestServer server([](const TestRequest&) {
    return TestAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Then::kHang};
  });
  Request request = Get(server.Url("/"));
  request.timeout = absl::Milliseconds(100);
  const absl::Status status = NewClient()->Fetch(request).status();
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kDeadlineExceeded, StartsWith("http://localhost")));
  EXPECT_TRUE(MayHaveBeenSent(status));
}

TEST(ClientTest, SaysThatNothingWasSentWhenNobodyListens) {
  int port = 0;
  {
    TestServer server([](const TestRequest&) { return HttpAnswer(200, ""); });
    port = server.port();
  }
  const absl::Status status =
      NewClient()->Fetch(Get(absl::StrCat("http://127.0.0.1:", port, "/A123456789"))).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, Not(HasSubstr("A123456789"))));
  EXPECT_FALSE(MayHaveBeenSent(status));
}

TEST(ClientTest, AnswersThatAreNotHttpAreErrors) {
  for (const std::string bytes :
       {"", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    TestServer server([&](const TestRequest&) { return TestAnswer{bytes, Then::kClose}; });
    const absl::Status status = NewClient()->Fetch(Get(server.Url("/"))).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kAborted, HasSubstr("localhost"))) << bytes;
    EXPECT_TRUE(MayHaveBeenSent(status));
  }
}

// The kept connection dies under the second request; whether the peer acted on it, nobody knows.
TEST(ClientTest, AsksASecondTimeOnlyWhereThePeerMayBeAskedTwice) {
  for (const bool repeatable : {false, true}) {
    std::atomic<int> count = 0;
    TestServer server([&](const TestRequest&) {
      return ++count == 2 ? TestAnswer{"", Then::kClose} : HttpAnswer(200, ".");
    });
    const std::unique_ptr<Client> client = NewClient();
    Request request = Get(server.Url("/"));
    request.repeatable = repeatable;
    ASSERT_OK(client->Fetch(request));
    const absl::Status status = client->Fetch(request).status();
    EXPECT_EQ(status.ok(), repeatable) << status;
    EXPECT_EQ(MayHaveBeenSent(status), true);
    EXPECT_EQ(server.requests().size(), repeatable ? 3 : 2);
  }
}

TEST(ClientTest, RefusesAddressesOfThisMachineWhereToldTo) {
  TestServer server([](const TestRequest&) { return HttpAnswer(200, "secret"); });
  const std::unique_ptr<Client> client = NewClient({.targets = Targets::kPublic});
  for (const std::string host : {"localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1", "0"}) {
    const absl::Status status =
        client->Fetch(Get(absl::StrCat("http://", host, ":", server.port(), "/"))).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not allowed"))) << host;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(ClientTest, TakesNoProxyFromTheEnvironment) {
  TestServer proxy([](const TestRequest&) { return HttpAnswer(200, "proxied"); });
  TestServer server([](const TestRequest&) { return HttpAnswer(200, "direct"); });
  setenv("http_proxy", absl::StrCat("http://127.0.0.1:", proxy.port()).c_str(), 1);
  const absl::StatusOr<Response> response = NewClient()->Fetch(Get(server.Url("/")));
  unsetenv("http_proxy");
  ASSERT_OK(response);
  EXPECT_EQ(response->body, "direct");
  EXPECT_EQ(proxy.connections(), 0);
}

class TlsTest : public ::testing::Test {
 protected:
  TestServer NewServer(const std::string& names,
                       const TestParty* client_authority = nullptr) const {
    return TestServer(
        [](const TestRequest&) { return HttpAnswer(200, "safe"); },
        TestServer::Tls{NewTestParty({.other_names = names}, &authority_), client_authority});
  }

  const TestParty authority_ = NewTestAuthority("root");
  const std::string roots_ = TestFile("roots", authority_.certificate_pem);
};

TEST_F(TlsTest, TrustsTheRootsItIsGiven) {
  const TestServer server = NewServer("DNS:localhost");
  const absl::StatusOr<Response> response =
      NewClient({.ca_file = roots_})->Fetch(Get(server.Url("/")));
  ASSERT_OK(response);
  EXPECT_EQ(response->body, "safe");
  EXPECT_OK(NewClient({.ca_pem = authority_.certificate_pem})->Fetch(Get(server.Url("/"))));
}

TEST_F(TlsTest, RefusesAPeerOfAnotherRootOrName) {
  const TestServer server = NewServer("DNS:localhost");
  const TestServer misnamed = NewServer("DNS:elsewhere.example");
  const std::string other_pem = NewTestAuthority("other").certificate_pem;
  const std::string other_roots = TestFile("other", other_pem);
  for (const absl::Status& status :
       {NewClient({.ca_file = other_roots})->Fetch(Get(server.Url("/"))).status(),
        NewClient({.ca_pem = other_pem})->Fetch(Get(server.Url("/"))).status(),
        NewClient()->Fetch(Get(server.Url("/"))).status(),
        NewClient({.ca_file = roots_})->Fetch(Get(misnamed.Url("/"))).status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("https://localhost")));
    EXPECT_FALSE(MayHaveBeenSent(status));
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TlsTest, ShowsItsCertificate) {
  const TestParty clients = NewTestAuthority("clients");
  const TestParty me = NewTestParty({.common_name = "me"}, &clients);
  const TestServer server = NewServer("DNS:localhost", &clients);
  EXPECT_FALSE(NewClient({.ca_file = roots_})->Fetch(Get(server.Url("/"))).ok());
  EXPECT_TRUE(server.requests().empty());
  EXPECT_OK(NewClient({.ca_file = roots_,
                       .certificate_file = TestFile("me.pem", me.chain_pem),
                       .key_file = TestFile("me.key", me.key_pem)})
                ->Fetch(Get(server.Url("/"))));
}

TEST(ClientOptionsTest, NamesAFileThatCannotBeRead) {
  EXPECT_THAT(Client::Create({.ca_file = "/nonexistent/roots.pem"}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent/roots.pem")));
  EXPECT_THAT(Client::Create({.certificate_file = "x.pem"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key")));
}

TEST(CheckUrlTest, TakesHttpAlone) {
  EXPECT_OK(CheckUrl("https://agency.example:8443/a/b?c=d%20e"));
  EXPECT_OK(CheckUrl("http://10.0.0.1/"));
  for (const std::string url :
       {"", "agency.example", "ftp://a.example/", "file:///etc/passwd", "https://", "https:///x",
        "https://user:word@a.example/", "https://user@a.example/", "https://a.example/#x",
        "https://a.example/a b", "https://a.example/\r\nX: y", "https://a.example/\xE5\x8F\xB0",
        "sftp://a.example/", "https://a.example:99999/"}) {
    EXPECT_THAT(CheckUrl(url), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("URL")))
        << url;
  }
}

TEST(ClientTest, RefusesHeadersThatWouldSplitTheRequest) {
  TestServer server([](const TestRequest&) { return HttpAnswer(200, ""); });
  for (const Header& header : {Header{"X", "a\r\nY: b"}, Header{"X Y", "a"}, Header{"", "a"},
                               Header{"X", std::string("a\0b", 3)}, Header{"X:", "a"}}) {
    Request request = Get(server.Url("/"));
    request.headers = {header};
    EXPECT_THAT(NewClient()->Fetch(request),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("header")));
  }
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace chayan::fetch
