// Server reflection, v1 and v1alpha, over the descriptors linked into this program: the services
// the server has, the files that declare them and what they import.
#ifndef CHAYAN_GATEWAY_RPC_REFLECTION_H_
#define CHAYAN_GATEWAY_RPC_REFLECTION_H_

#include <memory>
#include <set>
#include <string>

#include "gateway/rpc/call.h"

namespace chayan::rpc {

using ServiceNames = std::set<std::string>;

StreamEvents ReflectV1(std::shared_ptr<const ServiceNames> services,
                       std::shared_ptr<StreamCall> call);
StreamEvents ReflectV1Alpha(std::shared_ptr<const ServiceNames> services,
                            std::shared_ptr<StreamCall> call);

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_REFLECTION_H_
