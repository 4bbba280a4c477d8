// What TLS adds; that HTTP is the same over it is told by all other tests, which run over it too (EIDER_TEST_TLS).
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <filesystem>

#include "server/server_fixture.h"
#include "server/tls.h"

namespace eider {
namespace {

class ServerTlsTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    options_.tls_cert = certificate_.cert_file();
    options_.tls_key = certificate_.key_file();
  }

  TestClient ConnectTls(int receive_buffer = 0) { return TestClient(server_->port(), receive_buffer, true); }

  static std::string Wrong(const std::string& cert, const std::string& key) {
    const auto status = TlsContext(cert, key).Load();
    EXPECT_FALSE(status.ok());
    return status.ok() ? "" : status.error().message;
  }
};

TEST_F(ServerTlsTest, AClientThatSpeaksHttpIsToldSo) {
  StartEcho();
  TestClient client(server_->port(), 0, false);
  client.Get("/");
  const auto reply = client.ReadReply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("https://"), std::string::npos);
  EXPECT_EQ(server_->stats().tls_failures, 1u);
}

TEST_F(ServerTlsTest, AHandshakeThatDoesNotComeIsCut) {
  options_.handshake_timeout = std::chrono::milliseconds(50);
  StartEcho();
  TestClient client(server_->port(), 0, false);
  client.Send(std::string_view("\x16\x03\x01\x02\x00", 5));  // a record's head, and nothing behind it
  std::string rest;
  client.ReadToEnd(rest);
  EXPECT_EQ(rest, "");
  EXPECT_EQ(server_->stats().tls_failures, 1u);
}

TEST_F(ServerTlsTest, AStopWaitsForNoHandshake) {
  StartEcho();
  TestClient client(server_->port(), 0, false);
  client.Send("\x16");
  TestClient other = ConnectTls();  // so the first has been accepted
  other.Get("/");
  EXPECT_EQ(other.ReadReply().status, 200);
  server_->Stop(kTestPatience);
  Join();
  std::string rest;
  EXPECT_NE(client.ReadToEnd(rest), TestClient::End::kPatience);
}

TEST_F(ServerTlsTest, LargeBodiesToReadersThatTakeLittle) {
  const std::uint64_t size = 3'000'000;
  Start([&](Request, Reply reply) { reply(BodyResponse(std::make_unique<PatternBody>(size))); });
  TestClient client = ConnectTls(4096);
  client.Get("/");
  const auto reply = client.ReadReply();
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(reply.body == PatternBody::All(size));
}

TEST_F(ServerTlsTest, AnotherCertificateIsForConnectionsToCome) {
  StartEcho();
  TestClient before = ConnectTls();
  EXPECT_EQ(before.PeerName(), "test");
  const TestCertificate next("next");
  for (const bool key : {true, false}) {  // one after the other, as files are replaced
    std::filesystem::copy_file(key ? next.key_file() : next.cert_file(),
                               key ? certificate_.key_file() : certificate_.cert_file(),
                               std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(server_->ReloadCertificate().ok(), !key) << "half of a pair changes nothing";
    EXPECT_EQ(ConnectTls().PeerName(), key ? "test" : "next");
  }
  before.Get("/still");
  EXPECT_EQ(before.ReadReply().status, 200);
}

TEST_F(ServerTlsTest, SaysWhatIsWrongWithItsFiles) {
  const TestCertificate other("other");
  const TestCertificate old("old", -1);
  const std::string cert = certificate_.cert_file();
  const std::string key = certificate_.key_file();
  EXPECT_NE(Wrong("", key).find("--tls-cert is missing"), std::string::npos);
  EXPECT_NE(Wrong(cert, "").find("--tls-key is missing"), std::string::npos);
  EXPECT_NE(Wrong("/no/such.pem", key).find("cannot read '/no/such.pem'"), std::string::npos);
  EXPECT_NE(Wrong(cert, "/no/such.pem").find("cannot read '/no/such.pem'"), std::string::npos);
  EXPECT_NE(Wrong(key, key).find("no certificate in PEM"), std::string::npos);
  EXPECT_NE(Wrong(cert, cert).find("no private key in PEM"), std::string::npos);
  EXPECT_NE(Wrong(cert, other.key_file()).find("is not that of the certificate"), std::string::npos);
  EXPECT_NE(Wrong(old.cert_file(), old.key_file()).find("has expired"), std::string::npos);
  options_.tls_key = other.key_file();
  const auto listening = Server::Listen(options_, *this);
  ASSERT_FALSE(listening.ok());
  EXPECT_EQ(listening.error().kind, ErrorKind::kInvalid);
}

TEST_F(ServerTlsTest, AnEncryptedKeyIsNotAskedAboutOnTheTerminal) {
  std::FILE* file = std::fopen(certificate_.key_file().c_str(), "r");
  EVP_PKEY* key = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  file = std::fopen(certificate_.key_file().c_str(), "w");
  std::string passphrase = "passphrase";
  PEM_write_PKCS8PrivateKey(file, key, EVP_aes_128_cbc(), passphrase.data(), static_cast<int>(passphrase.size()),
                            nullptr, nullptr);
  std::fclose(file);
  EVP_PKEY_free(key);
  EXPECT_NE(Wrong(certificate_.cert_file(), certificate_.key_file()).find("is encrypted"), std::string::npos);
}

}  // namespace
}  // namespace eider
