// The machine of a gateway's operator, whole: store, keys, committer. Beside it those who are not
// the operator: a holder that signs and keeps its own answer log, an office that keeps its evidence
// files, a witness, and an auditor who has the two programs and a trust file. For tests alone, run
// from the source root.
//
// Everything is the gateway's own: entries go through its committer into its store, details through
// its vault, exports through its exporter. A forger has the log key and the same tools.
#ifndef CHAYAN_TESTS_TAMPER_MACHINE_H_
#define CHAYAN_TESTS_TAMPER_MACHINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/sdk/answer_log.h"
#include "adapters/sdk/frame_signer.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/log/committer.h"
#include "gateway/log/vault.h"
#include "gateway/registry/sample_set.h"
#include "gateway/store/store.h"
#include "gateway/store/test_folder.h"
#include "gateway/tlog/note_key.h"
#include "gateway/witness/witness.h"

namespace chayan::tamper {

// What a program came to.
struct Ran {
  int exit_code = -1;
  std::string text;  // output and errors
};
Ran RunProgram(const std::string& command);

class Machine {
 public:
  static constexpr char kOrigin[] = "gw.example/log/2026";
  static constexpr char kHolder[] = "land-ad";
  static constexpr char kSubject[] = "A123456789";

  // A new log, running.
  Machine();

  // --- honest days ---
  // A question that the holder answers: its line first, then the entry, then the index told to it.
  v1::EvidenceFile Ask();
  // The holder answers, and the operator leaves no entry.
  void AskAroundTheLog();
  // The operator makes an answer up and enters it: in the holder's name, with a key of its own.
  v1::EvidenceFile Invent();
  // Entries that concern no person.
  void AppendReads(int count);
  void Advance(absl::Duration time) { clock_.Advance(time); }
  // The newest checkpoint, cosigned and stored. The witness must take it.
  std::string Publish();
  // What the witness says to a checkpoint that claims to continue what it cosigned last.
  witness::Answer AskWitness(const std::string& note, const std::vector<std::string>& leaves);

  // --- the process and its disk ---
  absl::Status Start();
  void Stop();
  std::string StorePath() const { return folder_ / "gateway/store.sqlite"; }
  std::string GuardPath() const { return folder_ / "head"; }
  store::Store& store() { return *store_; }
  log::Committer& committer() { return *committer_; }
  log::Vault& vault() { return *vault_; }
  absl::StatusOr<std::vector<std::string>> ReadLeaves();
  std::vector<std::string> Leaves() { return ReadLeaves().value(); }

  // --- exports; each is a folder of its own, whose path is returned ---
  absl::StatusOr<std::string> Export();
  // A history that the operator made up: tiles of its own, signed with the log key, under `note`
  // when one is given.
  std::string ExportForged(const std::vector<std::string>& leaves, const std::string& note = "");
  std::string Sign(const std::vector<std::string>& leaves) const;

  // --- the auditor ---
  // With a trust file that names the witness and asks for no quorum.
  Ran Verify(const std::string& directory, const std::string& more = "") const;
  // The witness must have cosigned.
  Ran VerifyWitnessed(const std::string& directory) const;
  Ran Reconcile(const std::string& directory) const;
  tlog::Policy Trust() const;
  // Keeps bytes in a file, and gives its path.
  std::string Keep(const std::string& name, const std::string& bytes) const;
  // A folder of one evidence file.
  std::string KeepReceipt(const v1::EvidenceFile& evidence) const;
  const store::TestFolder& folder() const { return folder_; }

 private:
  struct Drafted {
    log::Entry entry;
    v1::EvidenceFile evidence;
    store::VaultRow vault;
    sdk::SignedFrame frame;
  };
  Drafted Draft(const crypto::Ed25519Key& key);
  uint64_t Enter(Drafted& drafted);
  tlog::NoteSigner LogSigner() const;
  std::string TrustText() const;
  absl::StatusOr<std::string> ExportTo(const std::string& note,
                                       const std::vector<std::string>& leaves);

  const store::TestFolder folder_{store::TestFolder::Memory()};
  SimulatedClock clock_{absl::FromUnixSeconds(1'767'225'600)};
  SeededRandom random_{2026};
  const crypto::Ed25519Key log_key_ = crypto::Ed25519Key::Generate(random_);
  const tlog::NoteSigner witness_key_{
      "witness.example/w1", tlog::KeyType::kCosignatureV1,
      std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::Generate(random_))};
  const crypto::Ed25519Key holder_key_ = registry::SampleKey('a');
  const registry::Files registry_ = registry::SampleFiles();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<log::Vault> vault_;
  std::unique_ptr<log::Committer> committer_;
  std::unique_ptr<witness::Witness> witness_;
  std::unique_ptr<sdk::AnswerLog> answers_;
  uint64_t cosigned_ = 0;
  int exports_ = 0;
};

}  // namespace chayan::tamper

#endif  // CHAYAN_TESTS_TAMPER_MACHINE_H_
