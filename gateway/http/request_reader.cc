#include "gateway/http/request_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

#include "gateway/base/check.h"
#include "gateway/http/limits.h"

namespace chayan::http {
namespace {

namespace beast = boost::beast;

using Message = beast::http::request<beast::http::string_body>;

std::string ToString(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct RequestReader::Parser {
  Parser() {
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(kBodyBytesMax);
  }
  beast::http::request_parser<beast::http::string_body> parser;
};

RequestReader::RequestReader(const RouteTable& routes) : routes_(routes) { Begin(); }
RequestReader::~RequestReader() = default;

void RequestReader::Begin() {
  parser_ = std::make_unique<Parser>();
  header_checked_ = false;
  request_ = Request();
  route_ = nullptr;
}

bool RequestReader::is_between_requests() const {
  return buffer_.empty() && !parser_->parser.got_some();
}

RequestReader::State RequestReader::Feed(absl::string_view bytes) {
  buffer_.append(bytes.data(), bytes.size());
  return Advance();
}

RequestReader::State RequestReader::Next() {
  Begin();
  return Advance();
}

RequestReader::State RequestReader::Advance() {
  auto& parser = parser_->parser;
  while (true) {
    if (parser.is_header_done() && !header_checked_) {
      header_checked_ = true;
      if (CheckHeader() == State::kRefused) return State::kRefused;
    }
    if (parser.is_done()) break;
    if (buffer_.empty()) return State::kNeedsMore;
    beast::error_code error;
    const size_t taken = parser.put(boost::asio::buffer(buffer_.data(), buffer_.size()), error);
    buffer_.erase(0, taken);
    if (error == beast::http::error::need_more) return State::kNeedsMore;
    if (error == beast::http::error::header_limit) {
      return parser.get().target().empty()
                 ? Refuse(414, "the target is longer than this server takes")
                 : Refuse(431, "the header is longer than this server takes");
    }
    if (error == beast::http::error::body_limit) {
      return Refuse(413, "the body is larger than this path takes");
    }
    if (error) return Refuse(400, "this is not a request of HTTP/1.1");
  }
  request_.body = std::move(parser.get().body());
  return State::kRequest;
}

RequestReader::State RequestReader::CheckHeader() {
  auto& parser = parser_->parser;
  const Message& message = parser.get();
  const bool is_post = message.method() == beast::http::verb::post;
  is_head_ = message.method() == beast::http::verb::head;
  keep_alive_ = parser.keep_alive();
  const beast::string_view target = message.target();
  if (target.size() > kTargetBytesMax) {
    return Refuse(414, "the target is longer than this server takes");
  }
  if (target.empty() || target.front() != '/') {
    return Refuse(400, "the target must be a path that begins with /");
  }
  // RFC 9112 3.2: exactly one Host in HTTP/1.1.
  const auto hosts = message.count(beast::http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11)) {
    return Refuse(400, "write exactly one Host field");
  }
  // Nobody who asks for leave to send is told to go on; curl then sends without asking.
  if (message.count(beast::http::field::expect) != 0) {
    return Refuse(417, "send the body without Expect");
  }
  const size_t question = target.find('?');
  request_.path = ToString(target.substr(0, question));
  if (question != beast::string_view::npos) request_.query = ToString(target.substr(question + 1));
  request_.method = is_post ? "POST" : "GET";
  if (!is_post && !is_head_ && message.method() != beast::http::verb::get) {
    allow_ = "GET, HEAD, POST";
    return Refuse(405, "this server knows GET, HEAD and POST");
  }
  route_ = routes_.Find(request_.path, is_post, allow_);
  if (route_ == nullptr) {
    return allow_.empty() ? Refuse(404, "nothing is here")
                          : Refuse(405, "this path takes another method");
  }
  const auto length = parser.content_length();
  if (!is_post && (parser.chunked() || length.value_or(0) != 0)) {
    return Refuse(400, "a GET has no body");
  }
  if (length.value_or(0) > route_->post_bytes_max) {
    return Refuse(413, "the body is larger than this path takes");
  }
  // Of a body in chunks no length is known: Beast counts.
  parser.body_limit(route_->post_bytes_max);
  return State::kNeedsMore;
}

RequestReader::State RequestReader::Refuse(int status, absl::string_view line) {
  refusal_ = TextResponse(status, line);
  return State::kRefused;
}

}  // namespace chayan::http
