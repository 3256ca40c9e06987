// The room with a real log, a real SQLite store and a real vault in a folder of its own, the sample
// registry, a simulated clock, and calls that are made directly. For tests alone.
#ifndef CHAYAN_GATEWAY_AUDIT_TEST_RIG_H_
#define CHAYAN_GATEWAY_AUDIT_TEST_RIG_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chayan/v1/audit_service.pb.h"
#include "gateway/audit/erasures.h"
#include "gateway/audit/retention.h"
#include "gateway/log/test_stack.h"
#include "gateway/registry/snapshot.h"
#include "gateway/rpc/test_call.h"

namespace chayan::audit {

// What a call came to.
template <typename Response>
struct Told {
  Response response;
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;  // of a refusal
  bool ok() const { return reason == v1::ERROR_REASON_UNSPECIFIED; }
};

using Handler = std::function<void(const Collaborators&, AuditCall)>;

class TestRig {
 public:
  // `audit_grants`: in the place of the sample registry's.
  explicit TestRig(const std::string& audit_grants);
  ~TestRig();

  // Everything anew on what is in the folder, as after the end of a process.
  void Restart();
  const Collaborators& with() const { return *with_; }
  store::Store& store() { return stack_->store(); }
  log::Vault& vault() { return stack_->vault(); }
  Erasures& erasures() { return *erasures_; }
  Retention& retention() { return *retention_; }
  // Ticks until nothing is left to do by itself.
  void TickAll();

  // Records a question by hro-shanhua's clerk-7 in case 113-0042, unless it says otherwise; its
  // index.
  struct Question {
    std::string member = "hro-shanhua";
    std::string kind = "land.title";
    std::string subject = "A123456789";
    std::string name = "王小明";
    v1::RetentionClass retention_class = v1::RETENTION_CLASS_FIVE_YEARS;
  };
  uint64_t Record(const Question& question);
  uint64_t Record() { return Record(Question()); }

  // A call by a system of audit-office.
  template <typename Request, typename Response>
  Told<Response> Call(const std::string& system, const std::string& method, const Handler& handler,
                      const Request& request) {
    auto call =
        std::make_shared<rpc::TestCall>(Auditor(system), method, request.SerializeAsString());
    handler(*with_, AuditCall(*with_, call));
    call->Wait();
    Told<Response> told;
    if (call->refusal.has_value())
      told.reason = call->refusal->reason;
    else if (!told.response.ParseFromString(call->reply))
      std::abort();
    last_refusal = call->refusal;
    return told;
  }

  uint64_t size() const { return stack_->size(); }
  std::string Leaf(uint64_t index) { return stack_->Leaf(index); }
  log::ParsedLeaf Entry(uint64_t index) { return stack_->Entry(index); }
  // Publishes the newest checkpoint.
  void Publish() { published_ = with_->committer.Checkpoint(); }
  // The raw bytes of all files of store and vault keys.
  std::string RawFiles() const;

  std::string KeyFile(const std::string& key_id) const {
    return stack_->folder() / ("vault-keys/" + key_id + ".key");
  }

  static policy::Caller Auditor(const std::string& system);

  SimulatedClock clock;
  std::optional<policy::Refusal> last_refusal;

 private:
  void Open();

  SystemRandom random_;
  std::shared_ptr<const registry::Snapshot> snapshot_;
  std::string published_;
  std::unique_ptr<log::TestStack> stack_;
  std::unique_ptr<PageTokens> page_tokens_;
  std::unique_ptr<Collaborators> with_;
  std::unique_ptr<Erasures> erasures_;
  std::unique_ptr<Retention> retention_;
};

// Who acts: person `id` in file 115-audit-1.
v1::AuditPurpose Purpose(const std::string& id);

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_TEST_RIG_H_
