// A log as a gateway has it, in a folder of its own: vault, SQLite store and committer, which are
// opened anew as after the end of a process. For tests alone.
#ifndef CHAYAN_GATEWAY_LOG_TEST_STACK_H_
#define CHAYAN_GATEWAY_LOG_TEST_STACK_H_

#include <memory>
#include <string>
#include <utility>

#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/log/committer.h"
#include "gateway/log/test_log.h"
#include "gateway/log/vault.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/test_folder.h"

namespace chayan::log {

class TestStack {
 public:
  // `registry`: of the first entry. Clock and random outlive it.
  TestStack(store::RegistrySet registry, Clock& clock, Random& random)
      : registry_(std::move(registry)), clock_(clock), random_(random) {
    WriteKey("kek", 'k');
    Open();
  }
  ~TestStack() { Stop(); }

  // What waits is committed, or told that it is not. After it whatever uses the parts may go.
  void Stop() { committer_->Stop(); }
  // REQUIRES: stopped, and nobody uses the parts any more.
  void Reopen() {
    committer_.reset();
    store_.reset();
    vault_.reset();
    Open();
  }
  // A file of 32 bytes in base64, as keys are.
  void WriteKey(const std::string& name, char byte) const {
    CHAYAN_CHECK(WriteFile(folder_ / name, Base64Encode(std::string(32, byte)) + "\n", 0600).ok());
  }

  const store::TestFolder& folder() const { return folder_; }
  Vault& vault() { return *vault_; }
  store::Store& store() { return *store_; }
  Committer& committer() { return *committer_; }
  uint64_t size() const { return committer_->Status().size; }
  std::string Leaf(uint64_t index) const { return (*store_->ReadLeaves(index, 1, 0))[0]; }
  ParsedLeaf Entry(uint64_t index) const { return *ParseLeaf(Leaf(index)); }

 private:
  void Open() {
    auto vault = Vault::Create(folder_ / "kek", folder_ / "vault-keys", clock_, random_);
    CHAYAN_CHECK(vault.ok());
    vault_ = *std::move(vault);
    auto store = store::SqliteStore::Open(folder_ / "store.db");
    CHAYAN_CHECK(store.ok());
    store_ = *std::move(store);
    auto committer =
        Committer::Create({.gateway = "gw-1", .origin = kTestOrigin, .head_file = folder_ / "head"},
                          *store_, key_, clock_, random_, registry_);
    CHAYAN_CHECK(committer.ok());
    committer_ = *std::move(committer);
  }

  const store::RegistrySet registry_;
  Clock& clock_;
  Random& random_;
  const store::TestFolder folder_{store::TestFolder::Memory()};
  const crypto::Ed25519Key key_ = TestKey();
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Committer> committer_;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_TEST_STACK_H_
