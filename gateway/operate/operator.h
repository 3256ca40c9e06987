// OperatorService: what the people who run the gateway see, and links that they drain. Each call is
// an entry. The registry and locks have desks of their own.
#ifndef CHAYAN_GATEWAY_OPERATE_OPERATOR_H_
#define CHAYAN_GATEWAY_OPERATE_OPERATOR_H_

#include <functional>
#include <memory>
#include <string>

#include "chayan/v1/operator_service.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/link/links.h"
#include "gateway/log/committer.h"
#include "gateway/log/publisher.h"
#include "gateway/operate/desk.h"
#include "gateway/registry/current.h"
#include "gateway/rpc/server.h"

namespace chayan::operate {

// Thread-safe.
class Operator : private Desk {
 public:
  struct Options {
    std::string gateway;
    std::string version;
    std::string origin;
    // Whether a grant lapses soon for want of use; may be empty.
    std::function<bool()> has_unused_grants{};
    // Alarms of notices; may be empty.
    std::function<std::vector<std::string>()> notice_alarms{};
  };
  // All arguments outlive it.
  Operator(Options options, rpc::Server& server, link::Links& links, log::Committer& committer,
           log::Publisher& publisher, const registry::Current& registry, Clock& clock,
           Random& random);

  void ServeOn();
  // What somebody has to look at now, as codes.
  std::vector<std::string> Alarms() const;

 private:
  void GetStatus(Call call);
  void ListLinks(Call call);
  void DrainLink(Call call);

  std::vector<std::string> AlarmsOf(const rpc::ServerStatus& server,
                                    const log::CommitterStatus& log,
                                    const log::PublisherStatus& publication) const;
  template <typename Request>
  bool Parse(const Call& call, Request& request);

  const Options options_;
  rpc::Server& server_;
  link::Links& links_;
  log::Publisher& publisher_;
  const registry::Current& registry_;
  const absl::Time start_;
};

}  // namespace chayan::operate

#endif  // CHAYAN_GATEWAY_OPERATE_OPERATOR_H_
