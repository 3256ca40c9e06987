// gRPC's C++ client on bytes, for tests of this room alone.
#ifndef CHAYAN_GATEWAY_RPC_GRPC_CLIENT_H_
#define CHAYAN_GATEWAY_RPC_GRPC_CLIENT_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gateway/crypto/test_pki.h"
#include "gateway/rpc/test_front.h"

namespace chayan::rpc {

inline grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

inline std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return {};
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

class Client {
 public:
  Client(const TestFront& front, const crypto::TestParty& party)
      : channel_(NewChannel(front, party)), stub_(channel_) {}

  struct Result {
    grpc::Status status;
    std::string response;
    std::multimap<std::string, std::string> trailers;
  };
  struct Ask {
    std::string request = "question";
    absl::Duration timeout = kPatience;
    bool gzip = false;
    std::multimap<std::string, std::string> metadata{};
    std::function<void(grpc::ClientContext&)> on_context{};
  };
  Result Call(const std::string& method, const Ask& ask) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + ask.timeout));
    if (ask.gzip) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    for (const auto& [name, value] : ask.metadata) context.AddMetadata(name, value);
    if (ask.on_context) ask.on_context(context);
    const grpc::ByteBuffer request = ToBuffer(ask.request);
    grpc::ByteBuffer response;
    Result result;
    absl::Notification done;
    stub_.UnaryCall(&context, method, {}, &request, &response, [&](grpc::Status status) {
      result.status = std::move(status);
      done.Notify();
    });
    done.WaitForNotification();
    result.response = ToString(response);
    for (const auto& [name, value] : context.GetServerTrailingMetadata()) {
      result.trailers.emplace(std::string(name.data(), name.size()),
                              std::string(value.data(), value.size()));
    }
    return result;
  }
  Result Call(const std::string& method) { return Call(method, Ask{}); }

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  grpc::GenericStub& stub() { return stub_; }

 private:
  static std::shared_ptr<grpc::Channel> NewChannel(const TestFront& front,
                                                   const crypto::TestParty& party) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = front.root.certificate_pem;
    options.pem_cert_chain = party.chain_pem;
    options.pem_private_key = party.key_pem;
    grpc::ChannelArguments arguments;
    // A connection of its own, not one shared with other clients of this process.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(front.server->address(), grpc::SslCredentials(options),
                                     arguments);
  }

  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_GRPC_CLIENT_H_
