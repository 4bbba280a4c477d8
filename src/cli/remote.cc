#include "cli/remote.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <memory>

#include "base/text.h"
#include "cli/output.h"
#include "cli/problem.h"
#include "cli/progress.h"
#include "cli/query_run.h"
#include "cli/table_view.h"
#include "download/format.h"
#include "object/remote_client.h"
#include "object/s3_address.h"
#include "object/s3_error.h"

namespace eider {
namespace {

namespace json = boost::json;

// More than any page of rows that a terminal shows.
constexpr std::size_t kLongestTable = 64 << 20;

struct Server {
  std::unique_ptr<RemoteClient> client;
  std::string target;
};

Result<Server> Connect(const LakeOptions& lake, const std::string& text) {
  auto url = ParseHttpUrl(text);
  if (!url) return url.error();
  while (url->path.ends_with('/')) url->path.pop_back();
  const char* key = std::getenv("EIDER_API_KEY");
  if (key != nullptr && !url->tls && !url->loopback()) {
    return Invalid("EIDER_API_KEY would travel in the clear; use https://", "--remote");
  }
  // A query's first byte may be as late as its time limit allows.
  auto origin = HttpOrigin::Make({url->tls, url->host, url->port, lake.store.ca_bundle, lake.store.connect_timeout,
                                  std::chrono::seconds(lake.time_limit_seconds), 1});
  if (!origin) return origin.error();
  RemoteClientOptions options;
  options.store = fmt::format("{}://{}", url->tls ? "https" : "http", (*origin)->host_header());
  options.headers.emplace_back("Content-Type", "application/json");
  if (key != nullptr) options.headers.emplace_back("Authorization", fmt::format("Bearer {}", key));
  options.judge = [](const HttpReply& reply, const std::string&) {
    Failure failure = StatusFailure(reply.head, {});
    failure.error = ProblemError(reply.head.status, reply.body);
    if (reply.head.status == 405) {
      failure.error =
          Invalid("nobody answers SQL at this address; --remote wants that of a server, such as http://127.0.0.1:8080",
                  "--remote");
    }
    return failure;
  };
  return Server{std::make_unique<RemoteClient>(*std::move(origin), nullptr, std::move(options)), url->path + "/query"};
}

json::value JsonOf(const BoundValue& value) {
  if (value.is_null) return nullptr;
  if (value.type == "VARCHAR") return json::value(value.text);
  return json::parse(value.text);  // as it was written
}

HttpRequest MakeRequest(const std::string& target, const QueryOptions& options, const QueryRequest& request,
                        Format format, std::optional<std::uint64_t> limit) {
  json::object body{{"sql", request.sql}, {"format", InfoOf(format).extension}};
  if (limit) body["limit"] = *limit;
  if (options.dry_run) body["dry_run"] = true;
  json::array listed;
  json::object named;
  for (const BoundValue& value : request.values) {
    if (value.name.empty()) {
      listed.push_back(JsonOf(value));
    } else {
      named[value.name] = JsonOf(value);
    }
  }
  if (!listed.empty()) body["params"] = std::move(listed);
  if (!named.empty()) body["params"] = std::move(named);
  HttpRequest post;
  post.method = "POST";
  post.target = target;
  post.body = std::make_shared<const std::string>(json::serialize(body));
  return post;
}

Result<Table> TableOf(const std::string& text) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(text, failed);
  if (failed || !parsed.is_array()) return Corrupt("the server's answer is not the JSON that a query's is");
  Table table;
  for (const json::value& row : parsed.get_array()) {
    if (!row.is_object()) return Corrupt("the server's answer is not the JSON that a query's is");
    auto& cells = table.rows.emplace_back();
    for (const auto& [name, value] : row.get_object()) {
      if (table.rows.size() == 1) table.columns.push_back({std::string(name), {}, TypeClass::kText});
      if (value.is_number() && cells.size() < table.columns.size()) {
        table.columns[cells.size()].type_class = TypeClass::kNumber;
      }
      if (value.is_null()) {
        cells.emplace_back();
      } else {
        cells.emplace_back(value.is_string() ? std::string(value.get_string()) : json::serialize(value));
      }
    }
    if (cells.size() != table.columns.size()) return Corrupt("the server's rows differ in their columns");
  }
  return table;
}

int ShowTable(const Server& server, const QueryOptions& options, const QueryRequest& request, const Call& call) {
  const std::uint64_t limit = std::min(request.limit.value_or(kShownRows + 1), kShownRows + 1);
  std::string text;
  const auto take = [&text](std::span<const char> bytes) {
    text.append(bytes.data(), bytes.size());
    return text.size() <= kLongestTable;
  };
  const auto reply =
      server.client->Stream(MakeRequest(server.target, options, request, Format::kJson, limit), take, call);
  if (!reply) return Complain(reply.error());
  const auto table = TableOf(text);
  if (!table) return Complain(table.error());
  if (table->rows.empty()) {
    fmt::print("(no rows)\n");
  } else {
    fmt::print("{}", DrawTable(*table, kShownRows, TerminalWidth()));
  }
  return 0;
}

int WriteBody(const Server& server, const QueryOptions& options, const QueryRequest& request, const Call& call) {
  Output output(options.output);
  if (auto opened = output.Open(0, {}); !opened) return Complain(opened.error());
  Progress progress(::isatty(STDERR_FILENO) == 1 && !(output.to_stdout() && ::isatty(STDOUT_FILENO) == 1));
  Status written;
  std::uint64_t received = 0;
  const auto take = [&](std::span<const char> bytes) {
    written = output.Write({bytes.data(), bytes.size()});
    received += bytes.size();
    if (progress.due()) progress.Show(-1, HumanBytes(received));
    return written.ok();
  };
  const auto reply =
      server.client->Stream(MakeRequest(server.target, options, request, request.format, request.limit), take, call);
  if (written && reply) written = output.Finish();
  if (written && reply) return 0;
  output.Discard();
  return Complain(written ? reply.error() : written.error());
}

}  // namespace

Status CheckRemote(const QueryOptions& options) {
  if (options.remote.empty()) return {};
  if (!options.into.empty() || options.output.starts_with("s3://")) {
    return Invalid(
        "a server's answer goes to a file or to standard output; --into and -o s3://... need the lake itself",
        "--remote");
  }
  if (options.explain) return Invalid("--explain needs the lake itself", "--remote");
  if (options.stats) return Invalid("--stats needs the lake itself", "--remote");
  const auto url = ParseHttpUrl(options.remote);
  return url ? Status() : Status(url.error());
}

int AskRemote(const LakeOptions& lake, const QueryOptions& options, const QueryRequest& request, std::stop_token stop) {
  const auto server = Connect(lake, options.remote);
  if (!server) return Complain(server.error());
  Call call;
  call.stop = stop;
  if (!options.dry_run && ShowsTable(options)) return ShowTable(*server, options, request, call);
  return WriteBody(*server, options, request, call);
}

}  // namespace eider
