#include "gateway/crypto/pkcs11_session.h"

#include <dlfcn.h>

#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/secret.h"

namespace chayan::crypto {
namespace {

// A machine has a handful; more is a module that does not know what it says.
constexpr CK_ULONG kSlotsMax = 1024;
// The longest attribute that is asked for is a public key of some dozen bytes.
constexpr CK_ULONG kAttributeBytesMax = 4096;

// The session is of no use any more, but another one may be.
bool IsLost(CK_RV rv) {
  switch (rv) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_DEVICE_REMOVED:
    case CKR_DEVICE_ERROR:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
      return true;
    default:
      return false;
  }
}

absl::string_view Remedy(CK_RV rv) {
  switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
      return ": write the token's user PIN into pin_file; a few wrong tries lock the token";
    case CKR_PIN_LOCKED:
      return ": the token is locked; its security officer sets a new user PIN";
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_DEVICE_REMOVED:
    case CKR_DEVICE_ERROR:
      return ": put the token back, or start its service, and start again";
    case CKR_MECHANISM_INVALID:
      return ": the token cannot do this; use one that can, or a key file";
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
      return ": the key was made for another use; make one for this";
    default:
      return "";
  }
}

absl::Status Initialize(CK_FUNCTION_LIST& module) {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV rv = module.C_Initialize(&arguments);
  if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat("cannot be initialized (0x%x)", rv));
}

// Never unloaded: sessions of other keys may use it.
absl::StatusOr<CK_FUNCTION_LIST*> Load(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("PKCS#11 module ", path, " cannot be loaded: ", dlerror()));
  }
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* module = nullptr;
  if (get_list == nullptr || get_list(&module) != CKR_OK || module == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is no PKCS#11 module: name the token's own library"));
  }
  CHAYAN_RETURN_IF_ERROR(Annotate(Initialize(*module), absl::StrCat("PKCS#11 module ", path)));
  return module;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Pkcs11Session>> Pkcs11Session::Open(const Pkcs11Place& place,
                                                                   const Wanted& wanted) {
  CHAYAN_ASSIGN_OR_RETURN(CK_FUNCTION_LIST* const module, Load(place.module));
  std::unique_ptr<Pkcs11Session> session(new Pkcs11Session(place, wanted, module));
  absl::MutexLock lock(&session->mu_);
  CHAYAN_RETURN_IF_ERROR(session->OpenLocked());
  return session;
}

Pkcs11Session::~Pkcs11Session() {
  absl::MutexLock lock(&mu_);
  if (session_.has_value()) module_->C_CloseSession(*session_);
}

absl::Status Pkcs11Session::Failed(absl::string_view what, CK_RV rv) const {
  return absl::UnavailableError(absl::StrCat(
      "token \"", place_.token_label, "\" of ", place_.module, ", key \"", place_.key_label,
      "\": ", what, absl::StrFormat(" failed (0x%x)", rv), Remedy(rv)));
}

absl::StatusOr<CK_SLOT_ID> Pkcs11Session::FindSlot() const {
  CK_ULONG count = 0;
  CK_RV rv = module_->C_GetSlotList(CK_TRUE, nullptr, &count);
  if (rv != CKR_OK || count > kSlotsMax) return Failed("listing the slots", rv);
  std::vector<CK_SLOT_ID> slots(count);
  rv = module_->C_GetSlotList(CK_TRUE, slots.data(), &count);
  if (rv != CKR_OK) return Failed("listing the slots", rv);
  slots.resize(count);
  std::string labels;
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO info{};
    if (module_->C_GetTokenInfo(slot, &info) != CKR_OK) continue;
    const absl::string_view label = absl::StripTrailingAsciiWhitespace(
        absl::string_view(reinterpret_cast<const char*>(info.label), sizeof(info.label)));
    if (label == absl::string_view(place_.token_label)) return slot;
    absl::StrAppend(&labels, labels.empty() ? "" : ", ", "\"", label, "\"");
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "PKCS#11 module ", place_.module, " has no token \"", place_.token_label, "\"; it has ",
      labels.empty() ? "none" : labels, ": name one of them in token_label, or put the token in"));
}

