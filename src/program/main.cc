#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <clocale>
#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "catalog/catalog.h"
#include "cli/verbs.h"
#include "program/function_memory.h"
#include "program/invoke.h"
#include "program/lambda.h"
#include "program/serve.h"

namespace {

// Seconds on the command line, milliseconds inside; at least one of these, for the CRT takes 0 as a default.
void AddSeconds(CLI::App& verb, const std::string& name, const std::string& help, std::chrono::milliseconds& value) {
  verb.add_option_function<double>(
          name, [&value](double seconds) { value = std::chrono::milliseconds(std::llround(seconds * 1000)); }, help)
      ->check(CLI::Range(0.001, 3600.0))
      ->default_str(fmt::format("{:g}", static_cast<double>(value.count()) / 1000));
}

void AddLakeOptions(CLI::App& verb, eider::LakeOptions& lake) {
  verb.add_option("--lake", lake.lake, "Folder, s3://bucket/prefix or https://host/path that the data lives under")
      ->envname("EIDER_LAKE");
  verb.add_option("--config", lake.config_file,
                  "An eider.yaml outside of the lake: a file, s3://BUCKET/KEY, https://..., or the YAML itself")
      ->envname("EIDER_CONFIG");
  verb.add_option("--model-env", lake.model_env, "Environment variables that models may read with env_var()")
      ->envname("EIDER_MODEL_ENV")
      ->delimiter(',');
  verb.add_option("--extensions", lake.extensions,
                  "Folder of DuckDB's extensions, for attached catalogs; default: extensions/ beside the program")
      ->envname("EIDER_EXTENSIONS");
  verb.add_option("--region", lake.store.region, "S3 region; default: as AWS's tools find it");
  verb.add_option("--endpoint", lake.store.endpoint, "S3 endpoint, e.g. http://127.0.0.1:9000")
      ->envname("AWS_ENDPOINT_URL_S3");
  verb.add_option_function<bool>(
      "--path-style", [&lake](bool on) { lake.store.path_style = on; },
      "Bucket in the path (true) or in the host name (false); default: true with --endpoint");
  verb.add_option("--profile", lake.store.profile, "Profile of AWS's configuration files");
  verb.add_flag("--anonymous", lake.store.anonymous, "Do not sign requests: public buckets");
  verb.add_flag("--requester-pays", lake.store.requester_pays, "Agree to pay for requests and transfer");
  verb.add_option("--ca-bundle", lake.store.ca_bundle, "PEM file to trust instead of the system's")
      ->envname("AWS_CA_BUNDLE");
  AddSeconds(verb, "--connect-timeout", "Seconds to reach the store, before it is tried again",
             lake.store.connect_timeout);
  AddSeconds(verb, "--first-byte-timeout", "Seconds of silence after which the store is asked again",
             lake.store.first_byte_timeout);
  verb.add_option("--read-ahead", lake.read_ahead,
                  "Memory for bytes of a remote lake that are fetched before they are read")
      ->capture_default_str();
  verb.add_option("--requests", lake.requests, "Requests to a remote lake in flight, all queries together")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb.add_option("--cache", lake.cache_folder, "Folder where blocks of a remote lake are kept; processes may share it")
      ->envname("EIDER_CACHE_FOLDER");
  verb.add_option("--cache-bytes", lake.cache_bytes, "Disk for --cache")->capture_default_str();
  verb.add_option("--cache-memory", lake.cache_memory, "Memory for blocks that are read again and again")
      ->capture_default_str();
  verb.add_flag("--revalidate", lake.revalidate,
                "Ask a remote lake for each request what it holds; else the last answer holds for 5 s");
  verb.add_option("--memory", lake.memory, "Memory for queries, above it they spill to disk")->capture_default_str();
  verb.add_option("--threads", lake.threads, "Threads for queries; 0: as many as cores")->capture_default_str();
  verb.add_option("--queries", lake.queries, "Queries at once; 0: as many as threads")->capture_default_str();
  verb.add_option("--queue", lake.queue, "Queries that wait for their turn; more get 503 with Retry-After")
      ->capture_default_str();
  verb.add_option("--time-limit", lake.time_limit_seconds, "Seconds for one query")->capture_default_str();
  verb.add_option("--spool-folder", lake.spool_folder, "Where results wait for their readers; default: TMPDIR");
  verb.add_option("--spool-bytes", lake.spool_bytes, "Disk for all results together")->capture_default_str();
  verb.add_option("--result-bytes", lake.result_bytes,
                  "Bytes that one result may have; default: any that --spool-bytes holds");
  verb.add_option("--spill-bytes", lake.spill_bytes, "Disk for queries that outgrow --memory")->capture_default_str();
}

void AddResultsOptions(CLI::App& verb, eider::LakeOptions& lake) {
  verb.add_option("--results", lake.results,
                  "Let POST /query write answers into the lake, below _results/, and remove them at this age, such as "
                  "7d; on Lambda, answers that are too long to be sent, too. Default: it may not")
      ->envname("EIDER_RESULTS");
  verb.add_option("--results-at", lake.results_at,
                  "A folder or s3://BUCKET/PREFIX to write them to, instead of the lake")
      ->envname("EIDER_RESULTS_AT");
}

// eider keys add|list|revoke. A key itself is never an argument: the system shows those to everyone.
void AddKeysVerbs(CLI::App& app, int& exit_code) {
  auto& keys = *app.add_subcommand("keys", "API keys for eider serve");
  keys.require_subcommand(1);
  static std::string file;
  const auto add_file = [](CLI::App& verb) {
    verb.add_option("--keys", file, "The file that holds their hashes")->envname("EIDER_KEYS_FILE");
  };

  auto& add = *keys.add_subcommand("add", "Make a key and print it, once");
  static eider::AddKeyOptions added;
  add_file(add);
  add.add_option("NAME", added.name, "Whose it is, for the log")->required();
  add.add_option("--expires", added.expires, "When it ends: 90d, 2027-01-31 or 2027-01-31T12:00:00Z; default: never");
  add.add_option("--dataset", added.datasets, "Open these datasets alone, through their names; default: all");
  add.add_option("--requests-per-second", added.limits.requests_per_second, "On average")->check(CLI::PositiveNumber);
  add.add_option("--burst", added.limits.burst, "Requests at once, after a pause; default: those of a second")
      ->check(CLI::PositiveNumber);
  add.add_option("--concurrency", added.limits.concurrency, "Queries and downloads under way at once")
      ->check(CLI::PositiveNumber);
  add.add_option("--rows", added.limits.rows, "Of one answer; more is an error")->check(CLI::PositiveNumber);
  add.add_option("--bytes", added.bytes, "Of one answer, such as 100MB; more is an error");
  add.add_option("--memory", added.memory, "Of one query, such as 256MB; above it the query spills, or fails");
  add.add_option("--time", added.time, "For one query, such as 30s");
  add.callback([&exit_code] { exit_code = eider::AddKey(file, added); });

  auto& list = *keys.add_subcommand("list", "Names, ids and limits");
  static bool json = false;
  add_file(list);
  list.add_flag("--json", json, "One JSON object a line");
  list.callback([&exit_code] { exit_code = eider::ListKeys(file, json); });

  auto& revoke = *keys.add_subcommand("revoke", "Remove keys; a running server refuses them from the next request on");
  static std::vector<std::string> revoked;
  add_file(revoke);
  revoke.add_option("KEY", revoked, "Ids, or names")->required();
  revoke.callback([&exit_code] { exit_code = eider::RevokeKeys(file, revoked); });
}

// What is so of every verb, once all of its options are added.
void SetUpVerbs(CLI::App& app) {
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) {
    // Of environment variables, only those of the verb that is called are read. The verbs share their options, and
    // CLI11 would put the variables of all the others over what the command line gave to that one.
    verb->parse_complete_callback([] {});
    // An option takes one word, so that the next may be the verb's own: --partition-by a "SELECT ...".
    const auto options = verb->get_options();
    const bool has_words =
        std::any_of(options.begin(), options.end(), [](auto* option) { return option->get_positional(); });
    for (CLI::Option* option : options) {
      if (has_words && !option->get_positional()) option->allow_extra_args(false);
    }
    SetUpVerbs(*verb);
  }
}

