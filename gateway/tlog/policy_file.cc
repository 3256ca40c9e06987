#include "gateway/tlog/policy_file.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::tlog {
namespace {

absl::Status Invalid(absl::string_view reason) { return absl::InvalidArgumentError(reason); }

bool IsPolicyCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || byte == '\n' || (byte >= 0x20 && byte != 0x7f);
}

// One underlying key, whatever its name and type: it must not speak with two voices.
bool IsSameKey(const VerifierKey& a, const VerifierKey& b) {
  return a.public_key() == b.public_key();
}

}  // namespace

// Builds a policy line by line.
class PolicyReader {
 public:
  absl::Status ReadLine(absl::string_view line) {
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') return absl::OkStatus();
    if (words[0] == "log") return ReadLog(words);
    if (words[0] == "witness") return ReadWitness(words);
    if (words[0] == "group") return ReadGroup(words);
    if (words[0] == "quorum") return ReadQuorum(words);
    if (words[0] == "answer-key") return ReadAnswerKey(words);
    return Invalid("line starts with none of log, witness, group, quorum, answer-key");
  }

  absl::StatusOr<Policy> Finish() {
    if (!has_quorum_) return Invalid("no quorum line (write `quorum none` to need no witness)");
    return std::move(policy_);
  }

 private:
  absl::Status ReadLog(const std::vector<std::string>& words) {
    if (words.size() < 2 || words.size() > 3) return Invalid("want: log VKEY [URL]");
    if (policy_.logs_.size() == kPolicyLinesMax) return Invalid("too many logs");
    CHAYAN_ASSIGN_OR_RETURN(VerifierKey key, VerifierKey::Parse(words[1]));
    if (key.type() == KeyType::kCosignatureV1) return Invalid("log has the key of a witness");
    for (const Policy::Log& log : policy_.logs_) {
      if (IsSameKey(log.key, key)) return Invalid("a second log with this key");
    }
    policy_.logs_.push_back({std::move(key), words.size() == 3 ? words[2] : ""});
    return absl::OkStatus();
  }

  absl::Status ReadWitness(const std::vector<std::string>& words) {
    if (words.size() < 3 || words.size() > 4) return Invalid("want: witness NAME VKEY [URL]");
    if (policy_.witnesses_.size() == kPolicyLinesMax) return Invalid("too many witnesses");
    CHAYAN_RETURN_IF_ERROR(CheckNewName(words[1]));
    CHAYAN_ASSIGN_OR_RETURN(VerifierKey key, VerifierKey::Parse(words[2]));
    if (key.type() == KeyType::kEd25519) return Invalid("witness has the key of a log");
    for (const Policy::Witness& witness : policy_.witnesses_) {
      if (IsSameKey(witness.key, key)) return Invalid("a second witness with this key");
    }
    Policy::Party party;
    party.name = words[1];
    party.witness = policy_.witnesses_.size();
    policy_.parties_.push_back(std::move(party));
    policy_.witnesses_.push_back({words[1], std::move(key), words.size() == 4 ? words[3] : ""});
    return absl::OkStatus();
  }

  absl::Status ReadGroup(const std::vector<std::string>& words) {
    if (words.size() < 4) return Invalid("want: group NAME all|any|K MEMBER...");
    if (policy_.parties_.size() == 2 * kPolicyLinesMax) return Invalid("too many groups");
    CHAYAN_RETURN_IF_ERROR(CheckNewName(words[1]));
    Policy::Party group;
    group.name = words[1];
    for (size_t i = 3; i < words.size(); ++i) {
      CHAYAN_ASSIGN_OR_RETURN(const size_t member, Find(words[i]));
      if (std::exchange(policy_.parties_[member].is_member, true)) {
        return Invalid(absl::StrCat(words[i], " is a member of a group already"));
      }
      group.members.push_back(member);
    }
    if (words[2] == "any") {
      group.threshold = 1;
    } else if (words[2] == "all") {
      group.threshold = group.members.size();
    } else {
      const absl::StatusOr<uint64_t> threshold = ParseDecimal(words[2]);
      if (!threshold.ok() || *threshold < 1 || *threshold > group.members.size()) {
        return Invalid("threshold is not all, any, or a number from 1 to the number of members");
      }
      group.threshold = static_cast<size_t>(*threshold);
    }
    policy_.parties_.push_back(std::move(group));
    return absl::OkStatus();
  }

  absl::Status ReadQuorum(const std::vector<std::string>& words) {
    if (words.size() != 2) return Invalid("want: quorum NAME|none");
    if (std::exchange(has_quorum_, true)) return Invalid("a second quorum line");
    if (words[1] == "none") return absl::OkStatus();
    CHAYAN_ASSIGN_OR_RETURN(policy_.quorum_, Find(words[1]));
    return absl::OkStatus();
  }

  absl::Status ReadAnswerKey(const std::vector<std::string>& words) {
    if (words.size() != 3) return Invalid("want: answer-key HOLDER BASE64-SPKI");
    if (policy_.answer_keys_.size() == kPolicyLinesMax) return Invalid("too many answer keys");
    CHAYAN_ASSIGN_OR_RETURN(const std::string spki, Base64Decode(words[2]));
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519PublicKey key, crypto::PublicKeyFromSpki(spki));
    policy_.answer_keys_.push_back({words[1], key});
    return absl::OkStatus();
  }

  absl::Status CheckNewName(absl::string_view name) const {
    if (name == "none") return Invalid("the name none is reserved");
    if (Find(name).ok()) return Invalid(absl::StrCat("a second ", name));
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Find(absl::string_view name) const {
    for (size_t i = 0; i < policy_.parties_.size(); ++i) {
      if (policy_.parties_[i].name == name) return i;
    }
    return Invalid(absl::StrCat("no witness or group ", name, " on the lines before"));
  }

  Policy policy_;
  bool has_quorum_ = false;
};

absl::StatusOr<Policy> Policy::Parse(absl::string_view text) {
  if (text.size() > kPolicyFileBytesMax) return Invalid("policy: too long");
  if (!text.empty() && text.back() != '\n') return Invalid("policy: last line has no newline");
  PolicyReader reader;
  int line_number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const absl::string_view line = text.substr(0, end);
    ++line_number;
    const absl::Status status = std::all_of(line.begin(), line.end(), IsPolicyCharacter)
                                    ? reader.ReadLine(line)
                                    : Invalid("a control character");
    if (!status.ok()) return Annotate(status, absl::StrCat("policy: line ", line_number));
    text.remove_prefix(end + 1);
  }
  absl::StatusOr<Policy> policy = reader.Finish();
  if (!policy.ok()) return Annotate(policy.status(), "policy");
  return policy;
}

void Policy::AddLog(VerifierKey key, std::optional<uint64_t> size_max) {
  for (Log& log : logs_) {
    if (!IsSameKey(log.key, key)) continue;
    log.size_max = size_max;
    return;
  }
  logs_.push_back({std::move(key), "", size_max});
}

bool Policy::IsQuorum(std::span<const bool> cosigned) const {
  CHAYAN_CHECK(cosigned.size() == witnesses_.size());
  if (!quorum_) return true;
  // Members stand before their groups, so one pass settles everyone.
  std::vector<bool> settled(parties_.size());
  for (size_t i = 0; i < parties_.size(); ++i) {
    const Party& party = parties_[i];
    if (party.witness) {
      settled[i] = cosigned[*party.witness];
      continue;
    }
    size_t count = 0;
    for (const size_t member : party.members) count += settled[member] ? 1 : 0;
    settled[i] = count >= party.threshold;
  }
  return settled[*quorum_];
}

}  // namespace chayan::tlog
