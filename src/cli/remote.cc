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
#include "cli/records.h"
#include "cli/remote_function.h"
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
  std::string address;  // "http://127.0.0.1:8080"
  std::string target;
  OriginOptions origin;
};

// Whether HTTP without TLS is answered there.
bool AnswersInTheClear(OriginOptions origin, const Call& call) {
  origin.tls = false;
  auto plain = HttpOrigin::Make(origin);
  if (!plain) return false;
  bool answered = false;
  RemoteClientOptions options;
  options.judge = [&answered](const HttpReply& reply, const std::string&) {
    answered = true;
    Failure failure = StatusFailure(reply.head, {});
    failure.retryable = false;
    return failure;
  };
  HttpRequest head;
  head.method = "HEAD";
  head.target = "/";
  return RemoteClient(*std::move(plain), nullptr, std::move(options)).Send(head, "", call).ok() || answered;
}

// Why there is no answer: TLS says of a server that speaks none only that it failed.
int ComplainOf(const Server& server, Error error, const Call& call) {
  if (server.origin.tls && error.kind == ErrorKind::kUnavailable && AnswersInTheClear(server.origin, call)) {
    error.message = fmt::format("{} speaks HTTP without TLS; use --remote http://{}", server.address,
                                server.address.substr(std::string_view("https://").size()));
  }
  return Complain(error);
}

Result<Server> Connect(const LakeOptions& lake, const std::string& text) {
  auto url = ParseHttpUrl(text);
  if (!url) return url.error();
  while (url->path.ends_with('/')) url->path.pop_back();
  const char* key = std::getenv("EIDER_API_KEY");
  if (key != nullptr && !url->tls && !url->loopback()) {
    return Invalid("EIDER_API_KEY would travel in the clear; use https://", "--remote");
  }
  // A query's first byte may be as late as its time limit allows.
  const OriginOptions wanted{url->tls,
                             url->host,
                             url->port,
                             lake.store.ca_bundle,
                             lake.store.connect_timeout,
                             std::chrono::seconds(lake.time_limit_seconds),
                             1};
  auto origin = HttpOrigin::Make(wanted);
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
  const std::string address = options.store;
  return Server{std::make_unique<RemoteClient>(*std::move(origin), nullptr, std::move(options)), address,
                url->path + "/query", wanted};
}

json::value JsonOf(const BoundValue& value) {
  if (value.is_null) return nullptr;
  if (value.type == "VARCHAR") return json::value(value.text);
  return json::parse(value.text);  // as it was written
}

HttpRequest MakeRequest(const Server& server, const QueryOptions& options, const QueryRequest& request, Format format,
                        std::optional<std::uint64_t> limit) {
  json::object body{{"sql", request.sql}, {"format", InfoOf(format).extension}};
  if (limit) body["limit"] = *limit;
  if (options.dry_run) body["dry_run"] = true;
  if (!options.into.empty()) body["into"] = options.into;
  if (auto params = ParamsOf(request); !params.is_null()) body["params"] = std::move(params);
  HttpRequest post;
  post.method = "POST";
  post.target = server.target;
  post.body = std::make_shared<const std::string>(json::serialize(body));
  return post;
}

int ShowTable(const Server& server, const QueryOptions& options, const QueryRequest& request, const Call& call) {
  const std::uint64_t limit = std::min(request.limit.value_or(kShownRows + 1), kShownRows + 1);
  std::string text;
  const auto take = [&text](std::span<const char> bytes) {
    text.append(bytes.data(), bytes.size());
    return text.size() <= kLongestTable;
  };
  const auto reply = server.client->Stream(MakeRequest(server, options, request, Format::kJson, limit), take, call);
  if (!reply) return ComplainOf(server, reply.error(), call);
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
      server.client->Stream(MakeRequest(server, options, request, request.format, request.limit), take, call);
  if (written && reply) written = output.Finish();
  if (written && reply) return 0;
  output.Discard();
  return written ? ComplainOf(server, reply.error(), call) : Complain(written.error());
}

// Prints where the server has put the rows.
int PrintLink(const Server& server, const QueryOptions& options, const QueryRequest& request, const Call& call) {
  const auto reply =
      server.client->Send(MakeRequest(server, options, request, request.format, request.limit), "", call);
  if (!reply) return ComplainOf(server, reply.error(), call);
  boost::system::error_code failed;
  const json::value link = json::parse(reply->body, failed);
  const json::value* url = failed || !link.is_object() ? nullptr : link.get_object().if_contains("url");
  if (url == nullptr || !url->is_string()) return Complain(Corrupt("the server's answer is no link"));
  fmt::print("{}{}\n", server.address, std::string_view(url->get_string()));
  return 0;
}

}  // namespace

json::value ParamsOf(const QueryRequest& request) {
  json::array listed;
  json::object named;
  for (const BoundValue& value : request.values) {
    if (value.name.empty()) {
      listed.push_back(JsonOf(value));
    } else {
      named[value.name] = JsonOf(value);
    }
  }
  if (!listed.empty()) return listed;
  return named.empty() ? json::value(nullptr) : json::value(std::move(named));
}

Status CheckRemote(const QueryOptions& options) {
  if (options.remote.empty()) return {};
  const auto function = FunctionOf(options.remote);
  const bool to_results = !function && options.into.starts_with("results/") && !options.dry_run;
  if ((!options.into.empty() && !to_results) || options.output.starts_with("s3://")) {
    return Invalid(
        "a server's answer goes to a file, to standard output, or into its results: --into "
        "results/NAME.FORMAT; --into elsewhere and -o s3://... need the lake itself",
        "--remote");
  }
  if (options.explain) return Invalid("--explain needs the lake itself", "--remote");
  if (options.stats) return Invalid("--stats needs the lake itself", "--remote");
  if (function) return CheckFunction(options);
  const auto url = ParseHttpUrl(options.remote);
  return url ? Status() : Status(url.error());
}

int AskRemote(const LakeOptions& lake, const QueryOptions& options, const QueryRequest& request, std::stop_token stop) {
  if (const auto function = FunctionOf(options.remote)) return AskFunction(*function, lake, options, request, stop);
  const auto server = Connect(lake, options.remote);
  if (!server) return Complain(server.error());
  Call call;
  call.stop = stop;
  if (!options.into.empty()) return PrintLink(*server, options, request, call);
  if (!options.dry_run && ShowsTable(options)) return ShowTable(*server, options, request, call);
  return WriteBody(*server, options, request, call);
}

}  // namespace eider
