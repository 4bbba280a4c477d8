#include "cli/remote_function.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "cli/output.h"
#include "cli/query_run.h"
#include "cli/records.h"
#include "cli/remote.h"
#include "cli/table_view.h"
#include "cli/write.h"
#include "object/aws_service.h"
#include "object/s3_error.h"

namespace eider {
namespace {

namespace json = boost::json;

constexpr std::string_view kScheme = "lambda:";

// A function answers 20 rows where it is told no number: as many as a JSON reader surely keeps apart are all.
constexpr std::uint64_t kAllRows = (std::uint64_t{1} << 53) - 1;

// More than Lambda answers, whatever it is set to.
constexpr std::size_t kLongestAnswer = 32 << 20;

// What the function says of itself: `eider serve`'s words; a time-out and a crash are told by Lambda.
ErrorKind KindOf(std::string_view type) {
  if (type == "InvalidQuery") return ErrorKind::kInvalid;
  if (type == "NotFound") return ErrorKind::kNotFound;
  if (type == "LimitReached") return ErrorKind::kExhausted;
  if (type == "Timeout" || type == "Sandbox.Timedout") return ErrorKind::kTimeout;
  return ErrorKind::kUnavailable;
}

std::string TextOf(const json::value& parsed, const char* member) {
  const json::value* said = parsed.is_object() ? parsed.get_object().if_contains(member) : nullptr;
  return said != nullptr && said->is_string() ? std::string(said->get_string()) : std::string();
}

Error FunctionError(const std::string& answer) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(answer, failed);
  const std::string message = failed ? std::string() : TextOf(parsed, "errorMessage");
  if (message.empty()) return {ErrorKind::kUnavailable, "the function failed and did not say why; its log does", {}};
  return {KindOf(TextOf(parsed, "errorType")), message, {}};
}

// Lambda's own refusals: {"Message": …} and the status.
Failure Judge(const HttpReply& reply, const std::string&) {
  Failure failure = StatusFailure(reply.head, "the function");
  boost::system::error_code failed;
  const json::value parsed = json::parse(reply.body, failed);
  std::string message = failed ? std::string() : TextOf(parsed, "Message");
  if (message.empty() && !failed) message = TextOf(parsed, "message");
  if (!message.empty())
    failure.error.message = fmt::format("Lambda answered with status {}: {}", reply.head.status, message);
  if (reply.head.status == 404) failure.error.kind = ErrorKind::kNotFound;
  return failure;
}

Result<std::string> Invoke(const std::string& function, const LakeOptions& lake, std::string payload,
                           const Call& call) {
  StoreOptions reach = lake.store;
  reach.first_byte_timeout = std::chrono::seconds(lake.time_limit_seconds);  // it answers when it is done
  RemoteClientOptions options;
  options.headers.emplace_back("Content-Type", "application/json");
  options.judge = Judge;
  const auto lambda = OpenAwsService("lambda", reach, std::move(options));
  if (!lambda) return lambda.error();
  HttpRequest post;
  post.method = "POST";
  post.target = fmt::format("{}/2015-03-31/functions/{}/invocations", lambda->base, PercentEncode(function, false));
  post.body = std::make_shared<const std::string>(std::move(payload));
  std::string answer;
  const auto take = [&answer](std::span<const char> bytes) {
    answer.append(bytes.data(), bytes.size());
    return answer.size() <= kLongestAnswer;
  };
  const auto head = lambda->client->Stream(post, take, call);
  if (!head) return head.error();
  if (!head->Find("X-Amz-Function-Error").empty()) return FunctionError(answer);
  return answer;
}

Result<std::string> Records(const std::string& answer) {
  const auto data = MemberText(answer, "data");
  const auto records = data ? MemberText(*data, "records") : std::nullopt;
  if (records) return std::string(*records);
  return Corrupt("the function does not answer as a query engine does: there is no data.records");
}

std::string Payload(const QueryRequest& request, std::uint64_t limit) {
  json::object body{{"q", request.sql}, {"limit", limit}};
  if (auto params = ParamsOf(request); !params.is_null()) body["params"] = std::move(params);
  return json::serialize(body);
}

Status WriteRecords(const std::string& records, const QueryOptions& options) {
  Output output(options.output);
  if (auto opened = output.Open(0, {}); !opened) return opened;
  auto written = output.Write(records + "\n");
  if (written) written = output.Finish();
  if (!written) output.Discard();
  return written;
}

Status Draw(const std::string& records) {
  const auto table = TableOf(records);
  if (!table) return table.error();
  fmt::print("{}", table->rows.empty() ? "(no rows)\n" : DrawTable(*table, kShownRows, TerminalWidth()));
  return {};
}

}  // namespace

std::optional<std::string> FunctionOf(const std::string& remote) {
  if (!remote.starts_with(kScheme)) return std::nullopt;
  return remote.substr(kScheme.size());
}

Status CheckFunction(const QueryOptions& options) {
  if (FunctionOf(options.remote)->empty()) return Invalid("--remote lambda:NAME wants the function's name", "--remote");
  if (options.dry_run) return Invalid("--dry-run needs a server or the lake itself", "--remote");
  const bool json = options.format.empty() || options.format == "table" || options.format == "json";
  const auto by_name = options.format.empty() ? FormatOfTarget(options) : std::nullopt;
  if (json && by_name.value_or(Format::kJson) == Format::kJson) return {};
  return Invalid("a function answers JSON: use --format json or table", "--format");
}

int AskFunction(const std::string& function, const LakeOptions& lake, const QueryOptions& options,
                const QueryRequest& request, std::stop_token stop) {
  const bool to_terminal = options.format.empty() && options.output.empty() && ::isatty(STDOUT_FILENO) == 1;
  const bool table = to_terminal || options.format == "table";
  std::uint64_t limit = request.limit.value_or(kAllRows);
  if (table) limit = std::min(limit, kShownRows + 1);
  Call call;
  call.stop = std::move(stop);
  const auto answer = Invoke(function, lake, Payload(request, limit), call);
  if (!answer) return Complain(answer.error());
  const auto records = Records(*answer);
  if (!records) return Complain(records.error());
  const Status shown = table ? Draw(*records) : WriteRecords(*records, options);
  return shown ? 0 : Complain(shown.error());
}

}  // namespace eider
