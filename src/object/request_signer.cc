#include "object/request_signer.h"

#include <aws/auth/credentials.h>
#include <aws/auth/signable.h>
#include <aws/auth/signing.h>
#include <aws/auth/signing_config.h>
#include <aws/auth/signing_result.h>
#include <aws/cal/hash.h>
#include <aws/http/request_response.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <future>
#include <vector>

namespace eider {
namespace {

// Long enough to ask the container or STS rarely, short enough to notice a rewritten credentials file.
constexpr std::uint64_t kRefreshMs = 5 * 60 * 1000;

bool EnvironmentHasKeys() {
  const char* id = std::getenv("AWS_ACCESS_KEY_ID");
  const char* secret = std::getenv("AWS_SECRET_ACCESS_KEY");
  return id != nullptr && *id != '\0' && secret != nullptr && *secret != '\0';
}

// AWS's order: the environment's keys (unless a profile was named), then SSO where the profile is set up for it, then
// profile, web identity, and container or instance. SSO is not part of the CRT's own chain; its provider cannot be
// made for a profile without SSO, which is how it is left out.
aws_credentials_provider* MakeSource(const AwsRuntime& runtime, aws_tls_ctx* tls, const std::string& profile) {
  std::vector<aws_credentials_provider*> links;
  // Only a null view means AWS_PROFILE or "default"; an empty one would be a name.
  const aws_byte_cursor profile_name = profile.empty() ? aws_byte_cursor{} : Cursor(profile);
  aws_credentials_provider_sso_options sso{};
  sso.bootstrap = runtime.bootstrap();
  sso.tls_ctx = tls;
  sso.profile_name_override = profile_name;
  if (auto* made = aws_credentials_provider_new_sso(runtime.allocator(), &sso)) links.push_back(made);

  aws_credentials_provider_chain_default_options chain{};
  chain.bootstrap = runtime.bootstrap();
  chain.tls_ctx = tls;
  chain.profile_name_override = profile_name;
  chain.skip_environment_credentials_provider = !profile.empty();
  if (auto* made = aws_credentials_provider_new_chain_default(runtime.allocator(), &chain)) links.push_back(made);

  if (links.empty()) return nullptr;
  aws_credentials_provider_chain_options options{};
  options.providers = links.data();
  options.provider_count = links.size();
  aws_credentials_provider* source = aws_credentials_provider_new_chain(runtime.allocator(), &options);
  for (aws_credentials_provider* link : links) aws_credentials_provider_release(link);
  return source;
}

std::string HexSha256(aws_allocator* allocator, const std::string& bytes) {
  std::array<std::uint8_t, AWS_SHA256_LEN> digest{};
  aws_byte_buf out = aws_byte_buf_from_empty_array(digest.data(), digest.size());
  const aws_byte_cursor input = Cursor(bytes);
  if (aws_sha256_compute(allocator, &input, &out, 0) != AWS_OP_SUCCESS) return {};
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : digest) {
    hex.push_back(kHex[byte >> 4]);
    hex.push_back(kHex[byte & 15]);
  }
  return hex;
}

}  // namespace

// What a signature under way needs until it is done.
struct RequestSigning {
  aws_allocator* allocator;
  aws_http_message* message;
  aws_signable* signable;
  std::string payload;
  std::function<void(int)> done;
};

namespace {

void OnSigned(aws_signing_result* result, int aws_error, void* data) {
  const std::unique_ptr<RequestSigning> signing(static_cast<RequestSigning*>(data));
  if (aws_error == 0 &&
      aws_apply_signing_result_to_http_request(signing->message, signing->allocator, result) != AWS_OP_SUCCESS) {
    aws_error = aws_last_error();
  }
  aws_signable_destroy(signing->signable);
  signing->done(aws_error);
}

}  // namespace

Result<std::unique_ptr<RequestSigner>> RequestSigner::Make(std::shared_ptr<AwsRuntime> runtime,
                                                           const SignerOptions& options) {
  std::shared_ptr<TlsClientContext> tls;
  // With the environment's keys no TLS context is made, which matters for start-up and memory.
  if (!options.profile.empty() || !EnvironmentHasKeys()) {
    auto made = TlsClientContext::Make(runtime, options.ca_bundle);
    if (!made.ok()) return made.error();
    tls = *std::move(made);
  }
  std::unique_ptr<RequestSigner> signer(new RequestSigner(std::move(runtime), options, std::move(tls)));
  signer->provider_ = signer->MakeProvider();
  if (signer->provider_ == nullptr) {
    return Invalid(fmt::format("There are no credentials in the AWS profile '{}'. Check its name in ~/.aws/config and "
                               "~/.aws/credentials.",
                               options.profile),
                   "profile");
  }
  return signer;
}

RequestSigner::RequestSigner(std::shared_ptr<AwsRuntime> runtime, SignerOptions options,
                             std::shared_ptr<TlsClientContext> tls)
    : runtime_(std::move(runtime)), options_(std::move(options)), tls_(std::move(tls)) {}

