#include "server/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace eider {
namespace {

// What OpenSSL says of the last failure, and nothing left for the next one.
std::string Reason() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  return reason == nullptr ? "no reason given" : reason;
}

Status CheckReadable(const std::string& file, const char* option) {
  if (file.empty()) return Invalid(fmt::format("TLS wants a certificate and its key: {} is missing", option), option);
  if (std::ifstream(file).good()) return {};
  return Invalid(fmt::format("{}: cannot read '{}': {}", option, file, std::strerror(errno)), option);
}

// Without it OpenSSL would ask on the terminal.
int NoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Status UseFiles(SSL_CTX* context, const std::string& cert_file, const std::string& key_file) {
  if (SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1) {
    return Invalid(fmt::format("--tls-cert: '{}' holds no certificate in PEM: {}", cert_file, Reason()), "--tls-cert");
  }
  if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context))) < 0) {
    return Invalid(fmt::format("--tls-cert: the certificate in '{}' has expired", cert_file), "--tls-cert");
  }
  bool encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, NoPassphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &encrypted);
  const bool used = SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  if (used && SSL_CTX_check_private_key(context) == 1) return {};
  // One of the certificate's own kind is compared when it is read, another kind by the check.
  const bool mismatch = used || ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
  const std::string reason = Reason();
  if (encrypted) {
    return Invalid(fmt::format("--tls-key: the key in '{}' is encrypted; openssl pkey -in '{}' -out FILE decrypts it",
                               key_file, key_file),
                   "--tls-key");
  }
  if (mismatch) {
    return Invalid(
        fmt::format("--tls-key: the key in '{}' is not that of the certificate in '{}'", key_file, cert_file),
        "--tls-key");
  }
  return Invalid(fmt::format("--tls-key: '{}' holds no private key in PEM: {}", key_file, reason), "--tls-key");
}

}  // namespace

TlsSession::TlsSession(std::shared_ptr<ssl_ctx_st> context, int socket)
    : context_(std::move(context)), ssl_(SSL_new(context_.get()), SSL_free) {
  usable_ = ssl_ && SSL_set_fd(ssl_.get(), socket) == 1;
  if (usable_) SSL_set_accept_state(ssl_.get());
}
TlsSession::~TlsSession() = default;

TlsSession::Want TlsSession::Judge(int returned) {
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ: return Want::kRead;
    case SSL_ERROR_WANT_WRITE: return Want::kWrite;
    case SSL_ERROR_ZERO_RETURN: return Want::kEnd;  // in order: we may still say so too
    default: break;
  }
  usable_ = false;
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  spoke_http_ = reason == SSL_R_HTTP_REQUEST;
  failure_ = ERR_peek_last_error() == 0 ? "the client left" : Reason();
  return Want::kEnd;
}

TlsSession::Want TlsSession::Accept() {
  if (!usable_) return Want::kEnd;
  ERR_clear_error();
  const int returned = SSL_accept(ssl_.get());
  return returned == 1 ? Want::kNothing : Judge(returned);
}

template <class Operation, class Bytes>
TlsSession::Done TlsSession::Try(Operation operation, Bytes bytes) {
  if (!usable_) return {Want::kEnd, 0};
  ERR_clear_error();
  std::size_t size = 0;
  const int returned = operation(ssl_.get(), bytes.data(), bytes.size(), &size);
  return returned == 1 ? Done{Want::kNothing, size} : Done{Judge(returned), 0};
}

TlsSession::Done TlsSession::Read(std::span<char> out) { return Try(SSL_read_ex, out); }
TlsSession::Done TlsSession::Peek(std::span<char> out) { return Try(SSL_peek_ex, out); }
TlsSession::Done TlsSession::Write(std::span<const char> bytes) { return Try(SSL_write_ex, bytes); }

bool TlsSession::HasPending() const { return usable_ && SSL_has_pending(ssl_.get()) == 1; }

void TlsSession::Close() {
  if (!usable_ || SSL_is_init_finished(ssl_.get()) == 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());  // one small write; where the socket takes none, the client has other troubles
  ERR_clear_error();
}

TlsContext::TlsContext(std::string cert_file, std::string key_file)
    : cert_file_(std::move(cert_file)), key_file_(std::move(key_file)) {}

Status TlsContext::Load() {
  if (auto status = CheckReadable(cert_file_, "--tls-cert"); !status) return status;
  if (auto status = CheckReadable(key_file_, "--tls-key"); !status) return status;
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return Internal("OpenSSL cannot make a context: " + Reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);  // RFC 8996
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A record is copied, so it may be repeated from elsewhere; buffers are given back between records.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Sessions are resumed by tickets, which cost the server nothing.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (auto status = UseFiles(context.get(), cert_file_, key_file_); !status) return status;
  const std::lock_guard lock(mutex_);
  context_ = context;
  return {};
}

std::unique_ptr<TlsSession> TlsContext::NewSession(int socket) const {
  const std::lock_guard lock(mutex_);
  return std::make_unique<TlsSession>(context_, socket);
}

}  // namespace eider
