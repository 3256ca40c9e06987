// The request of a call as the message it should be.
#ifndef CHAYAN_GATEWAY_RPC_REQUEST_H_
#define CHAYAN_GATEWAY_RPC_REQUEST_H_

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/policy/refusal.h"
#include "gateway/rpc/call.h"

namespace chayan::rpc {

// MESSAGE_MALFORMED when the bytes are none of this message.
template <typename Request>
std::optional<policy::Refusal> ReadRequest(absl::string_view bytes, Request& request) {
  if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return policy::Refused(v1::ERROR_REASON_MESSAGE_MALFORMED,
                         absl::StrCat("the request is not a valid ", request.GetTypeName()));
}

template <typename Request>
std::optional<policy::Refusal> ReadRequest(const UnaryCall& call, Request& request) {
  return ReadRequest(call.request(), request);
}

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_REQUEST_H_
