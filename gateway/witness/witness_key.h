// A witness's key in its file: Go's note form, PRIVATE+KEY+NAME+HEX+BASE64, so that other software
// of the field reads it too.
#ifndef CHAYAN_GATEWAY_WITNESS_WITNESS_KEY_H_
#define CHAYAN_GATEWAY_WITNESS_WITNESS_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "gateway/base/random.h"
#include "gateway/tlog/note_key.h"

namespace chayan::witness {

// Draws a key and writes it to a new file, mode 0600. ALREADY_EXISTS when there is one: a key that
// has signed is never replaced. INVALID_ARGUMENT for a name that a key cannot have.
absl::StatusOr<tlog::VerifierKey> GenerateKeyFile(const std::string& path, const std::string& name,
                                                  Random& random);

absl::StatusOr<tlog::NoteSigner> ReadKeyFile(const std::string& path);

}  // namespace chayan::witness

#endif  // CHAYAN_GATEWAY_WITNESS_WITNESS_KEY_H_
