// Keeps an adapter connected: one link to each gateway, dialled again with backoff when it ends.
// Questions go to the Adapter; answers that are ready together are signed together, written to the
// agency's own log, and sent.
//
// Threads: one a gateway that dials and watches, and two for each of its links, one that reads and
// one that writes.
#ifndef CHAYAN_ADAPTERS_SDK_LINK_CLIENT_H_
#define CHAYAN_ADAPTERS_SDK_LINK_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/sdk/adapter.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/crypto/bytes.h"

namespace chayan::sdk {

// A kind the adapter answers.
struct OfferedKind {
  std::string document_kind;
  crypto::Digest digest;                // registry::KindDigest of the catalogue it was built for
  std::vector<std::string> areas;       // empty: all that the registry routes to the member
  std::vector<std::string> elements{};  // "code:TYPE" of each claim and field; without them only a
                                        // gateway with the very same kind takes the link
};

struct AdapterOptions {
  std::vector<std::string> gateways;  // "host:port", each once
  // What the gateway's certificate must say besides its host name: its URI, or, ending in '/', what
  // its URI begins with, such as "spiffe://chayan.example/gateway/". Empty: the host name is
  // enough.
  std::string gateway_uri;
  std::string ca_file;           // PEM; read again whenever a link is dialled, as the next three
  std::string certificate_file;  // PEM: leaf, then intermediates
  std::string key_file;          // PEM
  std::string answer_key_file;   // PEM, Ed25519
  std::vector<OfferedKind> kinds;
  uint32_t in_flight_max = 0;                // 0: the gateway's bound
  std::vector<std::string> subscriptions{};  // whose notices it takes
  uint32_t notices_in_flight_max = 0;        // 0: the gateway's bound
  std::string inbox_file{};                  // path; with subscriptions
  std::string answer_log;                    // path
  std::string software = "chayan-sdk";
  // Delay before the second attempt; doubled with each further one, half of it random.
  absl::Duration backoff_min = absl::Milliseconds(200);
  // The longest that counters wait for a gateway that is back. A hundred adapters that dial this
  // often cost it a twentieth of a core in handshakes.
  absl::Duration backoff_max = absl::Seconds(5);
};

struct LinkClientStatus {
  struct Gateway {
    std::string address;
    bool connected = false;  // welcomed and not draining
    std::string gateway;     // its name, once welcomed
    std::string last_error;  // why the last link ended
  };
  std::vector<Gateway> gateways;
  uint64_t questions = 0;
  uint64_t answers_sent = 0;
  uint64_t answers_dropped = 0;    // too late, given up, or their link was gone
  uint64_t answers_recorded = 0;   // heard of as being in the log
  uint64_t notices = 0;            // as often as they came
  uint64_t notices_repeated = 0;   // of these, known already
  uint64_t notices_not_taken = 0;  // left to come again
  uint64_t receipts_sent = 0;      // acknowledgements and rejections too
  uint64_t receipts_recorded = 0;
  uint64_t receipts_refused = 0;  // of the recorded: they count for nothing
  // Answers and receipts of which it was not heard within a minute that they are in the log.
  uint64_t alarms = 0;
};

// Thread-safe.
class LinkClient {
 public:
  // Reads the files once (an unusable one is an error that names it), opens the answer log, starts
  // to dial. All references outlive the client; the clock outlives the questions.
  static absl::StatusOr<std::unique_ptr<LinkClient>> Create(AdapterOptions options,
                                                            Adapter& adapter, Clock& clock,
                                                            Random& random);
  // Ends all links at once; what is unanswered is lost.
  virtual ~LinkClient() = default;

  virtual LinkClientStatus Status() const = 0;
  // Says what an office did of a notice that was taken before, when it did it; kept in the inbox
  // until it is in the log, whatever links there are. Returns the index of its entry, nothing
  // before there is one: say the same again to hear of it. Errors: INVALID_ARGUMENT: a receipt
  // cannot carry it. NOT_FOUND: no such notice was taken. FAILED_PRECONDITION: something else was
  // said of it before, or the gateway gives it no effect.
  virtual absl::StatusOr<std::optional<uint64_t>> Settle(const v1::DeliveryReceipt& settlement) = 0;
  // Takes no more questions; returns when the open ones are answered and recorded, or after
  // `grace`.
  virtual void Drain(absl::Duration grace) = 0;
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_LINK_CLIENT_H_
