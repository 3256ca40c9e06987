// Answers in XML: values by XPath 1.0. pugixml expands no entities but the five of XML; a document
// type is refused all the same, for no honest answer has one.
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/http/document.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "pugixml.hpp"

namespace chayan::http_connector {
namespace {

using connector::Value;

// An expression, compiled. Evaluation changes nothing of it, so threads may share it.
class Path {
 public:
  static absl::StatusOr<Path> Create(const std::string& text) {
    try {
      return Path(std::make_shared<const pugi::xpath_query>(text.c_str()));
    } catch (const pugi::xpath_exception& error) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\" is no XPath 1.0 expression at ", error.result().offset, ": ",
                       error.result().description()));
    }
  }
  const pugi::xpath_query& query() const { return *query_; }
  bool selects_nodes() const { return query_->return_type() == pugi::xpath_type_node_set; }

 private:
  explicit Path(std::shared_ptr<const pugi::xpath_query> query) : query_(std::move(query)) {}
  std::shared_ptr<const pugi::xpath_query> query_;
};

struct XmlSelectors {
  std::vector<Path> values;
  std::optional<Path> records;
  std::vector<Path> columns;
};

bool HasElements(const pugi::xml_node& node) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_element) return true;
  }
  return false;
}

absl::StatusOr<Value> TextOf(const pugi::xml_node& context, const Path& path) {
  if (!path.selects_nodes()) {
    return CheckedValue(path.query().evaluate_string(context));
  }
  const pugi::xpath_node_set nodes = path.query().evaluate_node_set(context);
  if (nodes.empty()) return Value();
  if (nodes.size() > 1) return absl::InvalidArgumentError("a value stands in several places");
  const pugi::xpath_node& node = nodes[0];
  if (node.attribute()) return CheckedValue(node.attribute().value());
  if (HasElements(node.node())) {
    return absl::InvalidArgumentError(
        "a value is an element with elements where a text was expected");
  }
  if (node.node().type() != pugi::node_element) return CheckedValue(node.node().value());
  std::string text;
  for (const pugi::xml_node& child : node.node().children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  return CheckedValue(text);
}

absl::StatusOr<std::vector<Value>> TextsOf(const pugi::xml_node& context,
                                           const std::vector<Path>& paths) {
  std::vector<Value> texts;
  for (const Path& path : paths) {
    CHAYAN_ASSIGN_OR_RETURN(Value text, TextOf(context, path));
    texts.push_back(std::move(text));
  }
  return texts;
}

class XmlDocument final : public Document {
 public:
  XmlDocument(const XmlSelectors& selectors, std::unique_ptr<pugi::xml_document> root)
      : selectors_(selectors), root_(std::move(root)) {}

  absl::StatusOr<std::vector<Value>> Values() const override {
    return TextsOf(*root_, selectors_.values);
  }

  absl::StatusOr<Records> ReadRecords() const override {
    Records records;
    if (!selectors_.records.has_value()) {
      CHAYAN_ASSIGN_OR_RETURN(std::vector<Value> row, TextsOf(*root_, selectors_.columns));
      records.rows.push_back(std::move(row));
      return records;
    }
    for (const pugi::xpath_node& node : selectors_.records->query().evaluate_node_set(*root_)) {
      if (records.rows.size() == connector::kRowsMax) {
        records.truncated = true;
        break;
      }
      if (!node.node()) return absl::InvalidArgumentError("a record is no element");
      CHAYAN_ASSIGN_OR_RETURN(std::vector<Value> row, TextsOf(node.node(), selectors_.columns));
      records.rows.push_back(std::move(row));
    }
    return records;
  }

 private:
  const XmlSelectors& selectors_;
  const std::unique_ptr<pugi::xml_document> root_;
};

// Walks without recursion, so that no depth is too deep for it.
class BoundsCheck final : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node& node) override {
    if (depth() >= kDepthMax) return Stop("is nested too deep");
    if (++nodes_ > kNodesMax) return Stop("has too many nodes");
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      static_cast<void>(attribute);
      if (++nodes_ > kNodesMax) return Stop("has too many nodes");
    }
    if (node.type() == pugi::node_doctype) return Stop("has a document type");
    if (node.type() == pugi::node_declaration &&
        !absl::EqualsIgnoreCase(node.attribute("encoding").as_string("UTF-8"), "UTF-8")) {
      return Stop("is declared to be in an encoding other than UTF-8");
    }
    return true;
  }
  const char* fault() const { return fault_; }

 private:
  bool Stop(const char* fault) {
    fault_ = fault;
    return false;
  }
  size_t nodes_ = 0;
  const char* fault_ = nullptr;
};

class XmlFormat final : public Format {
 public:
  explicit XmlFormat(XmlSelectors selectors) : selectors_(std::move(selectors)) {}

  absl::StatusOr<std::unique_ptr<Document>> Parse(absl::string_view text) const override {
    if (!IsValidUtf8(text) || absl::StrContains(text, '\0')) {
      return absl::InvalidArgumentError("the text is no XML in UTF-8");
    }
    auto root = std::make_unique<pugi::xml_document>();
    const pugi::xml_parse_result result = root->load_buffer(
        text.data(), text.size(),
        pugi::parse_default | pugi::parse_declaration | pugi::parse_doctype, pugi::encoding_utf8);
    if (!result) return absl::InvalidArgumentError("the text is no XML");
    BoundsCheck check;
    root->traverse(check);
    if (check.fault() != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("the text ", check.fault()));
    }
    return std::make_unique<XmlDocument>(selectors_, std::move(root));
  }

 private:
  const XmlSelectors selectors_;
};

absl::StatusOr<std::vector<Path>> Paths(const std::vector<std::string>& texts) {
  std::vector<Path> paths;
  for (const std::string& text : texts) {
    CHAYAN_ASSIGN_OR_RETURN(Path path, Path::Create(text));
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Format>> NewXmlFormat(const Selectors& selectors) {
  XmlSelectors compiled;
  CHAYAN_ASSIGN_OR_RETURN(compiled.values, Paths(selectors.values));
  if (!selectors.records.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(compiled.records, Path::Create(selectors.records));
    if (!compiled.records->selects_nodes()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", selectors.records, "\" selects no elements"));
    }
  }
  CHAYAN_ASSIGN_OR_RETURN(compiled.columns, Paths(selectors.columns));
  return std::make_unique<XmlFormat>(std::move(compiled));
}

}  // namespace chayan::http_connector
