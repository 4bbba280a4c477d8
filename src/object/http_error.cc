#include "object/http_error.h"

#include <aws/auth/auth.h>
#include <aws/common/error.h>
#include <aws/http/http.h>
#include <aws/io/io.h>
#include <fmt/format.h>

namespace eider {
namespace {

bool IsCredentialError(int code) {
  return code >= static_cast<int>(AWS_ERROR_ENUM_BEGIN_RANGE(AWS_C_AUTH_PACKAGE_ID)) &&
         code <= static_cast<int>(AWS_ERROR_ENUM_END_RANGE(AWS_C_AUTH_PACKAGE_ID));
}

Failure NoCredentials(const std::string& action, int code) {
  return {{ErrorKind::kDenied,
           fmt::format("Cannot {}: no AWS credentials were found ({}). Set AWS_ACCESS_KEY_ID and "
                       "AWS_SECRET_ACCESS_KEY, name a profile, run 'aws sso login', or read a public bucket "
                       "anonymously.",
                       action, aws_error_name(code)),
           {}},
          false,
          false,
          {}};
}

}  // namespace

Failure TransportFailure(const HttpOutcome& outcome, const std::string& origin, const std::string& action) {
  const auto down = [&](std::string_view why, bool retryable) {
    return Failure{
        {ErrorKind::kUnavailable, fmt::format("Cannot {}: {}", action, why), {}}, retryable, outcome.sent, {}};
  };
  if (outcome.end == HttpEnd::kStalled) {
    return down(fmt::format("{} stopped answering. Check the network, or raise the first-byte time limit.", origin),
                true);
  }
  if (IsCredentialError(outcome.aws_error)) return NoCredentials(action, outcome.aws_error);
  switch (outcome.aws_error) {
    case AWS_IO_SOCKET_CONNECTION_REFUSED:
      return down(fmt::format("nothing answers at {} (connection refused). Is the server running, and is the endpoint "
                              "right?",
                              origin),
                  true);
    case AWS_IO_SOCKET_TIMEOUT:
    case AWS_IO_SOCKET_NO_ROUTE_TO_HOST:
    case AWS_IO_SOCKET_NETWORK_DOWN:
      return down(fmt::format("{} cannot be reached ({}). Check the endpoint and the network.", origin,
                              aws_error_str(outcome.aws_error)),
                  true);
    case AWS_IO_DNS_QUERY_FAILED:
    case AWS_IO_DNS_INVALID_NAME:
    case AWS_IO_DNS_NO_ADDRESS_FOR_HOST:
      return down(fmt::format("the name of {} does not resolve. Check the endpoint and the region.", origin), false);
    case AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE:
    case AWS_IO_TLS_NEGOTIATION_TIMEOUT:
    case AWS_IO_TLS_UNKNOWN_ROOT_CERTIFICATE:
    case AWS_IO_TLS_CERTIFICATE_EXPIRED:
    case AWS_IO_TLS_CERTIFICATE_NOT_YET_VALID:
    case AWS_IO_TLS_BAD_CERTIFICATE:
    case AWS_IO_TLS_PEER_CERTIFICATE_EXPIRED:
    case AWS_IO_TLS_BAD_PEER_CERTIFICATE:
    case AWS_IO_TLS_PEER_CERTIFICATE_UNKNOWN:
    case AWS_IO_TLS_INVALID_CERTIFICATE_CHAIN:
    case AWS_IO_TLS_HOST_NAME_MISMATCH:
      return down(fmt::format("no TLS connection to {} ({}). Its certificate may be unknown, expired or for another "
                              "name, or it does not speak TLS; a private authority's certificate goes into ca_bundle.",
                              origin, aws_error_name(outcome.aws_error)),
                  false);
    case AWS_ERROR_HTTP_PROTOCOL_ERROR:
      // Or what a proxy or server sent after its last answer came before this one's.
      return down(fmt::format("{} does not speak proper HTTP. Is the endpoint right, and http:// or https://?", origin),
                  true);
    case AWS_ERROR_HTTP_RESPONSE_FIRST_BYTE_TIMEOUT:
      return down(fmt::format("{} did not begin to answer in time.", origin), true);
    case AWS_ERROR_OOM: return {{ErrorKind::kExhausted, "Out of memory.", {}}, false, false, {}};
    default:
      return down(fmt::format("the connection to {} broke ({}).", origin, aws_error_name(outcome.aws_error)), true);
  }
}

}  // namespace eider
