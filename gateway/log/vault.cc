#include "gateway/log/vault.h"

#include <utility>

#include "gateway/base/status_macros.h"
#include "gateway/crypto/secret.h"
#include "gateway/log/class_keys.h"
#include "gateway/log/search_key.h"
#include "gateway/tlog/commitment.h"

namespace chayan::log {
namespace {

// The tags of log-format 2.2, in their order in a row.
std::string MakeTags(const crypto::HmacKey& index_key, const VaultInput& input) {
  const std::pair<absl::string_view, const std::string&> values[] = {
      {kSubjectLabel, input.subject},
      {kPersonLabel, input.person},
      {kCaseLabel, input.case_number}};
  std::string tags;
  tags.reserve((3 + input.more_subjects.size() + input.more_cases.size()) *
               sizeof(tlog::SearchTag));
  for (const auto& [label, value] : values) {
    tlog::SearchTag tag{};
    if (!value.empty()) tag = tlog::MakeSearchTag(index_key, label, value);
    tags.append(reinterpret_cast<const char*>(tag.data()), tag.size());
  }
  const std::pair<absl::string_view, const std::vector<std::string>&> more[] = {
      {kSubjectLabel, input.more_subjects}, {kCaseLabel, input.more_cases}};
  for (const auto& [label, several] : more) {
    for (const std::string& value : several) {
      const tlog::SearchTag tag = tlog::MakeSearchTag(index_key, label, value);
      tags.append(reinterpret_cast<const char*>(tag.data()), tag.size());
    }
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

  absl::StatusOr<OpenedDetail> Open(const Uuid& id, const store::VaultRow& row) override {
    CHAYAN_ASSIGN_OR_RETURN(const std::shared_ptr<const ClassKey> key, keys_->Find(row.key_id));
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Secret32 vault_secret,
                            tlog::UnwrapVaultSecret(key->wrapping, id, row.wrapped_secret));
    const tlog::EntrySecrets secrets(vault_secret);
    CHAYAN_ASSIGN_OR_RETURN(std::string detail, tlog::OpenDetail(secrets, id, row.sealed_detail));
    return OpenedDetail{.detail = std::move(detail),
                        .opening = std::string(secrets.detail.Expose()),
                        .request_opening = std::string(secrets.request.Expose()),
                        .response_opening = std::string(secrets.response.Expose())};
  }

  absl::StatusOr<std::vector<store::KeyedTag>> Tags(absl::string_view label,
                                                    absl::string_view value) override {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> ids, keys_->Ids());
    std::vector<store::KeyedTag> tags;
    for (const std::string& id : ids) {
      const auto key = keys_->Find(id);
      // Destroyed since it was listed.
      if (absl::IsNotFound(key.status())) continue;
      CHAYAN_RETURN_IF_ERROR(key.status());
      tags.push_back({id, tlog::MakeSearchTag((*key)->index, label, value)});
    }
    return tags;
  }

  absl::StatusOr<std::vector<std::string>> KeyIds() override { return keys_->Ids(); }

  absl::Status DestroyKey(absl::string_view key_id) override { return keys_->Destroy(key_id); }

 private:
  const std::unique_ptr<ClassKeys> keys_;
  Clock& clock_;
  Random& random_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Vault>> Vault::Create(std::unique_ptr<crypto::WrappingKey> kek,
                                                     std::unique_ptr<crypto::WrappingKey> old_kek,
                                                     const std::string& key_directory, Clock& clock,
                                                     Random& random) {
  CHAYAN_ASSIGN_OR_RETURN(
      std::unique_ptr<ClassKeys> keys,
      ClassKeys::Create(std::move(kek), std::move(old_kek), key_directory, random));
  return std::make_unique<FileVault>(std::move(keys), clock, random);
}

absl::StatusOr<std::unique_ptr<Vault>> Vault::Create(const std::string& kek_file,
                                                     const std::string& key_directory, Clock& clock,
                                                     Random& random) {
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<crypto::WrappingKey> kek,
                          crypto::WrappingKey::FromFile(kek_file));
  return Create(std::move(kek), nullptr, key_directory, clock, random);
}

}  // namespace chayan::log
