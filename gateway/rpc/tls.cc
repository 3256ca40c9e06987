#include "gateway/rpc/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::rpc {
namespace {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct X509Free {
  void operator()(X509* x509) const { X509_free(x509); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using X509Ptr = std::unique_ptr<X509, X509Free>;

// The first protocol both can speak is the only one we speak.
constexpr unsigned char kHttp2[] = {2, 'h', '2'};

int SocketOf(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

bool MayRetry(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int ReadSocket(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = recv(SocketOf(bio), out, static_cast<size_t>(size), 0);
  if (count < 0 && MayRetry(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

int WriteSocket(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = send(SocketOf(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && MayRetry(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

long ControlSocket(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a peer that is gone would raise SIGPIPE.
const BIO_METHOD* SocketMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_read(made, ReadSocket);
    BIO_meth_set_write(made, WriteSocket);
    BIO_meth_set_ctrl(made, ControlSocket);
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return made;
  }();
  return method;
}

int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, kHttp2, sizeof(kHttp2), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

X509Ptr ToX509(const crypto::Certificate& certificate) {
  const auto* der = reinterpret_cast<const unsigned char*>(certificate.der().data());
  return X509Ptr(d2i_X509(nullptr, &der, static_cast<long>(certificate.der().size())));
}

absl::Status UsePair(SSL_CTX* context, const std::vector<crypto::Certificate>& chain,
                     absl::string_view key_pem) {
  for (size_t i = 0; i < chain.size(); ++i) {
    const X509Ptr x509 = ToX509(chain[i]);
    const long taken = i == 0 ? SSL_CTX_use_certificate(context, x509.get())
                              : SSL_CTX_add1_chain_cert(context, x509.get());
    if (taken != 1) return absl::InvalidArgumentError("certificate: " + TakeTlsError());
    if (i + 1 < chain.size() && !chain[i].IsIssuedBy(chain[i + 1])) {
      return absl::InvalidArgumentError(
          absl::StrCat("certificate ", i + 1, " is not issued by the one after it"));
    }
  }
  const std::unique_ptr<BIO, BioFree> bio(
      BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<EVP_PKEY, KeyFree> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key == nullptr) return absl::InvalidArgumentError("no unencrypted key: " + TakeTlsError());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return absl::InvalidArgumentError("key and certificate do not fit: " + TakeTlsError());
  }
  return absl::OkStatus();
}

absl::Status UseRoots(SSL_CTX* context, const std::vector<crypto::Certificate>& roots) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const crypto::Certificate& root : roots) {
    const X509Ptr x509 = ToX509(root);
    if (X509_STORE_add_cert(store, x509.get()) != 1 ||
        SSL_CTX_add_client_CA(context, x509.get()) != 1) {
      return absl::InvalidArgumentError("roots: " + TakeTlsError());
    }
  }
  return absl::OkStatus();
}

// What never changes from one pair of files to the next.
absl::Status Harden(SSL_CTX* context) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // One recv for what has arrived, not two for each record.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_alpn_select_cb(context, SelectProtocol, nullptr);
  if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_num_tickets(context, 0) != 1) {
    return absl::InternalError("TLS 1.3: " + TakeTlsError());
  }
  return absl::OkStatus();
}

}  // namespace

std::string TakeTlsError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  char text[256];
  ERR_error_string_n(code, text, sizeof(text));
  return text;
}

absl::StatusOr<SslPtr> NewServerSsl(SSL_CTX* context, int socket, absl::Time now) {
  SslPtr ssl(SSL_new(context));
  BIO* const bio = BIO_new(SocketMethod());
  if (ssl == nullptr || bio == nullptr) {
    BIO_free(bio);
    return absl::ResourceExhaustedError("SSL_new: " + TakeTlsError());
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket)));
  SSL_set_bio(ssl.get(), bio, bio);
  // Certificates are judged by our clock, here as on every call.
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl.get()), absl::ToTimeT(now));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

absl::StatusOr<std::vector<crypto::Certificate>> VerifiedChain(SSL* ssl) {
  std::vector<crypto::Certificate> chain;
  const STACK_OF(X509)* const verified = SSL_get0_verified_chain(ssl);
  if (SSL_get_verify_result(ssl) != X509_V_OK || verified == nullptr) {
    return absl::UnauthenticatedError("no verified chain");
  }
  for (int i = 0; i < sk_X509_num(verified); ++i) {
    // Parsing the chain once more, keys and all, was a third of a handshake's CPU time.
    auto certificate = crypto::Certificate::FromX509(sk_X509_value(verified, i));
    if (!certificate.ok()) return certificate.status();
    chain.push_back(*std::move(certificate));
  }
  return chain;
}

TlsFiles::TlsFiles(Paths paths, const Clock& clock)
    : paths_(std::move(paths)),
      clock_(clock),
      certificate_(paths_.certificate),
      key_(paths_.key),
      roots_file_(paths_.roots) {}

absl::StatusOr<TlsFiles::Loaded> TlsFiles::Build(const Texts& texts) const {
  Loaded loaded;
  loaded.context = SslContext(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (loaded.context == nullptr) return absl::ResourceExhaustedError(TakeTlsError());
  CHAYAN_RETURN_IF_ERROR(Harden(loaded.context.get()));
  auto chain = crypto::Certificate::ChainFromPem(texts.certificate);
  if (!chain.ok()) return Annotate(chain.status(), paths_.certificate);
  loaded.not_after = chain->front().not_after();
  if (loaded.not_after < clock_.Now()) {
    return absl::InvalidArgumentError(paths_.certificate + ": past its end");
  }
  CHAYAN_RETURN_IF_ERROR(Annotate(UsePair(loaded.context.get(), *chain, texts.key),
                                  absl::StrCat(paths_.certificate, ", ", paths_.key)));
  auto roots = crypto::Certificate::ChainFromPem(texts.roots);
  if (!roots.ok()) return Annotate(roots.status(), paths_.roots);
  loaded.roots = *std::move(roots);
  CHAYAN_RETURN_IF_ERROR(Annotate(UseRoots(loaded.context.get(), loaded.roots), paths_.roots));
  return loaded;
}

absl::Status TlsFiles::Read(Texts& texts) {
  CHAYAN_ASSIGN_OR_RETURN(texts.certificate, ReadFile(paths_.certificate));
  CHAYAN_ASSIGN_OR_RETURN(texts.key, ReadFile(paths_.key));
  return absl::OkStatus();
}

// Puts `texts` in force when they are usable and differ from those in force.
absl::Status TlsFiles::Try(const Texts& texts, const std::string& alarm) {
  if (loaded_once_ && texts.certificate == good_.certificate && texts.key == good_.key &&
      texts.roots == good_.roots) {
    return absl::OkStatus();
  }
  absl::StatusOr<Loaded> loaded = Build(texts);
  if (!loaded.ok()) {
    next_alarms_.insert(alarm);
    return loaded.status();
  }
  good_ = texts;
  const absl::MutexLock lock(&mu_);
  loaded_ = *std::move(loaded);
  return absl::OkStatus();
}

absl::Status TlsFiles::Refresh() {
  const bool pair_changed = certificate_.Changed() | key_.Changed();
  const bool roots_changed = roots_file_.Changed();
  if (!pair_changed && !roots_changed) return absl::OkStatus();
  next_alarms_.clear();
  // Pair and roots are judged apart: a bad pair does not keep good roots from taking effect.
  Texts texts = good_;
  absl::Status pair_status = Read(texts);
  absl::StatusOr<std::string> roots = ReadFile(paths_.roots);
  if (!loaded_once_) {
    CHAYAN_RETURN_IF_ERROR(pair_status);
    CHAYAN_RETURN_IF_ERROR(roots.status());
    texts.roots = *roots;
    CHAYAN_RETURN_IF_ERROR(Try(texts, "certificate.unreadable"));
    loaded_once_ = true;
    return absl::OkStatus();
  }
  if (pair_status.ok()) {
    pair_status = Try(texts, "certificate.unreadable");
  } else {
    next_alarms_.insert("certificate.unreadable");
  }
  Texts with_roots = good_;
  absl::Status roots_status = roots.status();
  if (roots.ok()) {
    with_roots.roots = *roots;
    roots_status = Try(with_roots, "roots.unreadable");
  } else {
    next_alarms_.insert("roots.unreadable");
  }
  const absl::MutexLock lock(&mu_);
  for (const absl::Status* status : {&pair_status, &roots_status}) {
    if (status->ok() || next_alarms_ == alarms_) continue;
    diag::Warning("tls.kept", {{"why", std::string(status->message())}});
  }
  alarms_ = next_alarms_;
  return absl::OkStatus();
}

SslContext TlsFiles::context() const {
  const absl::MutexLock lock(&mu_);
  return loaded_.context;
}

std::vector<crypto::Certificate> TlsFiles::roots() const {
  const absl::MutexLock lock(&mu_);
  return loaded_.roots;
}

absl::Time TlsFiles::certificate_not_after() const {
  const absl::MutexLock lock(&mu_);
  return loaded_.not_after;
}

std::vector<std::string> TlsFiles::Alarms() const {
  const absl::MutexLock lock(&mu_);
  return {alarms_.begin(), alarms_.end()};
}

}  // namespace chayan::rpc
