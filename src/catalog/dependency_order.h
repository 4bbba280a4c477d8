// The order of things that read each other. Pure functions.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace eider {

using ReadsByName = std::map<std::string, std::set<std::string>>;  // who -> what it reads, itself a key or not

struct DependencyOrder {
  std::vector<std::string> names;               // the keys, each behind all that it reads; those of rings are left out
  std::vector<std::vector<std::string>> rings;  // a, b, a: one for each group that reads itself
};

DependencyOrder OrderByReads(const ReadsByName& reads);

// "a -> b -> a"
std::string RingText(const std::vector<std::string>& ring);

}  // namespace eider
