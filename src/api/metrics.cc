#include "api/metrics.h"

#include <fmt/format.h>

namespace eider {

void MetricsText::Add(std::string_view name, std::string_view help, double value, std::string_view labels) {
  if (name != last_) {
    const std::string_view type = name.ends_with("_total") ? "counter" : "gauge";
    text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
    last_ = name;
  }
  text_ += labels.empty() ? fmt::format("{} {}\n", name, value) : fmt::format("{}{{{}}} {}\n", name, labels, value);
}

void AddLakeMetrics(const RangeSchedulerStats& reads, const BlockCacheStats& cached, MetricsText& text) {
  const auto add = [&](const char* name, const char* help, auto value, std::string_view labels = {}) {
    text.Add(name, help, static_cast<double>(value), labels);
  };
  add("eider_lake_requests_total", "GETs of ranges of a remote lake, hedges included", reads.requests);
  add("eider_lake_bytes_total", "Bytes of ranges that arrived", reads.bytes);
  add("eider_lake_retries_total", "Repetitions within these GETs", reads.retries);
  add("eider_lake_slow_downs_total", "Repetitions because the store asked for less", reads.slow_downs);
  add("eider_lake_hedges_total", "GETs repeated beside themselves because they were late", reads.hedges);
  add("eider_lake_hedges_won_total", "Of these, those that were the first", reads.hedges_won);
  add("eider_lake_cancelled_total", "Ranges given up before they were there", reads.cancelled);
  add("eider_lake_waits_total", "Reads that found their range not there yet", reads.waits);
  add("eider_lake_wait_seconds_total", "Time of threads in these", reads.waited.count());
  add("eider_lake_ranges_queued", "Ranges waiting for their turn", reads.queued);
  add("eider_lake_requests_in_flight", "GETs in flight", reads.in_flight);
  add("eider_lake_requests_in_flight_cap", "As many as the store bears", reads.request_cap);
  add("eider_lake_held_bytes", "Bytes in flight or not yet read", reads.held_bytes);
  add("eider_lake_held_bytes_cap", "As many as readers need ahead of them", reads.byte_cap);
  add("eider_lake_latency_seconds", "Measured: to the first byte of a GET", reads.latency.count());
  add("eider_lake_bandwidth_bytes_per_second", "Measured: of one GET among others", reads.bytes_per_s);
  add("eider_cache_hits_total", "Blocks found in the cache", cached.memory_hits, "tier=\"memory\"");
  add("eider_cache_hits_total", "", cached.folder_hits, "tier=\"folder\"");
  add("eider_cache_misses_total", "Blocks that the cache did not have", cached.misses);
  add("eider_cache_bytes", "Bytes held; of the folder: when last looked through, and written since",
      cached.memory_bytes, "tier=\"memory\"");
  add("eider_cache_bytes", "", cached.folder.bytes, "tier=\"folder\"");
  add("eider_cache_evictions_total", "Blocks that made room for others", cached.memory_evictions, "tier=\"memory\"");
  add("eider_cache_evictions_total", "", cached.folder.evictions, "tier=\"folder\"");
}

}  // namespace eider
