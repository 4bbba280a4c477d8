#include "catalog/model_properties.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/yaml_reader.h"

namespace eider {
namespace {

const std::vector<std::string> kTests = {"not_null", "unique", "accepted_values", "relationships"};

// ref('x') or source('s', 'x') or x itself.
std::string NameIn(std::string_view text) {
  const auto close = text.find_last_of("'\"");
  if (close == std::string_view::npos || close == 0) return std::string(Trim(text));
  const auto open = text.find_last_of("'\"", close - 1);
  return open == std::string_view::npos ? std::string(Trim(text))
                                        : std::string(text.substr(open + 1, close - open - 1));
}

class PropertiesReader {
 public:
  PropertiesReader(const YamlReader& yaml) : yaml_(yaml) {}

  Status ReadFile(const YAML::Node& root) {
    const auto entries = yaml_.Map(root, "the file", "models: [{name: trips}]");
    if (!entries) return entries.error();
    for (const auto& [key, value] : *entries) {
      if (key.Scalar() == "models") {
        if (auto status = Each(value, "'models'", [&](const YAML::Node& node) { return ReadModel(node); }); !status) {
          return status;
        }
      }
      if (key.Scalar() == "sources") {
        if (auto status = RefuseTests(value); !status) return status;
      }
    }
    return {};
  }

  std::vector<ModelProperties> Take() { return std::move(all_); }

 private:
  template <class Step>
  Status Each(const YAML::Node& list, const std::string& what, const Step& step) {
    if (list.IsNull()) return {};
    if (!list.IsSequence()) return yaml_.At(list, what + " wants a list");
    for (const YAML::Node& node : list) {
      if (auto status = step(node); !status) return status;
    }
    return {};
  }

  static bool IsTests(const std::string& key) { return key == "data_tests" || key == "tests"; }

  // dbt runs them; passing them by without a word would be a test that does not test.
  Status RefuseTests(const YAML::Node& node) {
    if (node.IsSequence()) {
      for (const YAML::Node& item : node) {
        if (auto status = RefuseTests(item); !status) return status;
      }
    }
    if (!node.IsMap()) return {};
    for (const auto& entry : node) {
      if (entry.first.IsScalar() && IsTests(entry.first.Scalar())) {
        return yaml_.At(entry.first, "tests of sources are not run by Eider: test a view of the source instead");
      }
      if (auto status = RefuseTests(entry.second); !status) return status;
    }
    return {};
  }

  Status ReadModel(const YAML::Node& node) {
    const auto entries = yaml_.Map(node, "a model", "name: trips");
    if (!entries) return entries.error();
    ModelProperties model;
    model.place = yaml_.At(node, "").message;
    for (const auto& [key, value] : *entries) {
      const std::string& name = key.Scalar();
      Status status;
      if (name == "name") status = Scalar(value, "'name'", model.model);
      if (name == "description") status = Scalar(value, "'description'", model.description);
      if (name == "config") status = ReadSettings(value, model);
      if (name == "columns") {
        status = Each(value, "'columns'", [&](const YAML::Node& column) { return ReadColumn(column, model); });
      }
      if (IsTests(name)) {
        status = yaml_.At(key, "tests stand at a column; write one of the whole model as a query in tests/NAME.sql");
      }
      if (!status) return status;
    }
    if (model.model.empty()) return yaml_.At(node, "this model has no 'name'");
    all_.push_back(std::move(model));
    return {};
  }

  Status Scalar(const YAML::Node& node, const std::string& what, std::string& target) {
    auto text = yaml_.Text(node, what);
    if (!text) return text.error();
    target = *std::move(text);
    return {};
  }

  Status ReadSettings(const YAML::Node& node, ModelProperties& model) {
    const auto entries = yaml_.Map(node, "'config'", "materialized: table");
    if (!entries) return entries.error();
    for (const auto& [key, value] : *entries) {
      ModelSetting setting{key.Scalar(), std::nullopt};
      if (value.IsScalar()) setting.texts = {value.Scalar()};
      if (value.IsSequence()) {
        auto list = yaml_.TextList(value, "'" + key.Scalar() + "'");
        if (!list) return list.error();
        setting.texts = *std::move(list);
      }
      model.settings.push_back(std::move(setting));
    }
    return {};
  }

