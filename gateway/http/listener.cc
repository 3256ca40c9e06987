#include "gateway/http/listener.h"

// Boost 1.74's awaitable.hpp uses std::exchange without it.
#include <utility>
// clang-format off
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
// clang-format on
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <list>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/diag.h"
#include "gateway/base/socket_address.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/task_thread.h"
#include "gateway/http/request_reader.h"

namespace chayan::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class Session;
using Sessions = std::list<std::shared_ptr<Session>>;  // oldest first

// Counted on the serving thread, read from any.
struct AtomicCounts {
  std::atomic<uint64_t> connections{0}, connections_crowded{0}, requests{0}, refusals{0},
      timeouts{0};
};

// What the sessions of a listener share. All but `counts` belongs to the serving thread.
struct Shared {
  Shared(Listener::Options o, std::vector<Route> r, const Clock& c)
      : options(std::move(o)), routes(std::move(r)), clock(c) {}

  const Listener::Options options;
  const RouteTable routes;
  const Clock& clock;
  AtomicCounts counts;
  asio::io_context io;
  Sessions sessions;
  bool stopping = false;
  // The last member, and so joined before `io` goes: its tasks post there.
  TaskThread handlers{kConnectionsMax};
};

std::string ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

// One connection. Lives as long as an operation of it is under way; its methods run on the serving
// thread.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, tcp::socket socket)
      : shared_(shared), socket_(std::move(socket)), timer_(shared.io), reader_(shared.routes) {}

  // REQUIRES: `place` in shared.sessions is this one's.
  void Start(Sessions::iterator place) {
    place_ = place;
    ++shared_.counts.connections;
    Await(RequestReader::State::kNeedsMore);
  }

  // A request of it is being handled or answered.
  bool is_answering() const { return phase_ == Phase::kHandling || phase_ == Phase::kWriting; }

  void Close() {
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kClosed;
    error_code ignored;
    timer_.cancel(ignored);
    --shared_.counts.connections;  // First, so that who sees the close sees the count.
    socket_.close(ignored);
    shared_.sessions.erase(place_);
    if (shared_.stopping && shared_.sessions.empty()) shared_.io.stop();
  }

 private:
  enum class Phase { kIdle, kRequest, kHandling, kWriting, kLingering, kClosed };

  // What the reader came to: read on, answer, or refuse.
  void Await(RequestReader::State state);
  void Read();
  void Handle();
  void Answer(Response response, bool keep);
  void Written(bool keep);
  void Linger();

  // The connection ends when the new phase lasts longer; a phase that goes on keeps its deadline.
  void Enter(Phase phase, absl::Duration timeout);
  std::string HeadOf(const Response& response, bool keep) const;

  Shared& shared_;
  Sessions::iterator place_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  RequestReader reader_;
  Phase phase_ = Phase::kClosed;
  std::array<char, kReadBytes> input_;
  std::string output_;
  size_t lingered_ = 0;
};

void Session::Enter(Phase phase, absl::Duration timeout) {
  if (phase_ == phase) return;
  phase_ = phase;
  timer_.expires_after(absl::ToChronoNanoseconds(timeout));
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    // A wait that ended just before it was cancelled comes without an error.
    if (error || self->phase_ == Phase::kClosed ||
        self->timer_.expiry() > asio::steady_timer::clock_type::now()) {
      return;
    }
    ++self->shared_.counts.timeouts;
    self->Close();
  });
}

void Session::Await(RequestReader::State state) {
  switch (state) {
    case RequestReader::State::kNeedsMore:
      if (shared_.stopping) return Close();
      if (reader_.is_between_requests()) {
        Enter(Phase::kIdle, shared_.options.idle_timeout);
      } else {
        Enter(Phase::kRequest, shared_.options.request_timeout);
      }
      return Read();
    case RequestReader::State::kRequest:
      return Handle();
    case RequestReader::State::kRefused:
      ++shared_.counts.refusals;
      return Answer(reader_.refusal(), /*keep=*/false);
  }
}

void Session::Read() {
  socket_.async_read_some(
      asio::buffer(input_), [self = shared_from_this()](const error_code& error, size_t size) {
        if (self->phase_ == Phase::kClosed) return;
        if (error) return self->Close();
        self->Await(self->reader_.Feed(absl::string_view(self->input_.data(), size)));
      });
}

void Session::Handle() {
  error_code ignored;
  timer_.cancel(ignored);
  phase_ = Phase::kHandling;
  ++shared_.counts.requests;
  const Route& route = reader_.route();
  if (!route.may_block) return Answer(route.handler(reader_.request()), reader_.keep_alive());
  const bool taken = shared_.handlers.Run([self = shared_from_this(), &route]() mutable {
    Response response = route.handler(self->reader_.request());
    asio::io_context& io = self->shared_.io;
    asio::post(io, [self = std::move(self), response = std::move(response)]() mutable {
      if (self->phase_ == Phase::kClosed) return;
      self->Answer(std::move(response), self->reader_.keep_alive());
    });
  });
  if (!taken) Answer(TextResponse(503, "too many requests wait; try again"), /*keep=*/false);
}

std::string Session::HeadOf(const Response& response, bool keep) const {
  std::string head = absl::StrCat(
      "HTTP/1.1 ", response.status, " ", ReasonOf(response.status), "\r\nDate: ",
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", shared_.clock.Now(), absl::UTCTimeZone()),
      "\r\nContent-Type: ", response.content_type, "\r\nContent-Length: ", response.body.size(),
      "\r\nCache-Control: ", response.cache_control, "\r\nX-Content-Type-Options: nosniff\r\n");
  if (!reader_.allow().empty() && response.status == 405) {
    absl::StrAppend(&head, "Allow: ", reader_.allow(), "\r\n");
  }
  // Both spelled out: a peer that speaks HTTP/1.0 asks for the one, all others mean it.
  absl::StrAppend(&head, "Connection: ", keep ? "keep-alive" : "close", "\r\n\r\n");
  return head;
}

