#include "gateway/fetch/client.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/fetch/address.h"
#include "gateway/fetch/curl.h"

namespace chayan::fetch {
namespace {

constexpr size_t kUrlBytesMax = 8 << 10;      // what common servers take
constexpr size_t kHeaderBytesMax = 64 << 10;  // of an answer, all lines; servers send a few hundred
constexpr absl::Duration kIdleConnectionMax =
    absl::Seconds(30);  // servers close theirs at a minute

bool IsToken(absl::string_view text) {
  constexpr absl::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(kMarks, c);
  });
}

bool IsHeaderValue(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const unsigned char byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7F);
  });
}

std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  const absl::Cleanup freer = [text] { curl_free(text); };
  return text;
}

CurlUrlPtr ParseUrl(const std::string& text) {
  CurlUrlPtr url(curl_url());
  CHAYAN_CHECK(url != nullptr);
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return nullptr;
  }
  return url;
}

// "https://host:8443": what of a URL may stand in an error.
std::string Origin(const std::string& text) {
  const CurlUrlPtr url = ParseUrl(text);
  if (url == nullptr) return "(no URL)";
  const std::string port = Part(url.get(), CURLUPART_PORT);
  return absl::StrCat(Part(url.get(), CURLUPART_SCHEME), "://", Part(url.get(), CURLUPART_HOST),
                      port.empty() ? "" : ":", port);
}

// What the callbacks of one request share.
struct Exchange {
  const Request& request;
  const ClientOptions& options;
  Response response;
  size_t header_bytes = 0;
  int times_sent = 0;
  // Why a callback stopped the transfer.
  bool too_long = false;
  bool address_refused = false;
  bool would_repeat = false;
};

size_t TakeBody(const char* data, size_t, size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (size > exchange.options.body_bytes_max - exchange.response.body.size()) {
    exchange.too_long = true;
    return 0;
  }
  exchange.response.body.append(data, size);
  return size;
}

size_t TakeHeader(const char* data, size_t, size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  exchange.header_bytes += size;
  if (exchange.header_bytes > kHeaderBytesMax) {
    exchange.too_long = true;
    return 0;
  }
  const absl::string_view line(data, size);
  // A status line: what stood before belongs to an interim answer (RFC 9110 section 15.2).
  if (absl::StartsWith(line, "HTTP/")) exchange.response.headers.clear();
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return size;
  std::string name = absl::AsciiStrToLower(line.substr(0, colon));
  const auto& wanted = exchange.request.headers_wanted;
  if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) {
    exchange.response.headers.push_back(
        {std::move(name), std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)))});
  }
  return size;
}

curl_socket_t OpenSocket(void* context, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (exchange.options.targets == Targets::kPublic && !IsPublicAddress(address->addr)) {
    exchange.address_refused = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// libcurl sends a request again when a kept connection died under it. Only here can we say no.
int BeforeSending(void* context, char*, char*, int, int) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (++exchange.times_sent > 1 && !exchange.request.repeatable) {
    exchange.would_repeat = true;
    return CURL_PREREQFUNC_ABORT;
  }
  return CURL_PREREQFUNC_OK;
}

absl::StatusOr<CurlListPtr> HeaderList(const Request& request) {
  CurlListPtr list;
  const auto append = [&list](const std::string& line) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    CHAYAN_CHECK(longer != nullptr);
    static_cast<void>(list.release());
    list.reset(longer);
  };
  // Nobody waits for a "100 Continue", and a body has the type it is given or none.
  append("Expect:");
  append("Content-Type:");
  for (const Header& header : request.headers) {
    if (!IsToken(header.name) || !IsHeaderValue(header.value)) {
      return absl::InvalidArgumentError(
          "a header's name is no token, or its value has a control character");
    }
    append(header.value.empty() ? absl::StrCat(header.name, ";")
                                : absl::StrCat(header.name, ": ", header.value));
  }
  return list;
}

void SetRequest(CURL* handle, const Request& request) {
  Set(handle, CURLOPT_URL, request.url.c_str());
  Set(handle, CURLOPT_TIMEOUT_MS, Milliseconds(request.timeout));
  if (request.method == Method::kGet) {
    Set(handle, CURLOPT_HTTPGET, 1L);
    return;
  }
  Set(handle, CURLOPT_POST, 1L);
  Set(handle, CURLOPT_POSTFIELDS, request.body.data());
  Set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  if (request.method == Method::kPut) Set(handle, CURLOPT_CUSTOMREQUEST, "PUT");
}

