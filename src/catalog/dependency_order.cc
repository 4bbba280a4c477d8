#include "catalog/dependency_order.h"

#include <algorithm>

#include "base/text.h"

namespace eider {
namespace {

// Follows the first thing that each reads, among `left`, until it comes to one a second time.
std::vector<std::string> FindRing(const ReadsByName& reads, const std::set<std::string>& left) {
  std::vector<std::string> path{*left.begin()};
  std::set<std::string> passed;
  while (passed.insert(path.back()).second) {
    const auto& next = reads.at(path.back());
    path.push_back(*std::find_if(next.begin(), next.end(), [&](const auto& name) { return left.contains(name); }));
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), path.back()));
  return path;
}

}  // namespace

DependencyOrder OrderByReads(const ReadsByName& reads) {
  DependencyOrder order;
  std::map<std::string, std::set<std::string>> readers;
  std::map<std::string, std::size_t> waits;  // for how many keys
  for (const auto& [name, names] : reads) {
    waits[name] = 0;
    for (const std::string& read : names) {
      if (!reads.contains(read)) continue;
      readers[read].insert(name);
      ++waits[name];
    }
  }
  std::set<std::string> ready;
  const auto drain = [&] {
    while (!ready.empty()) {
      const std::string name = *ready.begin();
      ready.erase(ready.begin());
      waits.erase(name);
      order.names.push_back(name);
      for (const std::string& reader : readers[name]) {
        const auto waiting = waits.find(reader);
        if (waiting != waits.end() && --waiting->second == 0) ready.insert(reader);
      }
    }
  };
  for (const auto& [name, count] : waits) {
    if (count == 0) ready.insert(name);
  }
  drain();
  // What is left is in a ring or reads one: each ring is taken out, and what reads it goes on.
  while (!waits.empty()) {
    std::set<std::string> left;
    for (const auto& [name, count] : waits) left.insert(name);
    auto ring = FindRing(reads, left);
    const std::set<std::string> within(ring.begin(), ring.end());
    for (const std::string& name : within) waits.erase(name);
    for (const std::string& name : within) {
      for (const std::string& reader : readers[name]) {
        const auto waiting = waits.find(reader);
        if (waiting != waits.end() && --waiting->second == 0) ready.insert(reader);
      }
    }
    order.rings.push_back(std::move(ring));
    drain();
  }
  return order;
}

std::string RingText(const std::vector<std::string>& ring) { return Join(ring, " -> "); }

}  // namespace eider
