// chayan-bench-gateway: the gateway without its vault. Entries commit to request, answer and detail
// as ever, under openings drawn at random; nothing is sealed and no vault row is stored. Beside
// chayan-gateway it shows what the vault costs. Never for production: an auditor could open
// nothing.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "gateway/base/diag.h"
#include "gateway/base/random.h"
#include "gateway/config.h"
#include "gateway/gateway.h"
#include "gateway/log/vault.h"
#include "gateway/store/store.h"
#include "gateway/tlog/commitment.h"

namespace chayan::bench {
namespace {

class OpenVault final : public log::Vault {
 public:
  absl::StatusOr<log::VaultOutput> Seal(const log::VaultInput& input) override {
    const crypto::Secret32 request(random_);
    const crypto::Secret32 response(random_);
    const crypto::Secret32 detail(random_);
    log::VaultOutput output;
    output.c_req = tlog::Commit(tlog::Committed::kRequest, request, input.request);
    output.c_res = tlog::Commit(tlog::Committed::kResponse, response, input.response);
    output.c_detail = tlog::Commit(tlog::Committed::kDetail, detail, input.detail);
    output.request_opening = std::string(request.Expose());
    output.response_opening = std::string(response.Expose());
    return output;
  }
  absl::StatusOr<log::OpenedDetail> Open(const Uuid&, const store::VaultRow&) override {
    return absl::UnimplementedError("not asked for here");
  }
  absl::StatusOr<std::vector<store::KeyedTag>> Tags(absl::string_view, absl::string_view) override {
    return absl::UnimplementedError("not asked for here");
  }
  absl::StatusOr<std::vector<std::string>> KeyIds() override { return std::vector<std::string>(); }
  absl::Status DestroyKey(absl::string_view) override {
    return absl::UnimplementedError("not asked for here");
  }

 private:
  SystemRandom random_;
};

// Drops the vault rows of what it appends.
class RowlessStore final : public store::Store {
 public:
  explicit RowlessStore(std::unique_ptr<store::Store> inner) : inner_(std::move(inner)) {}

  store::Appended Append(const store::Head& old, const store::Batch& batch,
                         const store::Head& next) override {
    store::Batch rowless = batch;
    for (store::NewEntry& entry : rowless.entries) entry.vault.reset();
    return inner_->Append(old, rowless, next);
  }
  absl::StatusOr<store::Head> ReadHead() override { return inner_->ReadHead(); }
  absl::StatusOr<std::vector<std::string>> ReadLeaves(uint64_t first, uint64_t count,
                                                      uint64_t bytes_max) override {
    return inner_->ReadLeaves(first, count, bytes_max);
  }
  absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index) override {
    return inner_->ReadTile(level, index);
  }
  absl::StatusOr<store::VaultRow> ReadVault(uint64_t index) override {
    return inner_->ReadVault(index);
  }
  absl::StatusOr<std::vector<uint64_t>> ReadLandmarks() override {
    return inner_->ReadLandmarks();
  }
  absl::StatusOr<store::RegistrySet> ReadCurrentRegistry() override {
    return inner_->ReadCurrentRegistry();
  }
  absl::StatusOr<store::RegistrySet> ReadRegistry(const crypto::Digest& digest) override {
    return inner_->ReadRegistry(digest);
  }
  store::Publications* publications() override { return inner_->publications(); }
  absl::Status Maintain() override { return inner_->Maintain(); }

 private:
  const std::unique_ptr<store::Store> inner_;
};

int Fail(const absl::Status& status) {
  std::cerr << "chayan-bench-gateway: " << status.message() << std::endl;
  return 1;
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  // As chayan-gateway does.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app("The gateway without its vault.", "chayan-bench-gateway");
  std::string config_file, bootstrap_directory;
  app.add_option("--config", config_file, "Settings file")->required();
  app.add_option("--bootstrap-registry", bootstrap_directory, "Registry folder of a new store");
  CLI11_PARSE(app, argc, argv);

  signal(SIGPIPE, SIG_IGN);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  const auto config = chayan::LoadConfig(config_file);
  if (!config.ok()) return chayan::bench::Fail(config.status());
  chayan::Wrappers wrappers;
  wrappers.vault = [](std::unique_ptr<chayan::log::Vault>) {
    return std::make_unique<chayan::bench::OpenVault>();
  };
  wrappers.store = [](std::unique_ptr<chayan::store::Store> inner) {
    return std::make_unique<chayan::bench::RowlessStore>(std::move(inner));
  };
  const auto gateway = chayan::Gateway::Create(config->config, bootstrap_directory, wrappers);
  if (!gateway.ok()) return chayan::bench::Fail(gateway.status());
  chayan::diag::Info("gateway.listening", {{"address", (*gateway)->address()}});
  int signal_number = 0;
  sigwait(&stop, &signal_number);
  (*gateway)->Drain();
}