// What is wrong with the command line, and the nearest that is right. CLI11 says of a verb that is mistyped only that
// one is missing.
std::string UsageText(const CLI::App* app, const CLI::Error& error) {
  std::string command = app->get_name();
  std::string text = error.what();
  while (!app->get_subcommands().empty()) {
    if (const auto extra = app->remaining(); !extra.empty()) {
      text = fmt::format("'{}' stands before the verb, and belongs behind it", extra.front());
    }
    app = app->get_subcommands().back();
    command += " " + app->get_name();
  }
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app->get_subcommands([](const CLI::App*) { return true; })) {
    verbs.push_back(verb->get_name());
  }
  std::vector<std::string> options;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  }
  const auto extra = app->remaining();
  const auto option = std::find_if(extra.begin(), extra.end(), [](const auto& word) { return word.starts_with('-'); });
  if (!verbs.empty()) {
    const bool named = !extra.empty() && option != extra.begin();
    text = named ? fmt::format("there is no '{}'.{}", extra.front(), eider::DidYouMean(extra.front(), verbs))
                 : "a verb is missing.";
    text += fmt::format(" There are: {}", eider::Join(verbs, " "));
  } else if (option != extra.end()) {
    text = fmt::format("there is no {}.{}", *option, eider::DidYouMean(*option, options));
  } else if (!extra.empty()) {
    text = fmt::format("'{}' is one word too many", extra.front());
  }
  return fmt::format("eider: {}\n{} --help says more\n", text, command);
}

