// For the tests: a self-signed certificate and its key in PEM files of their own folder, which goes with it.
#pragma once

#include <string>

namespace eider {

class TestCertificate {
 public:
  // `days`: until it expires; may be in the past.
  explicit TestCertificate(const std::string& name = "test", int days = 1);
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  std::string cert_file() const { return folder_ + "/cert.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

// Whether these tests run over TLS: EIDER_TEST_TLS is set.
bool TestsUseTls();

}  // namespace eider
