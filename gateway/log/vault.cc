#include "gateway/log/vault.h"

#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/crypto/secret.h"
#include "gateway/log/class_keys.h"
#include "gateway/tlog/commitment.h"

namespace chayan::log {
namespace {

// The tags of log-format 2.2, in their order in a row.
std::string MakeTags(const crypto::Secret32& index_key, const VaultInput& input) {
  const std::pair<absl::string_view, const std::string&> values[] = {
      {"subject", input.subject}, {"person", input.person}, {"case", input.case_number}};
  std::string tags;
  tags.reserve(3 * sizeof(tlog::SearchTag));
  for (const auto& [label, value] : values) {
    tlog::SearchTag tag{};
    if (!value.empty()) tag = tlog::MakeSearchTag(index_key, label, value);
    tags.append(reinterpret_cast<const char*>(tag.data()), tag.size());
  }
  return tags;
}

class FileVault final : public Vault {
 public:
  FileVault(std::unique_ptr<ClassKeys> keys, Clock& clock, Random& random)
      : keys_(std::move(keys)), clock_(clock), random_(random) {}

  absl::StatusOr<VaultOutput> Seal(const VaultInput& input) override {
    CHAYAN_ASSIGN_OR_RETURN(const std::shared_ptr<const ClassKey> key,
                            keys_->Current(input.retention_class, clock_.Now()));
    const crypto::Secret32 vault_secret(random_);
    const tlog::EntrySecrets secrets(vault_secret);
    return VaultOutput{
        .c_req = tlog::Commit(tlog::Committed::kRequest, secrets.request, input.request),
        .c_res = tlog::Commit(tlog::Committed::kResponse, secrets.response, input.response),
        .c_detail = tlog::Commit(tlog::Committed::kDetail, secrets.detail, input.detail),
        .request_opening = std::string(secrets.request.Expose()),
        .response_opening = std::string(secrets.response.Expose()),
        .row = {
            .key_id = key->id,
            .wrapped_secret = tlog::WrapVaultSecret(key->wrapping, input.id, vault_secret, random_),
            .sealed_detail = tlog::SealDetail(secrets, input.id, input.detail),
            .tags = MakeTags(key->index, input)}};
  }

  absl::StatusOr<std::string> OpenDetail(const Uuid& id, const store::VaultRow& row) override {
    CHAYAN_ASSIGN_OR_RETURN(const std::shared_ptr<const ClassKey> key, keys_->Find(row.key_id));
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Secret32 vault_secret,
                            tlog::UnwrapVaultSecret(key->wrapping, id, row.wrapped_secret));
    return tlog::OpenDetail(tlog::EntrySecrets(vault_secret), id, row.sealed_detail);
  }

 private:
  const std::unique_ptr<ClassKeys> keys_;
  Clock& clock_;
  Random& random_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Vault>> Vault::Create(const std::string& kek_file,
                                                     const std::string& key_directory, Clock& clock,
                                                     Random& random) {
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<ClassKeys> keys,
                          ClassKeys::Create(kek_file, key_directory, random));
  return std::make_unique<FileVault>(std::move(keys), clock, random);
}

}  // namespace chayan::log