absl::StatusOr<CK_OBJECT_HANDLE> Pkcs11Session::FindObject(CK_OBJECT_CLASS object_class) {
  std::string label = place_.key_label;
  CK_KEY_TYPE key_type = wanted_.key_type;
  CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &object_class, sizeof(object_class)},
                           {CKA_KEY_TYPE, &key_type, sizeof(key_type)},
                           {CKA_LABEL, label.data(), label.size()}};
  CK_RV rv = module_->C_FindObjectsInit(*session_, wanted, std::size(wanted));
  if (rv != CKR_OK) return Failed("looking for the key", rv);
  CK_OBJECT_HANDLE found[2] = {};
  CK_ULONG count = 0;
  rv = module_->C_FindObjects(*session_, found, std::size(found), &count);
  module_->C_FindObjectsFinal(*session_);
  if (rv != CKR_OK) return Failed("looking for the key", rv);
  if (count == 1) return found[0];
  return absl::FailedPreconditionError(absl::StrCat(
      "token \"", place_.token_label, "\" of ", place_.module, " has ",
      count == 0 ? "no " : "more than one ", wanted_.what, " with the label \"", place_.key_label,
      "\": ", count == 0 ? wanted_.remedy : "give each key a label of its own"));
}

absl::Status Pkcs11Session::OpenLocked() {
  if (session_.has_value()) module_->C_CloseSession(*std::exchange(session_, std::nullopt));
  CHAYAN_RETURN_IF_ERROR(Initialize(*module_));
  CHAYAN_ASSIGN_OR_RETURN(const CK_SLOT_ID slot, FindSlot());
  CK_SESSION_HANDLE session = 0;
  CK_RV rv = module_->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
  if (rv != CKR_OK) return Failed("opening a session", rv);
  session_ = session;
  CHAYAN_ASSIGN_OR_RETURN(std::string pin, ReadSecretFile(place_.pin_file));
  const absl::Cleanup wiper = [&pin] {
    Wipe({reinterpret_cast<uint8_t*>(pin.data()), pin.size()});
  };
  rv = module_->C_Login(session, CKU_USER, reinterpret_cast<CK_UTF8CHAR_PTR>(pin.data()),
                        pin.size());
  // The login is the process's: another key of the token may have made it.
  if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) return Failed("logging in", rv);
  CHAYAN_ASSIGN_OR_RETURN(key_, FindObject(wanted_.object_class));
  return absl::OkStatus();
}

absl::Status Pkcs11Session::Run(absl::string_view verb, const Call& call, CK_RV* said) {
  absl::MutexLock lock(&mu_);
  CK_RV rv = session_.has_value() ? call(*module_, *session_, key_) : CKR_SESSION_CLOSED;
  if (IsLost(rv)) {
    CHAYAN_RETURN_IF_ERROR(OpenLocked());
    rv = call(*module_, *session_, key_);
  }
  if (said != nullptr) *said = rv;
  return rv == CKR_OK ? absl::OkStatus() : Failed(absl::StrCat("to ", verb), rv);
}

absl::StatusOr<std::string> Pkcs11Session::Attribute(CK_OBJECT_CLASS object_class,
                                                     CK_ATTRIBUTE_TYPE type) {
  absl::MutexLock lock(&mu_);
  CHAYAN_ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE object, FindObject(object_class));
  std::string value(kAttributeBytesMax, '\0');
  CK_ATTRIBUTE attribute = {type, value.data(), value.size()};
  const CK_RV rv = module_->C_GetAttributeValue(*session_, object, &attribute, 1);
  if (rv != CKR_OK || attribute.ulValueLen > value.size()) {
    return Failed("reading its public part", rv);
  }
  value.resize(attribute.ulValueLen);
  return value;
}

}  // namespace chayan::crypto
