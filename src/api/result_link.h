// ResultLink: where an answer that was written into the lake lies, and where it is downloaded from.
//
// Such an answer is one object, _results/ID/NAME.FORMAT, below a name that no wildcard and no SQL from outside reaches.
// Its id holds until when it is kept, whose it is, and 128 random bits: nothing else needs to be remembered, and byte
// order is the order in which results end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "engine/database.h"
#include "object/object_store.h"

namespace eider {

struct ResultName {
  std::string stem;  // "top" of "results/top.csv"; the characters of a dataset's name
  Format format = Format::kJson;
};

// kInvalid for anything but results/NAME.FORMAT.
Result<ResultName> ParseInto(std::string_view into);

struct ResultLink {
  std::string id;
  ResultName name;
  WallTime kept_until{};  // in whole seconds
  std::string owner;      // the id of the API key that it was made with; empty: made without

  std::string FileName() const;  // "top.csv"
  std::string Path() const;      // "/results/ID/top.csv"
  std::string Key() const;       // "_results/ID/top.csv"
};

inline constexpr std::string_view kResultsPath = "/results/";

// A new one, which nobody can guess.
ResultLink MakeResultLink(ResultName name, WallTime kept_until, std::string owner);

// Exactly what Path() writes; nullopt for anything else, so that no other key can be named.
std::optional<ResultLink> ParseResultPath(std::string_view path);

// Removes the results that are kept no longer, once their downloads had an hour to end. Other objects are left alone.
Status RemoveEndedResults(ObjectStore& store, WallTime now, const Call& call = {});

}  // namespace eider