void AddFunctionOptions(CLI::App& verb, eider::LambdaOptions& options) {
  verb.add_option_function<std::string>(
          "--invoke-mode",
          [&options](const std::string& mode) {
            const auto parsed = eider::ParseInvokeMode(mode);
            if (!parsed) throw CLI::ValidationError("--invoke-mode", "wants auto, buffered or stream");
            options.mode = *parsed;
          },
          "As the function is invoked: buffered, stream, or auto: its URL streams, the rest does not")
      ->envname("EIDER_INVOKE_MODE")
      ->default_str("auto");
  verb.add_option("--keys", options.keys_file, "File of API keys that eider keys writes; who has none is then refused")
      ->envname("EIDER_KEYS_FILE");
  verb.add_option_function<std::string>(
          "--direct-access",
          [&options](const std::string& access) {
            if (access != "iam" && access != "key") throw CLI::ValidationError("--direct-access", "wants iam or key");
            options.direct_needs_key = access == "key";
          },
          "Where there are API keys, what lets {\"q\": ...} in: iam (Lambda's own permissions), or key (its "
          "\"api_key\")")
      ->envname("EIDER_DIRECT_ACCESS")
      ->default_str("iam");
  verb.add_flag("--mask-values", options.mask_values, "Log which filters were used, without their values");
}

// eider lambda, and eider invoke --local.
void AddFunctionVerbs(CLI::App& app, eider::LakeOptions& lake, int& exit_code) {
  static eider::LambdaOptions options;
  auto& lambda = *app.add_subcommand(
      "lambda", "Answer the invocations of AWS Lambda; what eider does without a verb where Lambda starts it");
  AddLakeOptions(lambda, lake);
  AddFunctionOptions(lambda, options);
  AddResultsOptions(lambda, lake);
  lambda.callback([&] { exit_code = eider::ServeInvocations(lake, options); });

  auto& invoke = *app.add_subcommand("invoke", "Answer an event of AWS Lambda: eider invoke --local EVENT.json");
  static std::string event;
  static bool local = false;
  AddLakeOptions(invoke, lake);
  AddFunctionOptions(invoke, options);
  AddResultsOptions(invoke, lake);
  invoke.add_flag("--local", local, "Here, by this program")->required();
  invoke.add_option("EVENT", event, "File of the event, JSON; - is standard input")->required();
  invoke.callback([&] { exit_code = eider::InvokeLocal(lake, options, event); });
}

// Lambda starts a program without arguments.
bool StartedByLambda(int argc) { return argc == 1 && std::getenv("AWS_LAMBDA_RUNTIME_API") != nullptr; }

