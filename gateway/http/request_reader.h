// Bytes of one connection → requests, one after another. Boost.Beast parses; what it lets through
// and we do not want is refused here. No I/O: the fuzzer and the tests feed it as sockets do.
#ifndef CHAYAN_GATEWAY_HTTP_REQUEST_READER_H_
#define CHAYAN_GATEWAY_HTTP_REQUEST_READER_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/route.h"

namespace chayan::http {

// Not thread-safe.
class RequestReader {
 public:
  // `routes` outlives it.
  explicit RequestReader(const RouteTable& routes);
  ~RequestReader();

  enum class State {
    kNeedsMore,  // Feed it
    kRequest,    // take `request`, `route`, `is_head`, `keep_alive`; then Next
    kRefused,    // answer with `refusal`, `allow` and close: what follows cannot be told apart
  };
  // REQUIRES: kNeedsMore. Holds at most kHeaderBytesMax + kReadBytes beside the body when `bytes`
  // are at most kReadBytes.
  State Feed(absl::string_view bytes);
  // Goes on with what was fed behind the last request. REQUIRES: kRequest.
  State Next();

  // Nothing of a request has come.
  bool is_between_requests() const;

  Request& request() { return request_; }
  const Route& route() const { return *route_; }
  // The answer's head alone is wanted.
  bool is_head() const { return is_head_; }
  bool keep_alive() const { return keep_alive_; }
  const Response& refusal() const { return refusal_; }
  // Content of the Allow header of a refusal, or empty.
  const std::string& allow() const { return allow_; }

 private:
  struct Parser;  // Beast's; its headers stay in one file

  void Begin();
  State Advance();
  State Refuse(int status, absl::string_view line);
  // What the header asks for: a route, or a refusal.
  State CheckHeader();

  const RouteTable& routes_;
  std::string buffer_;  // fed and not yet parsed
  std::unique_ptr<Parser> parser_;
  bool header_checked_ = false;

  Request request_;
  const Route* route_ = nullptr;
  bool is_head_ = false;
  bool keep_alive_ = false;
  Response refusal_;
  std::string allow_;
};

}  // namespace chayan::http

#endif  // CHAYAN_GATEWAY_HTTP_REQUEST_READER_H_
