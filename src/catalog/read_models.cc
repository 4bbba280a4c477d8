#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/text_place.h"
#include "catalog/keys.h"
#include "catalog/model_properties.h"
#include "catalog/model_template.h"
#include "catalog/models.h"
#include "catalog/view.h"

namespace eider {
namespace {

// The file's name without folders and extension.
std::string NameOf(std::string_view key) {
  const std::string_view file = key.substr(key.rfind('/') + 1);
  return std::string(file.substr(0, file.rfind('.')));
}

Error In(const std::string& key, Error error) {
  error.message = key + ": " + error.message;
  return error;
}

// A setting's texts, as its config() has them; those that hold templates themselves are rendered, as dbt does with a
// location.
Result<ModelSetting> SettingOf(const TemplateArgument& argument, const TemplateOptions& options) {
  using Kind = TemplateValue::Kind;
  ModelSetting setting{argument.name, std::nullopt};
  const TemplateValue& value = argument.value.at(0);
  std::vector<std::string> texts;
  if (value.kind == Kind::kMap) return setting;
  if (value.kind == Kind::kList) {
    for (const TemplateArgument& entry : value.arguments) texts.push_back(entry.value.at(0).text);
  } else {
    texts.push_back(value.text);
  }
  for (std::string& text : texts) {
    if (text.find("{{") == std::string::npos) continue;
    auto rendered = RenderTemplate(text, options);
    if (!rendered) return rendered.error();
    text = rendered->sql;
  }
  setting.texts = std::move(texts);
  return setting;
}

class ModelsReader {
 public:
  ModelsReader(const CatalogConfig& config, const ModelContext& context) : config_(config), context_(context) {}

  Models Read(const std::map<std::string, std::string>& files) {
    models_.views = config_.views;
    for (const auto& [key, text] : files) {
      if (!key.ends_with(".sql")) ReadProperties(key, text);
    }
    for (const auto& [key, text] : files) {
      if (!key.ends_with(".sql")) continue;
      key.starts_with(kModelsFolder) ? AddModel(key, text) : AddTest(key, text);
    }
    for (const auto& [name, properties] : properties_) {
      if (models_.models.contains(name)) continue;
      models_.errors.push_back(
          Invalid(fmt::format("{}there is no model '{}'.{}", properties.place, name, Nearest(name))));
    }
    CheckReferences();
    CheckGraph();
    return std::move(models_);
  }

 private:
  void ReadProperties(const std::string& key, const std::string& text) {
    auto read = ReadModelProperties(text, key);
    if (!read) return models_.errors.push_back(read.error());
    for (ModelProperties& properties : *read) {
      const auto [known, fresh] = properties_.try_emplace(properties.model, properties);
      if (fresh) continue;
      models_.errors.push_back(Invalid(fmt::format("{}model '{}' is described twice: first at {}", properties.place,
                                                   properties.model, known->second.place)));
    }
  }

  void AddModel(const std::string& key, const std::string& text) {
    const std::string name = NameOf(key);
    if (const auto other = models_.models.find(name); other != models_.models.end()) {
      other->second =
          Invalid(fmt::format("two models are called '{}': '{}' and '{}'; rename one", name, keys_[name], key));
      return;
    }
    keys_[name] = key;
    auto model = MakeModel(name, key, text);
    models_.models.emplace(name, model ? std::move(model) : Result<Model>(In(key, model.error())));
  }

  Result<Model> MakeModel(const std::string& name, const std::string& key, const std::string& text) {
    if (!IsDatasetName(name) || IsHiddenKey(name)) {
      return Invalid(
          fmt::format("'{}' is no model's name: 1 to 100 letters, digits, '_' and '-', and no '_' first", name));
    }
    if (const auto known = config_.datasets.find(name); known != config_.datasets.end()) {
      const DatasetConfig& dataset = known->second;
      if (!dataset.sql.empty()) return Invalid(fmt::format("'{}' is a view of eider.yaml, too; rename one", name));
      if (!dataset.glob.empty() || !dataset.objects.empty()) {
        return Invalid(fmt::format("eider.yaml says what dataset '{}' is made of; rename the model", name));
      }
    }
    Model model;
    model.name = name;
    model.key = key;
    TemplateOptions options{name, context_.environment, /*incremental=*/false};
    const auto rendered = RenderTemplate(text, options);
    if (!rendered) return rendered.error();
    model.sql = rendered->sql;
    if (auto status = Settle(*rendered, options, model); !status) return status.error();
    auto reads = ReadsOf(model.sql, context_.database);
    if (!reads) return reads.error();
    model.reads = *std::move(reads);
    refs_[name] = rendered->refs;
    texts_[name] = text;
    const bool incremental = model.config.materialized == Materialization::kIncremental;
    if (rendered->reads_itself) {
      return Invalid("{{ this }} is read outside of {% if is_incremental() %}, where it may not be there yet");
    }
    if (!incremental) return model;
    options.incremental = true;
    const auto again = RenderTemplate(text, options);
    if (!again) return again.error();
    model.incremental_sql = again->sql;
    model.reads_itself = again->reads_itself;
    auto more = ReadsOf(model.incremental_sql, context_.database);
    if (!more) return more.error();
    if (again->reads_itself) more->erase(name);
    model.reads.insert(more->begin(), more->end());
    refs_[name].insert(refs_[name].end(), again->refs.begin(), again->refs.end());
    return model;
  }

