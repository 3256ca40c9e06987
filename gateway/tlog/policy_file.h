// The file that says whom a verifier trusts (c2sp.org/tlog-policy): logs, witnesses, and how many
// of the witnesses must have cosigned. Beyond that specification it may have lines
//   answer-key HOLDER BASE64-SPKI
// with the keys by which holders of documents sign their answers: together, what `chayan receipt
// check --trust` reads.
#ifndef CHAYAN_GATEWAY_TLOG_POLICY_FILE_H_
#define CHAYAN_GATEWAY_TLOG_POLICY_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/crypto/bytes.h"
#include "gateway/tlog/note_key.h"

namespace chayan::tlog {

// Some hundred lines with post-quantum keys.
inline constexpr size_t kPolicyFileBytesMax = 1024 * 1024;
// Of each kind. The specification asks for 32 at least.
inline constexpr size_t kPolicyLinesMax = 1024;

class Policy {
 public:
  struct Log {
    VerifierKey key;
    std::string url;  // May be empty.
    // The log retired the key when it had this size: larger checkpoints it does not sign.
    std::optional<uint64_t> size_max{};
  };
  struct Witness {
    std::string name;  // In this file alone.
    VerifierKey key;
    std::string url;  // May be empty.
  };
  struct AnswerKey {
    std::string holder;
    crypto::Ed25519PublicKey key;
  };

  // Errors name the line.
  static absl::StatusOr<Policy> Parse(absl::string_view text);

  // A key that a log has, or had up to a size, as if there were one more `log` line; of a key that
  // is there already only the size is set.
  void AddLog(VerifierKey key, std::optional<uint64_t> size_max);

  const std::vector<Log>& logs() const { return logs_; }
  const std::vector<Witness>& witnesses() const { return witnesses_; }
  // A holder may have several keys: one a replica, or an old one and a new.
  const std::vector<AnswerKey>& answer_keys() const { return answer_keys_; }
  // The quorum is `none`: the log's own signature is enough.
  bool needs_no_witness() const { return !quorum_.has_value(); }

  // `cosigned[i]`: witnesses()[i] cosigned. REQUIRES: one for each witness.
  bool IsQuorum(std::span<const bool> cosigned) const;

 private:
  friend class PolicyReader;

  // A witness, or a group with a threshold. Members stand before their groups.
  struct Party {
    std::string name;
    std::optional<size_t> witness;  // Index in witnesses_.
    std::vector<size_t> members;    // Indexes in parties_.
    size_t threshold = 0;
    bool is_member = false;  // Of a group already: nobody counts twice.
  };

  std::vector<Log> logs_;
  std::vector<Witness> witnesses_;
  std::vector<AnswerKey> answer_keys_;
  std::vector<Party> parties_;
  std::optional<size_t> quorum_;  // Index in parties_.
};

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_POLICY_FILE_H_
