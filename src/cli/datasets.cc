#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "api/describe.h"
#include "base/text.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "download/format.h"

namespace eider {

int ListDatasets(const LakeOptions& lake, bool json) {
  auto session = OpenSession(lake, Operator());
  if (!session) return Complain(session.error());
  const auto list = session->catalog->List();
  if (!list) return Complain(list.error());
  if (json) {
    fmt::print("{}", DescribeLake("Eider", *list, session->catalog->AttachedNames()));
    return 0;
  }
  if (list->empty()) {
    fmt::print(stderr, "eider: no datasets in {}; put name.parquet, name.csv or a folder of them there\n",
               session->store->name());
  }
  std::size_t width = 0;
  for (const DatasetConfig& config : *list) width = std::max(width, config.name.size());
  for (const DatasetConfig& config : *list) fmt::print("{:<{}}  {}\n", config.name, width, config.title);
  return 0;
}

int DescribeOne(const LakeOptions& lake, const std::string& name, bool json) {
  auto session = OpenSession(lake, Operator());
  if (!session) return Complain(session.error());
  const auto found = session->catalog->Find(name);
  if (!found) return Complain(found.error());
  const Dataset& dataset = **found;
  if (json) {
    const auto text = DescribeDataset(dataset, *session->database);
    if (!text) return Complain(text.error());
    fmt::print("{}", *text);
    return 0;
  }
  const std::string& title = dataset.config.title;
  fmt::print("{}{}\n", dataset.config.name, title.empty() ? "" : ": " + title);
  if (!dataset.config.description.empty()) fmt::print("{}\n", dataset.config.description);
  fmt::print("{} object{}, {}, changed {}\n", dataset.snapshot->objects().size(),
             dataset.snapshot->objects().size() == 1 ? "" : "s", HumanBytes(dataset.snapshot->size_bytes()),
             Rfc3339(dataset.snapshot->newest()));
  fmt::print("formats: {}\n\n", Join(ExtensionsFor(dataset), " "));
  std::size_t width = 0;
  for (const Column& column : dataset.columns) width = std::max(width, column.name.size());
  for (const Column& column : dataset.columns) fmt::print("  {:<{}}  {}\n", column.name, width, column.type);
  return 0;
}

}  // namespace eider
