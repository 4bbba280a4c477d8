// For the tests: a server on a free port with a handler and bodies that do what the test says, when it says so.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/scripted_body.h"
#include "base/log.h"
#include "server/server.h"
#include "server/test_certificate.h"
#include "server/test_client.h"

namespace eider {

inline Response TextResponse(std::string text) {
  Response response;
  response.Set("Content-Type", "text/plain");
  response.text = std::move(text);
  return response;
}

inline Response BodyResponse(std::unique_ptr<Body> body) {
  Response response;
  response.body = std::move(body);
  return response;
}

class ServerTest : public ::testing::Test, public Handler {
 protected:
  using Serve = std::function<void(Request, Reply)>;

  void SetUp() override {
    SetLogLevel(LogLevel::kOff);
    signal(SIGPIPE, SIG_IGN);
    if (!TestsUseTls()) return;
    options_.tls_cert = certificate_.cert_file();
    options_.tls_key = certificate_.key_file();
  }
  void TearDown() override {
    StopAndWait();
    SetLogLevel(LogLevel::kInfo);
  }

  void Handle(Request request, Reply reply) override { serve_(std::move(request), std::move(reply)); }

  void Start(Serve serve) {
    serve_ = std::move(serve);
    auto listening = Server::Listen(options_, *this);
    ASSERT_TRUE(listening.ok()) << listening.error().message;
    server_ = std::move(*listening);
    runner_ = std::thread([this] { server_->Run(); });
  }

  // Answers every request with its method, path, query and body.
  void StartEcho() {
    Start([](Request request, Reply reply) {
      reply(TextResponse(request.method + " " + request.path + " " + request.query + " " + request.body));
    });
  }

  // Answers every request with a body that follows script_.
  void StartScripted(bool want_trailers = false) {
    Start([this, want_trailers](Request, Reply reply) {
      Response response = BodyResponse(std::make_unique<ScriptedBody>(script_));
      response.want_trailers = want_trailers;
      reply(std::move(response));
    });
  }

  void Join() {
    if (runner_.joinable()) runner_.join();
  }

  void StopAndWait() {
    if (server_ && runner_.joinable()) server_->Stop(std::chrono::milliseconds(0));
    Join();
  }

  TestClient Connect(int receive_buffer = 0) { return TestClient(server_->port(), receive_buffer); }

  TestCertificate certificate_;
  ServerOptions options_;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::unique_ptr<Server> server_;

 private:
  Serve serve_;
  std::thread runner_;
};

}  // namespace eider
