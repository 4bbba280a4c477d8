// Metrics in Prometheus's text format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lake/block_cache.h"
#include "lake/range_scheduler.h"

namespace eider {

class MetricsText {
 public:
  // A gauge's name says its unit, a counter's ends in _total. `labels`: `tier="memory"`; lines of one name that differ
  // in them follow each other.
  void Add(std::string_view name, std::string_view help, double value, std::string_view labels = {});
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
  std::string last_;  // the name added last
};

// What a lake was asked for, and what was kept of it; zeros for a local one.
void AddLakeMetrics(const RangeSchedulerStats& reads, const BlockCacheStats& cached, MetricsText& text);

}  // namespace eider