void SetRules(CURL* handle, const ClientOptions& options) {
  Set(handle, CURLOPT_NOSIGNAL, 1L);
  Set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  Set(handle, CURLOPT_PROXY, "");
  Set(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  // A handle has one request at a time, so HTTP/2 could share nothing.
  Set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(handle, CURLOPT_HTTP09_ALLOWED, 0L);
  Set(handle, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options.connect_timeout));
  Set(handle, CURLOPT_MAXAGE_CONN, static_cast<long>(absl::ToInt64Seconds(kIdleConnectionMax)));
  Set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  Set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) {
    Set(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    // Built in is the folder of the system's roots, which would be trusted besides.
    Set(handle, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!options.ca_pem.empty()) {
    curl_blob roots{.data = const_cast<char*>(options.ca_pem.data()),
                    .len = options.ca_pem.size(),
                    .flags = CURL_BLOB_COPY};
    Set(handle, CURLOPT_CAINFO_BLOB, &roots);
    Set(handle, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!options.certificate_file.empty()) {
    Set(handle, CURLOPT_SSLCERT, options.certificate_file.c_str());
    Set(handle, CURLOPT_SSLKEY, options.key_file.c_str());
  }
}

void SetCallbacks(CURL* handle, Exchange& exchange) {
  Set(handle, CURLOPT_WRITEFUNCTION, &TakeBody);
  Set(handle, CURLOPT_WRITEDATA, &exchange);
  Set(handle, CURLOPT_HEADERFUNCTION, &TakeHeader);
  Set(handle, CURLOPT_HEADERDATA, &exchange);
  Set(handle, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  Set(handle, CURLOPT_OPENSOCKETDATA, &exchange);
  Set(handle, CURLOPT_PREREQFUNCTION, &BeforeSending);
  Set(handle, CURLOPT_PREREQDATA, &exchange);
}

// libcurl's own sentence for the code; its longer text may quote what the peer said.
absl::Status FailureOf(const Exchange& exchange, CURLcode code) {
  const std::string where = Origin(exchange.request.url);
  if (exchange.too_long) {
    return absl::ResourceExhaustedError(
        absl::StrCat(where, ": the answer is longer than ", exchange.options.body_bytes_max,
                     " bytes, or its headers are than ", kHeaderBytesMax));
  }
  if (exchange.would_repeat) {
    return absl::AbortedError(absl::StrCat(where, ": the connection died under the request"));
  }
  if (exchange.address_refused && exchange.times_sent == 0) {
    return absl::UnavailableError(
        absl::StrCat(where, ": has an address of this machine or its network, not allowed here"));
  }
  const std::string message = absl::StrCat(where, ": ", curl_easy_strerror(code));
  if (exchange.times_sent == 0) return absl::UnavailableError(message);
  return code == CURLE_OPERATION_TIMEDOUT ? absl::DeadlineExceededError(message)
                                          : absl::AbortedError(message);
}

class CurlClient final : public Client {
 public:
  explicit CurlClient(ClientOptions options) : options_(std::move(options)) {}

  absl::StatusOr<Response> Fetch(const Request& request) override {
    CHAYAN_RETURN_IF_ERROR(CheckUrl(request.url));
    CHAYAN_ASSIGN_OR_RETURN(const CurlListPtr headers, HeaderList(request));
    CurlPtr handle = handles_.Take();
    Exchange exchange{request, options_, {}};
    SetRules(handle.get(), options_);
    SetCallbacks(handle.get(), exchange);
    SetRequest(handle.get(), request);
    Set(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    const CURLcode code = curl_easy_perform(handle.get());
    if (code != CURLE_OK) {
      const absl::Status failure = FailureOf(exchange, code);
      handles_.Return(std::move(handle));
      return failure;
    }
    long status = 0;
    CHAYAN_CHECK(curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    exchange.response.status = static_cast<int>(status);
    handles_.Return(std::move(handle));
    return std::move(exchange.response);
  }

 private:
  const ClientOptions options_;
  HandlePool handles_;
};

}  // namespace

const std::string* Response::FindHeader(absl::string_view name) const {
  for (const Header& header : headers) {
    if (absl::string_view(header.name) == name) return &header.value;
  }
  return nullptr;
}

bool MayHaveBeenSent(const absl::Status& error) {
  return !absl::IsInvalidArgument(error) && !absl::IsUnavailable(error);
}

absl::Status CheckUrl(const std::string& url) {
  if (url.size() > kUrlBytesMax || !std::all_of(url.begin(), url.end(), [](char c) {
        return absl::ascii_isgraph(static_cast<unsigned char>(c));
      })) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the URL is longer than ", kUrlBytesMax, " bytes or has a character that must be escaped"));
  }
  const CurlUrlPtr parsed = ParseUrl(url);
  const std::string scheme = parsed == nullptr ? "" : Part(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError("the URL does not begin with https:// or http://");
  }
  // libcurl would take the first part of the path.
  if (Part(parsed.get(), CURLUPART_HOST).empty() || absl::StrContains(url, ":///")) {
    return absl::InvalidArgumentError("the URL has no host");
  }
  if (absl::StrContains(url, '#')) {
    return absl::InvalidArgumentError("the URL has a fragment, which is never sent: remove it");
  }
  if (!Part(parsed.get(), CURLUPART_USER).empty() ||
      !Part(parsed.get(), CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError("the URL has a user or password: use a secret by reference");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  InitCurl();
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError(
        "a client certificate needs its key, and a key its certificate");
  }
  for (const std::string& file : {options.ca_file, options.certificate_file, options.key_file}) {
    if (!file.empty()) CHAYAN_RETURN_IF_ERROR(ReadFile(file).status());
  }
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace chayan::fetch