void Session::Answer(Response response, bool keep) {
  keep = keep && !shared_.stopping;
  output_ = HeadOf(response, keep);
  if (!reader_.is_head()) output_.append(response.body);
  Enter(Phase::kWriting, shared_.options.write_timeout);
  asio::async_write(socket_, asio::buffer(output_),
                    [self = shared_from_this(), keep](const error_code& error, size_t) {
                      if (self->phase_ == Phase::kClosed) return;
                      if (error) return self->Close();
                      self->Written(keep);
                    });
}

void Session::Written(bool keep) {
  output_ = std::string();  // half a MiB must not stay with an idle connection
  if (keep) return Await(reader_.Next());
  if (shared_.stopping) return Close();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  Enter(Phase::kLingering, kLingerTimeout);
  Linger();
}

void Session::Linger() {
  socket_.async_read_some(asio::buffer(input_),
                          [self = shared_from_this()](const error_code& error, size_t size) {
                            if (self->phase_ == Phase::kClosed) return;
                            self->lingered_ += size;
                            if (error || self->lingered_ > kLingerBytesMax) return self->Close();
                            self->Linger();
                          });
}

class ListenerImpl final : public Listener {
 public:
  ListenerImpl(Options options, std::vector<Route> routes, const Clock& clock)
      : shared_(std::move(options), std::move(routes), clock),
        acceptor_(shared_.io),
        timer_(shared_.io) {}
  ~ListenerImpl() override { Stop(); }

  absl::Status Start();
  std::string address() const override { return address_; }
  ListenerCounts Counts() const override;
  void Stop() override;

 private:
  void Accept();
  void Adopt(tcp::socket socket);
  void BeginStop();

  Shared shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;  // the pause after a failed accept, then the grace of the stop
  std::string address_;
  absl::Mutex stop_mu_;  // one Stop at a time
  std::thread thread_ ABSL_GUARDED_BY(stop_mu_);
};

absl::Status ListenerImpl::Start() {
  CHAYAN_ASSIGN_OR_RETURN(const SocketAddress address, ParseSocketAddress(shared_.options.address));
  if (!shared_.options.any_address && !address.is_loopback()) {
    return absl::InvalidArgumentError(
        absl::StrCat("address ", shared_.options.address,
                     ": other machines reach it; write 127.0.0.1 or [::1]"));
  }
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), &address.storage, address.size);
  endpoint.resize(address.size);
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kListenBacklog, error);
  if (!error) endpoint = acceptor_.local_endpoint(error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("listen on ", shared_.options.address, ": ", error.message()));
  }
  const std::string& asked = shared_.options.address;
  address_ = absl::StrCat(asked.substr(0, asked.rfind(':')), ":", endpoint.port());
  Accept();
  absl::MutexLock lock(&stop_mu_);
  thread_ = std::thread([this] { shared_.io.run(); });
  return absl::OkStatus();
}

void ListenerImpl::Accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (shared_.stopping || error == asio::error::operation_aborted) return;
    if (!error) {
      Adopt(std::move(socket));
      return Accept();
    }
    diag::Warning("http.accept_failed", {{"why", error.message()}});
    timer_.expires_after(absl::ToChronoNanoseconds(kAcceptPause));
    timer_.async_wait([this](const error_code& cancelled) {
      if (!cancelled && !shared_.stopping) Accept();
    });
  });
}

void ListenerImpl::Adopt(tcp::socket socket) {
  if (shared_.sessions.size() >= shared_.options.connections_max) {
    ++shared_.counts.connections_crowded;
    const auto oldest = std::find_if(shared_.sessions.begin(), shared_.sessions.end(),
                                     [](const auto& session) { return !session->is_answering(); });
    // Dropped, and so closed, when every connection there is waits for its answer.
    if (oldest == shared_.sessions.end()) return;
    std::shared_ptr<Session>(*oldest)->Close();
  }
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto session = std::make_shared<Session>(shared_, std::move(socket));
  session->Start(shared_.sessions.insert(shared_.sessions.end(), session));
}

ListenerCounts ListenerImpl::Counts() const {
  const AtomicCounts& counts = shared_.counts;
  return {.connections = counts.connections,
          .connections_crowded = counts.connections_crowded,
          .requests = counts.requests,
          .refusals = counts.refusals,
          .timeouts = counts.timeouts};
}

void ListenerImpl::BeginStop() {
  shared_.stopping = true;
  error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel(ignored);
  for (const auto& session : Sessions(shared_.sessions)) {
    if (!session->is_answering()) session->Close();
  }
  if (shared_.sessions.empty()) return shared_.io.stop();
  timer_.expires_after(absl::ToChronoNanoseconds(kStopGrace));
  timer_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) shared_.io.stop();
  });
}

void ListenerImpl::Stop() {
  absl::MutexLock lock(&stop_mu_);
  if (!thread_.joinable()) return;
  asio::post(shared_.io, [this] { BeginStop(); });
  thread_.join();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Create(Options options,
                                                           std::vector<Route> routes,
                                                           const Clock& clock) {
  auto listener = std::make_unique<ListenerImpl>(std::move(options), std::move(routes), clock);
  CHAYAN_RETURN_IF_ERROR(listener->Start());
  return listener;
}

}  // namespace chayan::http
