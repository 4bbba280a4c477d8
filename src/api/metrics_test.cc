#include "api/metrics.h"

#include <gtest/gtest.h>

namespace eider {
namespace {

bool Says(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(MetricsTest, ANameIsExplainedOnce) {
  MetricsText text;
  text.Add("a_total", "As", 3);
  text.Add("b", "Bs", 0.25, "x=\"1\"");
  text.Add("b", "", 3e9, "x=\"2\"");
  EXPECT_EQ(text.Take(),
            "# HELP a_total As\n# TYPE a_total counter\na_total 3\n"
            "# HELP b Bs\n# TYPE b gauge\nb{x=\"1\"} 0.25\nb{x=\"2\"} 3000000000\n");
}

TEST(MetricsTest, AllThatALakeCountsIsTold) {
  RangeSchedulerStats reads;
  reads.requests = 11;
  reads.in_flight = 7;
  reads.waited = std::chrono::milliseconds(1500);
  reads.latency = std::chrono::milliseconds(30);
  BlockCacheStats cached;
  cached.memory_hits = 3;
  cached.folder_hits = 4;
  cached.folder = {1000, 5};
  MetricsText text;
  AddLakeMetrics(reads, cached, text);
  const std::string told = text.Take();
  for (const char* line :
       {"eider_lake_requests_total 11", "eider_lake_requests_in_flight 7", "eider_lake_wait_seconds_total 1.5",
        "eider_lake_latency_seconds 0.03", "eider_cache_hits_total{tier=\"memory\"} 3",
        "eider_cache_hits_total{tier=\"folder\"} 4", "eider_cache_bytes{tier=\"folder\"} 1000",
        "eider_cache_evictions_total{tier=\"folder\"} 5"}) {
    EXPECT_PRED2(Says, told, line);
  }
}

}  // namespace
}  // namespace eider
