// Settings of the http connector: templates, selectors and transforms compiled, secrets fetched.
#ifndef CHAYAN_ADAPTERS_HTTP_CONFIG_H_
#define CHAYAN_ADAPTERS_HTTP_CONFIG_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/connector/config.h"
#include "adapters/connector/plan.h"
#include "adapters/http/document.h"
#include "adapters/http/template.h"
#include "adapters/http/token.h"
#include "adapters/http/transform.h"
#include "chayan/v1/adapter_config.pb.h"
#include "gateway/fetch/client.h"

namespace chayan::http_connector {

// A header of the request: a template, or a secret as it is.
struct HeaderTemplate {
  std::string name;
  std::optional<Template> value;
  std::string secret;
};

// A kind, ready to be asked.
struct KindPlan : connector::KindPlan {
  Template path;  // with the base URL in front
  std::vector<HeaderTemplate> headers;
  std::optional<Template> body;
  std::string content_type;
  std::optional<Template> jwt_claims;
  std::vector<std::string> names;  // parameters that any template uses
  std::shared_ptr<const Format> format;
  std::vector<Transforms> value_transforms;   // one a value
  std::vector<Transforms> column_transforms;  // one a column
};

struct Settings {
  v1::HttpSource source;  // paths absolute, defaults filled in
  std::vector<KindPlan> kinds;
  fetch::ClientOptions client;
  std::shared_ptr<const JwtSigner> jwt;       // null: no {jwt}
  std::optional<OauthTokens::Options> oauth;  // holds a secret: never print it
};

// A system that stands at `place`: what its client is made with; fills in what `source` leaves out.
// Faults go to the file.
fetch::ClientOptions LoadSystem(connector::ConfigFile& file, const connector::Place& place,
                                v1::HttpSource& source);
// The HTTP part of a file; faults go to the file. REQUIRES: the file was parsed.
Settings LoadSettings(connector::ConfigFile& file);

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_CONFIG_H_