int Main(int argc, char** argv) {
  CLI::App app("Eider turns a folder of files, on a disk or in object storage, into a database that nobody has to run.",
               "eider");
  app.set_version_flag("--version", EIDER_VERSION);
  app.require_subcommand(1);
  app.failure_message(UsageText);
  eider::LakeOptions lake;
  eider::FitToFunction(lake);
  int exit_code = 0;

  auto& serve = *app.add_subcommand("serve", "Serve the lake's datasets over HTTP");
  eider::ServeOptions serve_options;
  AddLakeOptions(serve, lake);
  serve.add_option("--listen", serve_options.listen, "ADDRESS:PORT; port 0 lets the system choose")
      ->capture_default_str();
  serve.add_option("--http-threads", serve_options.threads, "Threads for connections")->capture_default_str();
  serve.add_option("--max-connections", serve_options.max_connections, "More get 503")->capture_default_str();
  serve.add_option("--grace", serve_options.grace_seconds, "Seconds for downloads to finish at SIGTERM")
      ->capture_default_str();
  serve.add_option("--stall", serve_options.stall_seconds, "Seconds after which a reader that takes nothing is cut")
      ->capture_default_str();
  serve
      .add_option("--keys", serve_options.keys_file,
                  "File of API keys that eider keys writes; looked at for each request")
      ->envname("EIDER_KEYS_FILE");
  serve.add_option("--tls-cert", serve_options.tls_cert,
                   "PEM file of the certificate and its chain: HTTPS; SIGHUP reads it again");
  serve.add_option("--tls-key", serve_options.tls_key, "PEM file of the certificate's private key");
  serve.add_flag("--open", serve_options.open,
                 "Answer requests without a key; default: only when --listen is of this machine alone");
  AddResultsOptions(serve, lake);
  serve.add_flag("--mask-values", serve_options.mask_values, "Log which filters were used, without their values");
  eider::ClientLimits& limits = serve_options.client_limits;
  serve.add_option("--client-requests", limits.requests_per_second, "Requests a second of one client; 0: no limit")
      ->capture_default_str();
  serve.add_option("--client-burst", limits.burst, "Requests of one client at once, after a pause")
      ->capture_default_str();
  serve
      .add_option("--client-downloads", limits.concurrency, "Downloads and queries of one client at once; 0: no limit")
      ->capture_default_str();
  serve.callback([&] { exit_code = eider::Serve(lake, serve_options); });

  auto& get = *app.add_subcommand("get", "Download rows without a server: eider get 'flights.csv?origin=JFK' -o f.csv");
  eider::GetOptions get_options;
  AddLakeOptions(get, lake);
  get.add_option("TARGET", get_options.target, "NAME.FORMAT?PARAMETERS, as in a URL")->required();
  get.add_option("-o,--output", get_options.output, "File; an interrupted one is resumed. Default: standard output");
  get.add_flag("-q,--quiet", get_options.quiet, "No progress bar");
  get.callback([&] { exit_code = eider::Get(lake, get_options); });

  auto& query =
      *app.add_subcommand("query", "Ask in SQL: eider query \"SELECT origin, avg(delay) FROM flights GROUP BY 1\"");
  eider::QueryOptions query_options;
  AddLakeOptions(query, lake);
  query.add_option("SQL", query_options.sql,
                   "One SELECT over datasets and lake('GLOB'); default: standard input, or a shell on a terminal");
  query.add_option("-f,--file", query_options.file, "Read the SQL from a file");
  query.add_option(
      "--format", query_options.format,
      "table csv tsv json ndjson parquet arrow xlsx; default: by the name written to, a table on a terminal, else csv");
  query.add_option("-o,--output", query_options.output, "File or s3://BUCKET/KEY; default: standard output");
  query.add_option("--into", query_options.into,
                   "Key of the lake to write to, or NAME/ for a dataset of Parquet objects; with --remote URL "
                   "results/NAME.FORMAT, and the link is printed");
  query.add_option("--partition-by", query_options.partition_by, "Columns that become folders: NAME/a=1/b=2/")
      ->delimiter(',');
  query.add_flag("--replace", query_options.replace, "Replace what --into names");
  query.add_flag("--append", query_options.append, "Add the rows to the dataset that --into names");
  query.add_option("--limit", query_options.limit, "At most so many rows")->check(CLI::NonNegativeNumber);
  query.add_option("--param", query_options.params,
                   "NAME=VALUE for $NAME, or VALUE for $1, $2, ...; as often as needed");
  query.add_option(
      "--remote", query_options.remote,
      "Ask the server at this URL instead of a lake; EIDER_API_KEY has its key. lambda:NAME asks a function "
      "on AWS Lambda");
  query.add_flag("--explain", query_options.explain, "Print DuckDB's plan instead of running it");
  query.add_flag("--dry-run", query_options.dry_run, "Say what it would read and cost; reads footers alone");
  query.add_flag("--stats", query_options.stats, "Say on standard error what it took: time, requests, bytes");
  query.callback([&] { exit_code = eider::Query(lake, query_options); });

  bool json = false;
  auto& datasets = *app.add_subcommand("datasets", "List the lake's datasets");
  AddLakeOptions(datasets, lake);
  datasets.add_flag("--json", json, "As GET /datasets answers");
  datasets.callback([&] { exit_code = eider::ListDatasets(lake, json); });

  auto& describe = *app.add_subcommand("describe", "Columns and size of a dataset");
  std::string name;
  AddLakeOptions(describe, lake);
  describe.add_option("NAME", name, "Of the dataset")->required();
  describe.add_flag("--json", json, "As GET /NAME answers");
  describe.callback([&] { exit_code = eider::DescribeOne(lake, name, json); });

  auto& check = *app.add_subcommand("check", "Check the configuration and every dataset's objects");
  AddLakeOptions(check, lake);
  eider::CheckOptions check_options;
  check.add_flag("--fix", check_options.fix, "Remove what writes that died or were replaced have left");
  check.add_flag("--uploads", check_options.uploads,
                 "With --fix: also unfinished uploads whose names do not say that they are Eider's");
  check
      .add_option_function<std::string>(
          "--older-than",
          [&](const std::string& age) {
            const auto parsed = eider::ParseDuration(age);
            if (!parsed) throw CLI::ValidationError("--older-than", "wants an age such as 24h, 30m or 0s");
            check_options.older_than = *parsed;
          },
          "Only leftovers of this age; longer than any write and query takes")
      ->default_str("24h");
  check.callback([&] { exit_code = eider::Check(lake, check_options); });

  auto& build = *app.add_subcommand("build", "Build the models of models/*.sql into the lake, and run their tests");
  eider::BuildVerb build_options;
  AddLakeOptions(build, lake);
  build.add_option("-s,--select", build_options.select,
                   "NAME, NAME+ (and what reads it), +NAME (and what it reads); several with commas. Default: all");
  build.add_flag("--full-refresh", build_options.full_refresh, "Build incremental models as if for the first time");
  build.add_flag("--dry-run", build_options.dry_run, "Say what it would do and read, and do nothing");
  build.add_flag("--lineage", build_options.lineage, "Print what is made from what, as JSON");
  build.callback([&] { exit_code = eider::BuildModels(lake, build_options); });

  auto& cache = *app.add_subcommand("cache", "What the folder of --cache holds, and emptying it");
  eider::CacheOptions cache_options;
  cache.add_option("--cache", cache_options.folder, "The folder")->envname("EIDER_CACHE_FOLDER");
  cache.add_option("--cache-bytes", cache_options.quota, "Disk for it, as other verbs are told")->capture_default_str();
  cache.add_flag("--verify", cache_options.verify, "Read every block, to find the damaged ones");
  cache.add_flag("--clear", cache_options.clear, "Remove every block; safe while others use them");
  cache.add_flag("--json", cache_options.json, "As one JSON object");
  cache.callback([&] { exit_code = eider::Cache(cache_options); });

  AddKeysVerbs(app, exit_code);
  AddFunctionVerbs(app, lake, exit_code);

  auto& schema = *app.add_subcommand("schema", "Print the JSON Schema of eider.yaml, for editors");
  schema.callback([] { fmt::print("{}", eider::ConfigSchema()); });

  auto& help = *app.add_subcommand("help", "This text; eider VERB --help says more of one");
  help.callback(
      [&app] { fmt::print("{}", app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal)); });

  SetUpVerbs(app);
  try {
    if (StartedByLambda(argc)) {
      app.parse("lambda");
    } else {
      app.parse(argc, argv);
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // how wide characters are on a terminal; nothing else depends on it
  // Many threads allocate little each; an arena for each of them would multiply what glibc keeps.
  mallopt(M_ARENA_MAX, 4);
  // Fetched ranges come and go by hundreds of KiB: kept on the heap they would leave holes, a fifth of the peak
  // (measured).
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    return eider::Complain(eider::Internal(error.what()));
  }
}
