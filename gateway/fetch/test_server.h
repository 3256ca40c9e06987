// A real HTTP(S) server for tests alone: sockets of this machine, a free port, answers as raw
// bytes, so that a test can send what no proper server would.
#ifndef CHAYAN_GATEWAY_FETCH_TEST_SERVER_H_
#define CHAYAN_GATEWAY_FETCH_TEST_SERVER_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/crypto/openssl.h"
#include "gateway/crypto/test_pki.h"

namespace chayan::fetch {

struct TestRequest {
  std::string head;  // request line and headers
  std::string body;
  std::string first_line() const { return head.substr(0, head.find("\r\n")); }
};

// What goes back for one request, and what becomes of the connection then.
struct TestAnswer {
  enum class Then { kKeepOpen, kClose, kHang };
  std::string bytes;
  Then then = Then::kKeepOpen;
};

// A proper answer.
inline TestAnswer HttpAnswer(int status, const std::string& body, const std::string& headers = "") {
  return {absl::StrCat("HTTP/1.1 ", status, " Said\r\nContent-Length: ", body.size(), "\r\n",
                       headers, "\r\n", body)};
}

class TestServer {
 public:
  // Runs on the connection's thread.
  using Handler = std::function<TestAnswer(const TestRequest&)>;
  struct Tls {
    crypto::TestParty server;
    // Clients must come with a certificate of this authority.
    const crypto::TestParty* client_authority = nullptr;
  };

  explicit TestServer(Handler handler, std::optional<Tls> tls = std::nullopt)
      : handler_(std::move(handler)) {
    if (tls.has_value()) StartTls(*tls);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    CHAYAN_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHAYAN_CHECK(listen(listener_, 64) == 0);
    CHAYAN_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    accepter_ = std::thread([this] { Accept(); });
  }

  ~TestServer() {
    shutdown(listener_, SHUT_RDWR);
    accepter_.join();
    close(listener_);
    for (std::thread& thread : connections_) thread.join();
    for (const int fd : fds_) close(fd);
  }

  int port() const { return port_; }
  std::string Url(const std::string& path) const {
    return absl::StrCat(context_ == nullptr ? "http" : "https", "://localhost:", port_, path);
  }
  int connections() const {
    absl::MutexLock lock(&mu_);
    return static_cast<int>(fds_.size());
  }
  std::vector<TestRequest> requests() const {
    absl::MutexLock lock(&mu_);
    return requests_;
  }

 private:
  // One connection, plain or TLS.
  struct Stream {
    int fd;
    SSL* ssl;
    bool Read(std::string& buffer) const {
      char block[1 << 14];
      const ssize_t got = ssl == nullptr ? recv(fd, block, sizeof(block), 0)
                                         : SSL_read(ssl, block, static_cast<int>(sizeof(block)));
      if (got > 0) buffer.append(block, static_cast<size_t>(got));
      return got > 0;
    }
    void Write(const std::string& bytes) const {
      size_t done = 0;
      while (done < bytes.size()) {
        const ssize_t put =
            ssl == nullptr
                ? send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL)
                : SSL_write(ssl, bytes.data() + done, static_cast<int>(bytes.size() - done));
        if (put <= 0) return;  // the client had enough
        done += static_cast<size_t>(put);
      }
    }
  };

  void StartTls(const Tls& tls) {
    context_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    CHAYAN_CHECK(SSL_CTX_use_certificate(context_.get(), tls.server.x509.get()) == 1);
    CHAYAN_CHECK(SSL_CTX_use_PrivateKey(context_.get(), tls.server.key.get()) == 1);
    if (tls.client_authority == nullptr) return;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), tls.client_authority->x509.get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }

  void Accept() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) break;
      absl::MutexLock lock(&mu_);
      fds_.push_back(fd);
      connections_.emplace_back([this, fd] { Serve(fd); });
    }
    absl::MutexLock lock(&mu_);
    for (const int fd : fds_) shutdown(fd, SHUT_RDWR);
  }

  void Serve(int fd) {
    std::unique_ptr<SSL, void (*)(SSL*)> ssl(nullptr, SSL_free);
    if (context_ != nullptr) {
      ssl.reset(SSL_new(context_.get()));
      SSL_set_fd(ssl.get(), fd);
      if (SSL_accept(ssl.get()) != 1) {
        shutdown(fd, SHUT_RDWR);
        return;
      }
    }
    const Stream stream{fd, ssl.get()};
    std::string buffer;
    while (true) {
      std::optional<TestRequest> request = ReadRequest(stream, buffer);
      if (!request.has_value()) break;
      {
        absl::MutexLock lock(&mu_);
        requests_.push_back(*request);
      }
      const TestAnswer answer = handler_(*request);
      stream.Write(answer.bytes);
      if (answer.then == TestAnswer::Then::kClose) break;
      if (answer.then == TestAnswer::Then::kHang) {
        while (stream.Read(buffer)) {
        }
        break;
      }
    }
    shutdown(fd, SHUT_RDWR);
  }

  static std::optional<TestRequest> ReadRequest(const Stream& stream, std::string& buffer) {
    size_t end = std::string::npos;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!stream.Read(buffer)) return std::nullopt;
    }
    TestRequest request;
    request.head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    size_t length = 0;
    const std::string lower = absl::AsciiStrToLower(request.head);
    const size_t at = lower.find("content-length: ");
    if (at != std::string::npos) {
      const std::string digits = lower.substr(at + 16, lower.find("\r\n", at) - at - 16);
      CHAYAN_CHECK(absl::SimpleAtoi(digits, &length));
    }
    while (buffer.size() < length) {
      if (!stream.Read(buffer)) return std::nullopt;
    }
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    return request;
  }

  const Handler handler_;
  std::shared_ptr<SSL_CTX> context_;
  int listener_ = -1;
  int port_ = 0;
  std::thread accepter_;
  mutable absl::Mutex mu_;
  std::vector<int> fds_ ABSL_GUARDED_BY(mu_);
  std::vector<std::thread> connections_;  // the accepter's, then the destructor's
  std::vector<TestRequest> requests_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::fetch

#endif  // CHAYAN_GATEWAY_FETCH_TEST_SERVER_H_
