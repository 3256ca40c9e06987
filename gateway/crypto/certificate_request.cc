#include "gateway/crypto/certificate_request.h"

#include <arpa/inet.h>

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/certificate_parts.h"

namespace chayan::crypto {
namespace {

// RFC 5280 upper bound of a common name, and far more names than a certificate of ours has.
constexpr size_t kCommonNameBytesMax = 64;
constexpr size_t kNamesMax = 64;

absl::Status CheckText(absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("an empty name");
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError(
          "a name with a blank or a character outside ASCII; URIs and host names have none");
    }
  }
  return absl::OkStatus();
}

absl::Status AddName(GENERAL_NAMES* names, int type, absl::string_view bytes) {
  ASN1_STRING* value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (value == nullptr || name == nullptr ||
      ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) != 1) {
    ASN1_STRING_free(value);
    GENERAL_NAME_free(name);
    return OpensslFailed("name");
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) == 0) {
    GENERAL_NAME_free(name);
    return OpensslFailed("name");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> IpBytes(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  for (const auto& [family, size] : {std::pair<int, size_t>{AF_INET, 4}, {AF_INET6, 16}}) {
    if (inet_pton(family, text.c_str(), bytes.data()) == 1) {
      return std::string(reinterpret_cast<const char*>(bytes.data()), size);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no IP address"));
}

absl::StatusOr<std::string> IpText(absl::string_view bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) {
    return absl::InvalidArgumentError("an IP address of a wrong length");
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size()) ==
      nullptr) {
    return absl::InvalidArgumentError("an IP address that cannot be written");
  }
  return std::string(text.data());
}

absl::StatusOr<SubjectNames> FromGeneralNames(const GENERAL_NAMES* names) {
  SubjectNames result;
  if (sk_GENERAL_NAME_num(names) > static_cast<int>(kNamesMax)) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kNamesMax, " names"));
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type));
    if (type != GEN_URI && type != GEN_DNS && type != GEN_IPADD) {
      return absl::InvalidArgumentError("a name that is neither URI, DNS name nor IP address");
    }
    const absl::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                  static_cast<size_t>(ASN1_STRING_length(value)));
    if (type == GEN_IPADD) {
      CHAYAN_ASSIGN_OR_RETURN(std::string ip, IpText(bytes));
      result.ip_addresses.push_back(std::move(ip));
      continue;
    }
    CHAYAN_RETURN_IF_ERROR(CheckText(bytes));
    (type == GEN_URI ? result.uris : result.dns_names).emplace_back(bytes);
  }
  return result;
}

std::string CommonNameOf(X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return "";
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<size_t>(ASN1_STRING_length(value))};
}

}  // namespace

absl::StatusOr<GeneralNamesPtr> ToGeneralNames(const SubjectNames& names) {
  if (names.uris.size() + names.dns_names.size() + names.ip_addresses.size() > kNamesMax) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kNamesMax, " names"));
  }
  GeneralNamesPtr result(GENERAL_NAMES_new());
  if (result == nullptr) return OpensslFailed("names");
  for (const std::string& uri : names.uris) {
    CHAYAN_RETURN_IF_ERROR(CheckText(uri));
    CHAYAN_RETURN_IF_ERROR(AddName(result.get(), GEN_URI, uri));
  }
  for (const std::string& dns : names.dns_names) {
    CHAYAN_RETURN_IF_ERROR(CheckText(dns));
    CHAYAN_RETURN_IF_ERROR(AddName(result.get(), GEN_DNS, dns));
  }
  for (const std::string& ip : names.ip_addresses) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string bytes, IpBytes(ip));
    CHAYAN_RETURN_IF_ERROR(AddName(result.get(), GEN_IPADD, bytes));
  }
  return result;
}

