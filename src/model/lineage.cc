#include "model/lineage.h"

#include <boost/json.hpp>

#include "model/select_models.h"

namespace eider {
namespace {

namespace json = boost::json;

void Describe(const Model& model, json::object& node) {
  node["kind"] = MaterializationName(model.config.materialized);
  node["file"] = model.key;
  if (!model.description.empty()) node["description"] = model.description;
  if (!model.config.location.empty()) node["location"] = model.config.location;
  node["tests"] = model.tests.size();
}

class Lineage {
 public:
  Lineage(const Models& models, const std::set<std::string>* shown) : models_(models), shown_(shown) {}

  json::array Nodes() const {
    ReadsByName all = reads_;
    for (const auto& [name, names] : reads_) {
      for (const std::string& read : names) all.try_emplace(read);
    }
    json::array nodes;
    for (const std::string& name : OrderByReads(all).names) {
      if (IsShown(name)) nodes.emplace_back(NodeOf(name));
    }
    return nodes;
  }

 private:
  bool IsShown(const std::string& name) const { return shown_ == nullptr || shown_->contains(name); }

  json::object NodeOf(const std::string& name) const {
    json::object node{{"name", name}, {"kind", reads_.contains(name) ? "view" : "dataset"}};
    if (const auto model = models_.models.find(name); model != models_.models.end()) {
      if (model->second) {
        Describe(*model->second, node);
      } else {
        node["kind"] = "broken";
        if (shown_ == nullptr) node["error"] = model->second.error().message;
      }
    }
    json::array list;
    if (const auto reads = reads_.find(name); reads != reads_.end()) {
      for (const std::string& read : reads->second) {
        if (IsShown(read)) list.emplace_back(read);
      }
    }
    node["reads"] = std::move(list);
    return node;
  }

  const Models& models_;
  const std::set<std::string>* shown_;
  const ReadsByName reads_ = ReadsOfAll(models_);
};

}  // namespace

std::string LineageJson(const Models& models, const std::set<std::string>* shown) {
  return json::serialize(json::object{{"nodes", Lineage(models, shown).Nodes()}}) + "\n";
}

}  // namespace eider
