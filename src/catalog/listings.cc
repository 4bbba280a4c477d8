#include "catalog/listings.h"

#include <fmt/format.h>

#include <utility>

namespace eider {
namespace {

// Names that nobody has cost at most two entries each; old ones make room.
constexpr std::size_t kKeptListings = 1024;

// A statement names every object that it reads: 100,000 keys are some 10 MB of SQL, parsed for each request.
constexpr std::size_t kMaxObjects = 100'000;

std::string CacheKey(const std::string& prefix, bool recursive) { return (recursive ? "r" : "f") + prefix; }

}  // namespace

Listings::Listings(ObjectStore& store, std::chrono::milliseconds age, SteadyClock clock)
    : store_(store), age_(age), clock_(std::move(clock)), kept_(kKeptListings) {}

Listings::Pointer Listings::Kept(const std::string& prefix, bool recursive) {
  if (age_.count() <= 0) return nullptr;
  const auto entry = kept_.Get(CacheKey(prefix, recursive));
  return entry && clock_() - entry->made < age_ ? entry->listing : nullptr;
}

Result<Listings::Pointer> Listings::Get(const std::string& prefix, bool recursive, const Call& call) {
  if (age_.count() <= 0) return List(prefix, recursive, call);
  if (auto kept = Kept(prefix, recursive)) return kept;
  const std::uint64_t generation = generation_;
  const std::string key = CacheKey(prefix, recursive);
  return flights_.Do(fmt::format("{} {}", generation, key), call, [&]() -> Result<Pointer> {
    if (auto kept = Kept(prefix, recursive)) return kept;
    const SteadyTime made = clock_();
    auto listing = List(prefix, recursive, call);
    if (listing && generation_ == generation) kept_.Put(key, {*listing, made});
    return listing;
  });
}

void Listings::Forget() {
  ++generation_;
  kept_.Clear();
}

Result<Listings::Pointer> Listings::List(const std::string& prefix, bool recursive, const Call& call) {
  auto listing = std::make_shared<Listing>();
  ListRequest request{prefix, recursive, {}, 1000};
  do {
    auto page = store_.List(request, call);
    // A prefix that holds nothing lists as empty: what is not found here is the bucket or the folder itself, which is
    // the operator's trouble and must not read as a dataset that does not exist.
    if (!page && page.error().kind == ErrorKind::kNotFound) {
      return Error{ErrorKind::kDenied, page.error().message, {}};
    }
    if (!page) return page.error();
    std::move(page->objects.begin(), page->objects.end(), std::back_inserter(listing->objects));
    std::move(page->prefixes.begin(), page->prefixes.end(), std::back_inserter(listing->prefixes));
    if (listing->objects.size() > kMaxObjects) {
      return Error{ErrorKind::kExhausted,
                   fmt::format("more than {} objects lie below '{}' of {}; name fewer with `glob` in eider.yaml",
                               kMaxObjects, prefix, store_.name()),
                   {}};
    }
    request.continuation = page->next;
  } while (!request.continuation.empty());
  return Pointer(std::move(listing));
}

}  // namespace eider
