#include "catalog/prices.h"

#include <fmt/format.h>

namespace eider {

std::string CostMembers(const PlanSummary& plan, const Prices& prices, bool remote) {
  const double requests = remote ? static_cast<double>(plan.requests) * prices.usd_per_1000_gets / 1000 : 0;
  const double transfer = remote ? static_cast<double>(plan.bytes) * prices.usd_per_gb / 1e9 : 0;
  return fmt::format(
      "\"objects\":{},\"row_groups\":{},\"row_groups_kept\":{},\"requests\":{},\"bytes\":{},\"requests_usd\":{:.7f},"
      "\"usd\":{:.7f}",
      plan.objects, plan.row_groups, plan.row_groups_kept, plan.requests, plan.bytes, requests, requests + transfer);
}

}  // namespace eider
