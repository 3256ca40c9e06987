// Notices to a system behind HTTP: each a CloudEvent 1.0 in structured mode, whose `data` is the
// DeliveredNotice in protobuf's JSON form, signed as Standard Webhooks asks for. `webhook-id` and
// the event's `id` are the delivery's id, so that a system can drop what it had already.
#ifndef CHAYAN_ADAPTERS_HTTP_NOTICE_HOOK_H_
#define CHAYAN_ADAPTERS_HTTP_NOTICE_HOOK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/connector/config.h"
#include "adapters/connector/notice_sink.h"
#include "adapters/connector/pool.h"
#include "adapters/http/webhook_signer.h"
#include "chayan/v1/notice_sink.pb.h"
#include "gateway/base/clock.h"
#include "gateway/fetch/client.h"

namespace chayan::http_connector {

struct NoticeHookSettings {
  v1::NoticeHook hook;  // paths absolute, defaults filled in
  std::string trust_domain;
  fetch::ClientOptions client;
  WebhookSigner signer;  // holds secrets: never print it
};

// The part `notices.hook` of a file; faults go to it. REQUIRES: it is there.
NoticeHookSettings LoadNoticeHook(connector::ConfigFile& file);

// What is posted. INTERNAL: a key failed.
absl::StatusOr<fetch::Request> EventRequest(const NoticeHookSettings& settings,
                                            const v1::DeliveredNotice& notice, absl::Time now);
// What the system's answer comes to. Pure; what `check` replays.
connector::NoticeResult ResultOf(const NoticeHookSettings& settings,
                                 const fetch::Response& response);

class NoticeHook final : public connector::NoticeSink {
 public:
  // `clock` outlives it.
  static absl::StatusOr<std::unique_ptr<NoticeHook>> Create(const Clock& clock,
                                                            NoticeHookSettings settings);
  NoticeHook(const Clock& clock, NoticeHookSettings settings,
             std::unique_ptr<fetch::Client> client);

  void Take(const v1::DeliveredNotice& notice, Done done) override;
  connector::SourceHealth Health() const override;
  // Asks for probe_path, or without one for a connection alone.
  absl::Status Probe() override;

 private:
  // What a thread of the pool keeps: nothing, the client has the connections.
  struct Turn {};

  absl::Status Post(const v1::DeliveredNotice& notice, connector::NoticeResult& result) const;

  const Clock& clock_;
  const NoticeHookSettings settings_;
  const std::unique_ptr<fetch::Client> client_;
  connector::Pool<Turn> pool_;  // last: its threads use what stands above
};

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_NOTICE_HOOK_H_