// Null when there is nothing to look credentials up in.
aws_credentials_provider* RequestSigner::MakeProvider() {
  aws_credentials_provider* source = nullptr;
  if (tls_ == nullptr) {
    aws_credentials_provider_environment_options environment{};
    source = aws_credentials_provider_new_environment(runtime_->allocator(), &environment);
  } else {
    source = MakeSource(*runtime_, tls_->get(), options_.profile);
  }
  if (source == nullptr) return nullptr;
  aws_credentials_provider_cached_options cached{};
  cached.source = source;
  cached.refresh_time_in_milliseconds = kRefreshMs;
  cached.shutdown_options.shutdown_user_data = this;
  cached.shutdown_options.shutdown_callback = [](void* self) {
    auto* signer = static_cast<RequestSigner*>(self);
    const std::lock_guard lock(signer->mutex_);
    --signer->providers_;
    signer->changed_.notify_all();
  };
  aws_credentials_provider* provider = aws_credentials_provider_new_cached(runtime_->allocator(), &cached);
  aws_credentials_provider_release(source);
  const std::lock_guard lock(mutex_);
  if (provider != nullptr) ++providers_;
  return provider;
}

RequestSigner::~RequestSigner() {
  aws_credentials_provider_release(provider_);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return providers_ == 0; });
}

void RequestSigner::Renew(std::uint64_t version) {
  if (version != this->version()) return;
  aws_credentials_provider* old = MakeProvider();  // the new one, until they are exchanged
  if (old == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    if (version == version_) {
      ++version_;
      std::swap(provider_, old);
    }
  }
  aws_credentials_provider_release(old);
}

std::uint64_t RequestSigner::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void RequestSigner::Sign(aws_http_message* message, const std::string* body, std::function<void(int)> done) {
  auto signing = std::make_unique<RequestSigning>();
  signing->allocator = runtime_->allocator();
  signing->message = message;
  signing->signable = aws_signable_new_http_request(signing->allocator, message);
  signing->done = std::move(done);
  // The hash of the body is also what makes every server check it, and costs 5 ms for a part of 8 MiB.
  if (body != nullptr) signing->payload = HexSha256(signing->allocator, *body);
  Start(std::move(signing), std::chrono::seconds(0));
}

// `in_query` 0: in the headers.
void RequestSigner::Start(std::unique_ptr<RequestSigning> signing, std::chrono::seconds in_query) {
  aws_signing_config_aws config{};
  config.config_type = AWS_SIGNING_CONFIG_AWS;
  config.algorithm = AWS_SIGNING_ALGORITHM_V4;
  config.signature_type = AWS_ST_HTTP_REQUEST_HEADERS;
  config.region = Cursor(options_.region);
  config.service = Cursor(options_.service);
  aws_date_time_init_now(&config.date);
  // S3 alone signs a path as it is sent.
  const bool s3 = options_.service == "s3";
  config.flags.use_double_uri_encode = s3 ? 0 : 1;
  config.flags.should_normalize_uri_path = s3 ? 0 : 1;
  config.signed_body_value = signing->payload.empty() ? g_aws_signed_body_value_empty_sha256 : Cursor(signing->payload);
  config.signed_body_header = AWS_SBHT_X_AMZ_CONTENT_SHA256;
  if (in_query.count() > 0) {
    config.signature_type = AWS_ST_HTTP_REQUEST_QUERY_PARAMS;
    config.expiration_in_seconds = static_cast<std::uint64_t>(in_query.count());
    config.signed_body_value = g_aws_signed_body_value_unsigned_payload;
    config.signed_body_header = AWS_SBHT_NONE;
  }
  {
    const std::lock_guard lock(mutex_);
    config.credentials_provider = aws_credentials_provider_acquire(provider_);
  }

  RequestSigning* started = signing.release();
  if (aws_sign_request_aws(started->allocator, started->signable,
                           reinterpret_cast<const aws_signing_config_base*>(&config), &OnSigned,
                           started) != AWS_OP_SUCCESS) {
    OnSigned(nullptr, aws_last_error(), started);
  }
  aws_credentials_provider_release(config.credentials_provider);  // the signing holds its own
}

Result<std::string> RequestSigner::SignGet(const std::string& host_header, const std::string& target,
                                           std::chrono::seconds valid) {
  const std::unique_ptr<aws_http_message, decltype(&aws_http_message_release)> message(
      aws_http_message_new_request(runtime_->allocator()), &aws_http_message_release);
  aws_http_message_set_request_method(message.get(), Cursor("GET"));
  aws_http_message_set_request_path(message.get(), Cursor(target));
  aws_http_header host{};
  host.name = Cursor("Host");
  host.value = Cursor(host_header);
  aws_http_message_add_header(message.get(), host);

  auto signing = std::make_unique<RequestSigning>();
  signing->allocator = runtime_->allocator();
  signing->message = message.get();
  signing->signable = aws_signable_new_http_request(signing->allocator, message.get());
  const auto outcome = std::make_shared<std::promise<int>>();  // whose set_value may still run when get has returned
  signing->done = [outcome](int aws_error) { outcome->set_value(aws_error); };
  Start(std::move(signing), valid);
  if (const int aws_error = outcome->get_future().get(); aws_error != 0) {
    return Error{
        ErrorKind::kDenied, fmt::format("cannot sign an address of the object: {}", aws_error_str(aws_error)), {}};
  }
  aws_byte_cursor path{};
  aws_http_message_get_request_path(message.get(), &path);
  return std::string(View(path));
}

}  // namespace eider
