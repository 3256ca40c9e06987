// The one file that knows gRPC.
#include "gateway/cli/client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace chayan::cli {
namespace {

// A registry set with its frame; far above a page of entries.
constexpr int kMessageBytesMax = 16 << 20;
constexpr char kReceiptTrailer[] = "chayan-receipt-bin";

// Runs after the chain was verified: the chain says who vouches, the URI says for whom.
class GatewayVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit GatewayVerifier(std::string trust_domain) : trust_domain_(std::move(trust_domain)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* sync_status) override {
    std::vector<std::string> uris;
    for (const grpc::string_ref& uri : request->uri_names())
      uris.emplace_back(uri.data(), uri.size());
    const absl::Status status = CheckGatewayNames(uris, trust_domain_);
    *sync_status = status.ok() ? grpc::Status::OK
                               : grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                              std::string(status.message()));
    return true;  // decided here and now
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string trust_domain_;
};

grpc::ByteBuffer ToBuffer(absl::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

std::chrono::system_clock::time_point DeadlineIn(absl::Duration timeout) {
  return std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout);
}

void SetResult(const grpc::Status& status, const grpc::ClientContext& context, CallResult& result) {
  result.status =
      absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  result.status_details = status.error_details();
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto receipt = trailers.find(kReceiptTrailer);
  if (receipt != trailers.end()) {
    result.receipt.assign(receipt->second.data(), receipt->second.size());
  }
}

class GrpcClient final : public Client {
 public:
  explicit GrpcClient(const Endpoint& endpoint) : stub_(MakeChannel(endpoint)) {}

  ~GrpcClient() override {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  CallResult Call(absl::string_view method, absl::string_view request,
                  absl::Duration timeout) override {
    grpc::ClientContext context;
    context.set_deadline(DeadlineIn(timeout));
    const auto call =
        stub_.PrepareUnaryCall(&context, std::string(method), ToBuffer(request), &queue_);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, this);
    // The deadline ends the call, so this returns.
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    CallResult result;
    SetResult(status, context, result);
    if (status.ok()) result.response = ToString(response);
    return result;
  }

  CallResult CallStream(absl::string_view method, const Exchange& exchange) override {
    grpc::ClientContext context;
    const auto call = stub_.PrepareCall(&context, std::string(method), &queue_);
    return StreamRun(*call, context, queue_, exchange).Run();
  }

 private:
  // One stream from start to finish: at most one write and one read are under way.
  class StreamRun {
   public:
    StreamRun(grpc::GenericClientAsyncReaderWriter& call, grpc::ClientContext& context,
              grpc::CompletionQueue& queue, const Exchange& exchange)
        : call_(call), context_(context), queue_(queue), exchange_(exchange) {}

    CallResult Run() {
      call_.StartCall(&start_);
      ++under_way_;
      bool quiet_too_long = false;
      while (under_way_ > 0) {
        void* tag = nullptr;
        bool ok = false;
        // What has come already is heard before we speak: the answers to it may leave together.
        auto next = queue_.AsyncNext(&tag, &ok, DeadlineIn(absl::ZeroDuration()));
        if (next == grpc::CompletionQueue::TIMEOUT) {
          Write();
          next = queue_.AsyncNext(&tag, &ok, DeadlineIn(exchange_.quiet_max));
        }
        if (next == grpc::CompletionQueue::TIMEOUT) {
          quiet_too_long = true;
          context_.TryCancel();  // everything under way now comes back
          continue;
        }
        if (next == grpc::CompletionQueue::SHUTDOWN) break;
        --under_way_;
        Handle(tag, ok);
      }
      CallResult result;
      SetResult(status_, context_, result);
      if (quiet_too_long) {
        result.status =
            absl::DeadlineExceededError("nothing was heard from the gateway for too long");
      }
      return result;
    }

   private:
    void Handle(const void* tag, bool ok) {
      if (tag == &start_ && ok) {
        is_open_ = true;
        Read();
      } else if (tag == &read_) {
        if (ok) {
          // A stream of notices answers one opening many times.
          if (in_flight_ > 0) --in_flight_;
          exchange_.answered(ToString(incoming_));
          if (exchange_.enough && exchange_.enough()) context_.TryCancel();
          Read();
        } else {
          Finish();
        }
      } else if (tag == &write_) {
        writing_ = false;
        if (!ok) is_open_ = false;
      } else if (tag == &start_) {
        Finish();
      }
    }
    void Read() {
      ++under_way_;
      call_.Read(&incoming_, &read_);
    }
    void Write() {
      if (!is_open_ || writing_ || ended_ || finishing_) return;
      if (in_flight_ >= exchange_.in_flight_max) return;
      const std::optional<std::string> message = exchange_.next();
      if (!message.has_value() && exchange_.open && exchange_.open()) return;
      writing_ = true;
      ++under_way_;
      if (!message.has_value()) {
        ended_ = true;
        call_.WritesDone(&write_);
        return;
      }
      ++in_flight_;
      call_.Write(ToBuffer(*message), &write_);
    }
    void Finish() {
      if (finishing_) return;
      finishing_ = true;
      ++under_way_;
      call_.Finish(&status_, &finish_);
    }

    grpc::GenericClientAsyncReaderWriter& call_;
    grpc::ClientContext& context_;
    grpc::CompletionQueue& queue_;
    const Exchange& exchange_;
    grpc::ByteBuffer incoming_;
    grpc::Status status_;
    size_t in_flight_ = 0;
    int under_way_ = 0;
    bool is_open_ = false;  // for writing
    bool writing_ = false;
    bool ended_ = false;
    bool finishing_ = false;
    char start_ = 0;  // addresses serve as tags
    char read_ = 0;
    char write_ = 0;
    char finish_ = 0;
  };

  static std::shared_ptr<grpc::Channel> MakeChannel(const Endpoint& endpoint) {
    using grpc::experimental::IdentityKeyCertPair;
    grpc::experimental::TlsChannelCredentialsOptions options;
    options.set_certificate_provider(
        std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
            endpoint.roots_pem,
            std::vector<IdentityKeyCertPair>{{endpoint.key_pem, endpoint.certificate_pem}}));
    options.watch_root_certs();
    options.watch_identity_key_cert_pairs();
    options.set_certificate_verifier(
        grpc::experimental::ExternalCertificateVerifier::Create<GatewayVerifier>(
            endpoint.trust_domain));
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
    arguments.SetMaxSendMessageSize(kMessageBytesMax);
    return grpc::CreateCustomChannel(endpoint.address, grpc::experimental::TlsCredentials(options),
                                     arguments);
  }

  grpc::CompletionQueue queue_;
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub_;
};

}  // namespace

std::unique_ptr<Client> Client::Connect(const Endpoint& endpoint) {
  return std::make_unique<GrpcClient>(endpoint);
}

}  // namespace chayan::cli
