#include "gateway/verify/verifier.h"

#include <utility>

#include "gateway/verify/catalogue.h"
#include "gateway/verify/question_stream.h"

namespace chayan::verify {
namespace {

class UnaryAsker final : public Asker {
 public:
  explicit UnaryAsker(std::shared_ptr<rpc::UnaryCall> call) : call_(std::move(call)) {}
  const policy::Caller& caller() const override { return call_->caller(); }
  absl::string_view method() const override { return call_->method(); }
  absl::string_view request() const override { return call_->request(); }
  absl::Duration arrival() const override { return call_->arrival(); }
  absl::Duration timeout() const override { return call_->timeout(); }
  void Answer(std::shared_ptr<const std::string> response) override {
    call_->ReplyShared(std::move(response));
  }
  void Fail(const Failure& failure) override {
    call_->Fail(failure.refusal, failure.status_bytes, failure.receipt_bytes);
  }
  void Post(absl::AnyInvocable<void()> work) override { call_->Post(std::move(work)); }
  void OnCancel(absl::AnyInvocable<void()> on_cancel) override {
    call_->OnCancel(std::move(on_cancel));
  }

 private:
  const std::shared_ptr<rpc::UnaryCall> call_;
};

constexpr char kService[] = "/chayan.v1.VerificationService/";

}  // namespace

Verifier::Verifier(rpc::RegistrySource registry, link::Links& links, log::Committer& committer,
                   log::Vault& vault, tally::Book& book, Clock& clock, Random& random,
                   metrics::Stages* stages)
    : twins_(clock), with_{std::move(registry),
                           links,
                           committer,
                           vault,
                           clock,
                           random,
                           twins_,
                           book,
                           delays_,
                           stages} {}

void Verifier::Tick() {
  with_.book.grants.Look(*with_.registry());
  delays_.Tick(with_.clock.Elapsed());
}

void Verifier::ServeOn(rpc::Server& server) {
  const std::string service = kService;
  server.HandleUnary(service + "VerifyDocument", [this](std::shared_ptr<rpc::UnaryCall> call) {
    VerifyDocument(std::move(call));
  });
  server.HandleStream(service + "VerifyDocuments", [this](std::shared_ptr<rpc::StreamCall> stream) {
    return VerifyDocuments(std::move(stream));
  });
  server.HandleUnary(service + "ListDocumentKinds", [this](std::shared_ptr<rpc::UnaryCall> call) {
    ListDocumentKinds(*with_.registry(), *call);
  });
  server.HandleUnary(service + "GetDocumentKind", [this](std::shared_ptr<rpc::UnaryCall> call) {
    GetDocumentKind(*with_.registry(), *call);
  });
}

void Verifier::VerifyDocument(std::shared_ptr<rpc::UnaryCall> call) {
  Exchange::Start(with_, std::make_shared<UnaryAsker>(std::move(call)));
}

rpc::StreamEvents Verifier::VerifyDocuments(std::shared_ptr<rpc::StreamCall> stream) {
  return QuestionStream::Serve(with_, std::move(stream));
}

}  // namespace chayan::verify
