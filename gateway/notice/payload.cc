#include "gateway/notice/payload.h"

#include <utility>

#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/notice/delivered.h"

namespace chayan::notice {
namespace {

// A payload lives for weeks, until it is shredded; the class only says whose key wraps it.
constexpr v1::RetentionClass kPayloadClass = v1::RETENTION_CLASS_FIVE_YEARS;

v1::DeliveredNotice Parse(absl::string_view payload) {
  v1::DeliveredNotice notice;
  CHAYAN_CHECK(notice.ParseFromArray(payload.data(), static_cast<int>(payload.size())));
  return notice;
}

std::string Finish(v1::DeliveredNotice notice, const Leaving& leaving) {
  notice.set_earlier_missing(leaving.earlier_missing);
  notice.set_entry_index(leaving.entry);
  return notice.SerializeAsString();
}

}  // namespace

absl::StatusOr<store::SealedPayload> SealPayload(log::Vault& vault, const Uuid& delivery,
                                                 v1::DeliveredNotice whole, bool thin) {
  whole.set_thin(thin);
  const std::string bytes = whole.SerializeAsString();
  log::VaultInput input;
  input.id = delivery;
  input.retention_class = kPayloadClass;
  input.detail = bytes;
  CHAYAN_ASSIGN_OR_RETURN(log::VaultOutput sealed, vault.Seal(input));
  return store::SealedPayload{.key_id = std::move(sealed.row.key_id),
                              .wrapped_secret = std::move(sealed.row.wrapped_secret),
                              .sealed = std::move(sealed.row.sealed_detail)};
}

absl::StatusOr<std::string> OpenPayload(log::Vault& vault, const Uuid& delivery,
                                        const store::SealedPayload& payload) {
  CHAYAN_ASSIGN_OR_RETURN(log::OpenedDetail opened,
                          vault.Open(delivery, {.key_id = payload.key_id,
                                                .wrapped_secret = payload.wrapped_secret,
                                                .sealed_detail = payload.sealed,
                                                .tags = {}}));
  return std::move(opened.detail);
}

std::string LeavingBytes(absl::string_view payload, const Leaving& leaving) {
  v1::DeliveredNotice notice = Parse(payload);
  if (notice.thin()) notice = MakeThin(std::move(notice));
  return Finish(std::move(notice), leaving);
}

std::string WholeBytes(absl::string_view payload, const Leaving& leaving) {
  v1::DeliveredNotice notice = Parse(payload);
  notice.set_thin(false);
  return Finish(std::move(notice), leaving);
}

}  // namespace chayan::notice
