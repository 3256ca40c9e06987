// Templates: no input crashes; what was put into a JSON text is one string of it, and what was put
// into a URL or header cannot end it.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "adapters/connector/json_tree.h"
#include "adapters/http/template.h"
#include "gateway/base/check.h"

// The input is a template, a line end, and the value for each of its placeholders.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t end = bytes.find('\n');
  if (end == absl::string_view::npos) return 0;
  const std::string value(bytes.substr(end + 1));
  for (const http_connector::Context context :
       {http_connector::Context::kUrl, http_connector::Context::kForm,
        http_connector::Context::kJson, http_connector::Context::kXml,
        http_connector::Context::kHeader}) {
    const auto made = http_connector::Template::Create(bytes.substr(0, end), context);
    if (!made.ok()) continue;
    http_connector::Bindings bindings;
    for (const std::string& name : made->names()) bindings[name] = value;
    const auto filled = made->Fill(bindings);
    if (!filled.ok() || made->names().empty()) continue;
    if (context == http_connector::Context::kJson)
      CHAYAN_CHECK(connector::ParseJson(*filled, 64, 100'000).ok());
  }
  const auto lone = http_connector::Template::Create("{v}", http_connector::Context::kUrl);
  const auto url = lone->Fill({{"v", value}});
  if (url.ok()) CHAYAN_CHECK(url->find_first_of("/?#& \r\n\"") == std::string::npos);
  const auto header = http_connector::Template::Create("{v}", http_connector::Context::kHeader)
                          ->Fill({{"v", value}});
  if (header.ok()) CHAYAN_CHECK(header->find_first_of("\r\n") == std::string::npos);
  return 0;
}