  Status ReadColumn(const YAML::Node& node, ModelProperties& model) {
    const auto entries = yaml_.Map(node, "a column", "name: id");
    if (!entries) return entries.error();
    std::string column;
    for (const auto& [key, value] : *entries) {
      if (key.Scalar() != "name") continue;
      if (auto status = Scalar(value, "'name'", column); !status) return status;
    }
    if (column.empty()) return yaml_.At(node, "this column has no 'name'");
    for (const auto& [key, value] : *entries) {
      if (!IsTests(key.Scalar())) continue;
      auto status =
          Each(value, "'" + key.Scalar() + "'", [&](const YAML::Node& test) { return ReadTest(test, column, model); });
      if (!status) return status;
    }
    return {};
  }

  // not_null, or accepted_values: {values: […]}.
  Status ReadTest(const YAML::Node& node, const std::string& column, ModelProperties& model) {
    ModelTest test;
    test.column = column;
    YAML::Node arguments;
    std::string name;
    if (node.IsScalar()) {
      name = node.Scalar();
    } else if (node.IsMap() && node.size() == 1) {
      name = node.begin()->first.Scalar();
      arguments = node.begin()->second;
    } else {
      return yaml_.At(node, "a test is its name, or its name and what it wants: 'accepted_values: {values: [a, b]}'");
    }
    const auto known = std::find(kTests.begin(), kTests.end(), name);
    if (known == kTests.end()) {
      std::string hint = DidYouMean(name, kTests);
      if (hint.empty())
        hint = fmt::format(" Known are {}; write others as a query in tests/NAME.sql.", Join(kTests, ", "));
      return yaml_.At(node, fmt::format("there is no test '{}'.{}", name, hint));
    }
    test.kind = static_cast<ModelTest::Kind>(known - kTests.begin());
    if (auto status = ReadArguments(arguments, test); !status) return status;
    const bool values = test.kind == ModelTest::Kind::kAcceptedValues;
    const bool relation = test.kind == ModelTest::Kind::kRelationships;
    if (values && test.values.empty()) return yaml_.At(node, "accepted_values wants 'values', a list");
    if (relation && (test.to.empty() || test.field.empty())) {
      return yaml_.At(node, "relationships wants 'to', such as ref('trips'), and 'field', a column of it");
    }
    model.tests.push_back(std::move(test));
    return {};
  }

  Status ReadArguments(const YAML::Node& node, ModelTest& test) {
    if (!node.IsDefined() || node.IsNull()) return {};
    const auto entries = yaml_.Map(node, "this test", "values: [a, b]");
    if (!entries) return entries.error();
    for (const auto& [key, value] : *entries) {
      const std::string& name = key.Scalar();
      Status status;
      if (name == "arguments") {  // newer dbt puts them here
        status = ReadArguments(value, test);
      } else if (name == "values" && test.kind == ModelTest::Kind::kAcceptedValues) {
        auto list = yaml_.TextList(value, "'values'");
        if (list) {
          test.values = *std::move(list);
        } else {
          status = list.error();
        }
      } else if (name == "to" && test.kind == ModelTest::Kind::kRelationships) {
        status = Scalar(value, "'to'", test.to);
        test.to = NameIn(test.to);
      } else if (name == "field" && test.kind == ModelTest::Kind::kRelationships) {
        status = Scalar(value, "'field'", test.field);
      } else if (name != "quote" && name != "description") {  // values are compared as the column's type either way
        status =
            yaml_.At(key, fmt::format("Eider's tests have no '{}'; write this one as a query in tests/NAME.sql", name));
      }
      if (!status) return status;
    }
    return {};
  }

  const YamlReader& yaml_;
  std::vector<ModelProperties> all_;
};

}  // namespace

Result<std::vector<ModelProperties>> ReadModelProperties(const std::string& text, const std::string& file) {
  const YamlReader yaml(file);
  const auto root = yaml.Parse(text);
  if (!root) return root.error();
  PropertiesReader reader(yaml);
  if (auto status = reader.ReadFile(*root); !status) return status.error();
  return reader.Take();
}

}  // namespace eider
