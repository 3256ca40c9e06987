// One logged-in session with one key of a token; see pkcs11.h. Private to this room.
#ifndef CHAYAN_GATEWAY_CRYPTO_PKCS11_SESSION_H_
#define CHAYAN_GATEWAY_CRYPTO_PKCS11_SESSION_H_

#include <p11-kit/pkcs11.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "gateway/crypto/pkcs11.h"

namespace chayan::crypto {

// Thread-safe.
class Pkcs11Session {
 public:
  struct Wanted {
    CK_OBJECT_CLASS object_class;
    CK_KEY_TYPE key_type;
    const char* what;    // "Ed25519 private key"
    const char* remedy;  // how such a key is made
  };
  // Loads the module, logs in, finds the key.
  static absl::StatusOr<std::unique_ptr<Pkcs11Session>> Open(const Pkcs11Place& place,
                                                             const Wanted& wanted);
  ~Pkcs11Session();

  // Calls the module with session and key; `call` may run twice, the second time in a new session.
  using Call = std::function<CK_RV(CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session,
                                   CK_OBJECT_HANDLE key)>;
  // `verb` for the error: "sign". The code is FAILED_PRECONDITION or UNAVAILABLE; `rv`, where
  // given, gets what the module said.
  absl::Status Run(absl::string_view verb, const Call& call, CK_RV* rv = nullptr);

  // An attribute of the object of that class with the key's label.
  absl::StatusOr<std::string> Attribute(CK_OBJECT_CLASS object_class, CK_ATTRIBUTE_TYPE type);

 private:
  Pkcs11Session(Pkcs11Place place, const Wanted& wanted, CK_FUNCTION_LIST* module)
      : place_(std::move(place)), wanted_(wanted), module_(module) {}

  absl::Status OpenLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<CK_SLOT_ID> FindSlot() const;
  absl::StatusOr<CK_OBJECT_HANDLE> FindObject(CK_OBJECT_CLASS object_class)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Failed(absl::string_view what, CK_RV rv) const;

  const Pkcs11Place place_;
  const Wanted wanted_;
  CK_FUNCTION_LIST* const module_;
  absl::Mutex mu_;
  std::optional<CK_SESSION_HANDLE> session_ ABSL_GUARDED_BY(mu_);
  CK_OBJECT_HANDLE key_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_PKCS11_SESSION_H_
