#include "model/select_models.h"

#include <fmt/format.h>

#include "base/text.h"

namespace eider {
namespace {

// All that can be reached from `name`, itself too.
std::set<std::string> Follow(const std::string& name, const ReadsByName& edges) {
  std::set<std::string> found;
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const std::string next = open.back();
    open.pop_back();
    if (!found.insert(next).second) continue;
    if (const auto edge = edges.find(next); edge != edges.end()) {
      open.insert(open.end(), edge->second.begin(), edge->second.end());
    }
  }
  return found;
}

ReadsByName Reversed(const ReadsByName& reads) {
  ReadsByName readers;
  for (const auto& [name, names] : reads) {
    for (const std::string& read : names) readers[read].insert(name);
  }
  return readers;
}

std::vector<std::string> Words(const std::vector<std::string>& select) {
  std::vector<std::string> words;
  for (const std::string& text : select) {
    for (const std::string& part : Split(text, ',')) {
      for (const std::string& word : Split(part, ' ')) {
        if (!word.empty()) words.push_back(word);
      }
    }
  }
  return words;
}

}  // namespace

ReadsByName ReadsOfAll(const Models& models) {
  ReadsByName reads = models.views;
  for (const auto& [name, model] : models.models) reads[name] = model ? model->reads : std::set<std::string>();
  return reads;
}

Result<std::set<std::string>> SelectModels(const std::vector<std::string>& select, const Models& models) {
  const ReadsByName reads = ReadsOfAll(models);
  const ReadsByName readers = Reversed(reads);
  std::set<std::string> found;
  std::vector<std::string> names;
  for (const auto& [name, model] : models.models) names.push_back(name);
  const auto words = Words(select);
  if (words.empty()) found.insert(names.begin(), names.end());
  for (const std::string& word : words) {
    const bool above = word.starts_with('+');
    const bool below = word.size() > 1 && word.ends_with('+');
    const std::string name = word.substr(above ? 1 : 0, word.size() - (above ? 1 : 0) - (below ? 1 : 0));
    if (!models.models.contains(name)) {
      return NotFound(
          fmt::format("there is no model '{}'.{} --select takes NAME, NAME+ and +NAME", name, DidYouMean(name, names)));
    }
    found.insert(name);
    if (above) found.merge(Follow(name, reads));
    if (below) found.merge(Follow(name, readers));
  }
  std::erase_if(found, [&](const std::string& name) { return !models.models.contains(name); });
  return found;
}

}  // namespace eider
