// Keys that open an entry's commitments, and its sealed detail. One fresh secret an entry;
// everything else is derived from it, so destroying the row (or the key of its month and class)
// leaves an entry that verifies and says nothing.
#ifndef CHAYAN_GATEWAY_LOG_VAULT_H_
#define CHAYAN_GATEWAY_LOG_VAULT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/wrapping_key.h"
#include "gateway/store/store.h"

namespace chayan::log {

// What is to be committed to and sealed for one exchange. Views live only for the call.
struct VaultInput {
  Uuid id;
  v1::RetentionClass retention_class;
  absl::string_view request;   // bytes as received
  absl::string_view response;  // answer bytes, or google.rpc.Status bytes
  absl::string_view detail;    // serialized EntryDetail
  std::string subject;         // normalised number, empty when unknown; so the next two
  std::string person;          // member || 0x00 || person id
  std::string case_number;     // acting_for || 0x00 || case number
  std::vector<std::string> more_subjects{};  // of a notice about several
  std::vector<std::string> more_cases{};     // of a frame of notices
};

struct VaultOutput {
  crypto::Digest c_req, c_res, c_detail;
  std::string request_opening;   // r_req, for the caller's receipt
  std::string response_opening;  // r_res
  store::VaultRow row;
};

struct OpenedDetail {
  std::string detail;   // the very bytes that c_detail commits to
  std::string opening;  // r_detail
  std::string request_opening{};
  std::string response_opening{};
};

// Thread-safe. Keys of (month in Taipei, class) live in a directory outside the store, each wrapped
// by the key-encryption key: `<key id>.key`. Who destroys such a file has destroyed every detail,
// opening and search tag under it. An absent search tag is 16 zero bytes.
class Vault {
 public:
  // `key_directory` is created; `old_kek`, which may be null, opens what is wrapped with the key
  // before this one (key_rewrap.h). A missing key is made and synced before use.
  // FAILED_PRECONDITION when the KEK is not the one that wrapped the keys that are there.
  static absl::StatusOr<std::unique_ptr<Vault>> Create(std::unique_ptr<crypto::WrappingKey> kek,
                                                       std::unique_ptr<crypto::WrappingKey> old_kek,
                                                       const std::string& key_directory,
                                                       Clock& clock, Random& random);
  // With one key, in a file: see WrappingKey::FromFile.
  static absl::StatusOr<std::unique_ptr<Vault>> Create(const std::string& kek_file,
                                                       const std::string& key_directory,
                                                       Clock& clock, Random& random);
  virtual ~Vault() = default;
  // Fails only when a new month's key cannot be made.
  virtual absl::StatusOr<VaultOutput> Seal(const VaultInput& input) = 0;
  // Opens a row again. For the audit room and tests. NOT_FOUND when the key was destroyed,
  // DATA_LOSS when the row is not of this exchange or was changed.
  virtual absl::StatusOr<OpenedDetail> Open(const Uuid& id, const store::VaultRow& row) = 0;
  // The search tags of a value (see search_key.h), one under each key that there is.
  virtual absl::StatusOr<std::vector<store::KeyedTag>> Tags(absl::string_view label,
                                                            absl::string_view value) = 0;
  // The keys that there are, oldest first.
  virtual absl::StatusOr<std::vector<std::string>> KeyIds() = 0;
  // The key is gone when it returns OK, also if it was gone before.
  virtual absl::Status DestroyKey(absl::string_view key_id) = 0;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_VAULT_H_