  // What the .yml says stands behind what the model itself says.
  Status Settle(const Rendered& rendered, const TemplateOptions& options, Model& model) {
    std::vector<ModelSetting> settings;
    if (const auto found = properties_.find(model.name); found != properties_.end()) {
      model.description = found->second.description;
      model.tests = found->second.tests;
      settings = found->second.settings;
    }
    for (const TemplateArgument& argument : rendered.config) {
      auto setting = SettingOf(argument, options);
      if (!setting) return setting.error();
      settings.push_back(*std::move(setting));
    }
    auto config = ReadModelSettings(model.name, settings, context_.lake);
    if (!config) return config.error();
    model.config = *std::move(config);
    return {};
  }

  void AddTest(const std::string& key, const std::string& text) {
    const std::string name = NameOf(key);
    auto test = MakeTest(name, key, text);
    const auto [known, fresh] =
        models_.tests.emplace(name, test ? std::move(test) : Result<QueryTest>(In(key, test.error())));
    if (!fresh)
      known->second = Invalid(fmt::format("two tests are called '{}', one of them '{}'; rename it", name, key));
  }

  Result<QueryTest> MakeTest(const std::string& name, const std::string& key, const std::string& text) {
    const auto rendered = RenderTemplate(text, {name, context_.environment, /*incremental=*/false});
    if (!rendered) return rendered.error();
    if (rendered->reads_itself) return Invalid("a test has no {{ this }}; name the model with ref()");
    auto reads = ReadsOf(rendered->sql, context_.database);
    if (!reads) return reads.error();
    if (auto known = CheckRefs(rendered->refs, text); !known) return known.error();
    return QueryTest{name, key, rendered->sql, *std::move(reads)};
  }

  void CheckReferences() {
    for (auto& [name, model] : models_.models) {
      if (!model) continue;
      auto status = CheckRefs(refs_[name], texts_[name]);
      if (!status) model = In(keys_[name], status.error());
    }
  }

  // Whether each is a model, or a view of eider.yaml.
  Status CheckRefs(const std::vector<std::pair<std::string, std::size_t>>& refs, const std::string& text) const {
    for (const auto& [name, place] : refs) {
      if (models_.models.contains(name) || config_.views.contains(name)) continue;
      return Invalid(AtPlace(text, place,
                             fmt::format("there is no model '{}'.{} What is no model is read with source('lake', '{}')",
                                         name, Nearest(name), name)));
    }
    return {};
  }

  void CheckGraph() {
    ReadsByName reads = config_.views;
    for (const auto& [name, model] : models_.models) {
      if (model) reads[name] = model->reads;
    }
    const DependencyOrder order = OrderByReads(reads);
    for (const auto& ring : order.rings) {
      for (const std::string& name : ring) {
        Fail(name, fmt::format("these read each other in a ring: {}", RingText(ring)));
      }
    }
    const auto is_view = [&](const std::string& name) {
      const auto model = models_.models.find(name);
      return model == models_.models.end() ||
             (model->second && model->second->config.materialized == Materialization::kView);
    };
    for (const auto& [name, count] : CountViews(order, reads, is_view)) {
      if (count > kMostViews) Fail(name, TooManyViews(name));
    }
  }

  void Fail(const std::string& name, const std::string& message) {
    const auto model = models_.models.find(name);
    if (model != models_.models.end() && model->second) model->second = Invalid(keys_[name] + ": " + message);
  }

  std::string Nearest(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& [known, model] : models_.models) names.push_back(known);
    for (const auto& [known, reads] : config_.views) names.push_back(known);
    return DidYouMean(name, names);
  }

  const CatalogConfig& config_;
  const ModelContext& context_;
  std::map<std::string, ModelProperties> properties_;
  std::map<std::string, std::string> keys_;  // of models
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::vector<std::pair<std::string, std::size_t>>> refs_;
  Models models_;
};

}  // namespace

Models ReadModels(const std::map<std::string, std::string>& files, const CatalogConfig& config,
                  const ModelContext& context) {
  return ModelsReader(config, context).Read(files);
}

}  // namespace eider
