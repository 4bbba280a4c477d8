// `eider serve`: the server over a lake's service, until a signal ends it.
#pragma once

#include <string>

#include "catalog/client_limits.h"
#include "cli/options.h"

namespace eider {

struct ServeOptions {
  std::string listen = "127.0.0.1:8080";
  int threads = 2;
  int max_connections = 2048;
  int grace_seconds = 30;
  int stall_seconds = 60;
  std::string tls_cert;  // PEM files; empty: as eider.yaml says, or plain HTTP
  std::string tls_key;
  bool mask_values = false;
  std::string keys_file;  // of eider keys; empty: as eider.yaml says
  bool open = false;      // who has no key is answered, also where others reach the server
  ClientLimits client_limits;
};

// Blocks until SIGTERM or SIGINT and the end of what was in flight; a second signal cuts. Answers the exit code.
int Serve(const LakeOptions& lake, const ServeOptions& options);

}  // namespace eider