absl::Status SetCommonName(X509_NAME* name, const std::string& text) {
  if (text.size() > kCommonNameBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a common name of more than ", kCommonNameBytesMax, " bytes"));
  }
  if (text.empty()) return absl::OkStatus();
  if (X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, Bytes(text),
                                 static_cast<int>(text.size()), -1, 0) != 1) {
    return OpensslFailed("common name");
  }
  return absl::OkStatus();
}

absl::StatusOr<ParsedRequest> ParseRequest(absl::string_view pem) {
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(pem));
  ParsedRequest parsed{X509ReqPtr(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr)), {}};
  if (parsed.request == nullptr) {
    TakeOpensslError();
    return absl::InvalidArgumentError("not a certificate request in PEM");
  }
  EVP_PKEY* key = X509_REQ_get0_pubkey(parsed.request.get());
  if (key == nullptr || X509_REQ_verify(parsed.request.get(), key) != 1) {
    TakeOpensslError();
    return absl::InvalidArgumentError("the request is not signed by its own key");
  }
  const ExtensionsPtr extensions(X509_REQ_get_extensions(parsed.request.get()));
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  if (names != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(parsed.names, FromGeneralNames(names.get()));
  }
  parsed.names.common_name = CommonNameOf(X509_REQ_get_subject_name(parsed.request.get()));
  return parsed;
}

absl::StatusOr<std::string> GenerateTlsKeyPem() {
  const PkeyPtr key(EVP_EC_gen("P-256"));
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (key == nullptr || bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return OpensslFailed("new key");
  }
  return TextOf(bio.get());
}

absl::StatusOr<std::string> MakeCertificateRequest(absl::string_view key_pem,
                                                   const SubjectNames& names) {
  CHAYAN_ASSIGN_OR_RETURN(const PkeyPtr key, ReadKey(key_pem));
  CHAYAN_ASSIGN_OR_RETURN(const GeneralNamesPtr general, ToGeneralNames(names));
  const X509ReqPtr request(X509_REQ_new());
  if (request == nullptr || X509_REQ_set_pubkey(request.get(), key.get()) != 1) {
    return OpensslFailed("request");
  }
  CHAYAN_RETURN_IF_ERROR(
      SetCommonName(X509_REQ_get_subject_name(request.get()), names.common_name));
  STACK_OF(X509_EXTENSION)* raw = nullptr;
  const int added = X509V3_add1_i2d(&raw, NID_subject_alt_name, general.get(), 0, 0);
  const ExtensionsPtr extensions(raw);
  if (added != 1 || X509_REQ_add_extensions(request.get(), extensions.get()) != 1) {
    return OpensslFailed("names of the request");
  }
  if (X509_REQ_sign(request.get(), key.get(), SigningDigest(key.get())) == 0) {
    return OpensslFailed("signature of the request");
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1) {
    return OpensslFailed("request");
  }
  return TextOf(bio.get());
}

absl::StatusOr<SubjectNames> ReadCertificateRequest(absl::string_view request_pem) {
  CHAYAN_ASSIGN_OR_RETURN(ParsedRequest parsed, ParseRequest(request_pem));
  return std::move(parsed.names);
}

absl::StatusOr<SubjectNames> NamesOf(const Certificate& certificate) {
  CHAYAN_ASSIGN_OR_RETURN(const X509Ptr x509, ToX509(certificate));
  SubjectNames names;
  const GeneralNamesPtr general(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  if (general != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(names, FromGeneralNames(general.get()));
  }
  names.common_name = CommonNameOf(X509_get_subject_name(x509.get()));
  return names;
}

bool KeyBelongsTo(absl::string_view key_pem, const Certificate& certificate) {
  const absl::StatusOr<PkeyPtr> key = ReadKey(key_pem);
  const absl::StatusOr<X509Ptr> x509 = ToX509(certificate);
  if (!key.ok() || !x509.ok()) return false;
  const bool belongs = X509_check_private_key(x509->get(), key->get()) == 1;
  if (!belongs) TakeOpensslError();
  return belongs;
}

}  // namespace chayan::crypto
