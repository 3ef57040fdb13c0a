#include "remote_support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace packed::test {
namespace {

constexpr const char* kBucket = "segments";
constexpr const char* kAccessKey = "testkey123";
constexpr const char* kSecretKey = "testsecret123";

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A socket that is bound to a port of its own choice.
int BoundSocket(int* port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), length);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  *port = ntohs(address.sin_port);
  return socket;
}

int FreePort() {
  int port = 0;
  ::close(BoundSocket(&port));
  return port;
}

bool Answers(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(port);
  const bool connected =
      ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(socket);
  return connected;
}

StorageConfig StoreAt(int port) {
  StorageConfig config;
  config.storage_type = "minio";
  config.address = "127.0.0.1:" + std::to_string(port);
  config.bucket_name = kBucket;
  config.access_key_id = kAccessKey;
  config.access_key_value = kSecretKey;
  return config;
}

/// The folder of the servers: $PACKED_TEST_SERVERS, else the one that scripts/fetch-servers fills.
std::string ServerBinary() {
  const char* folder = std::getenv("PACKED_TEST_SERVERS");
  return std::string(folder != nullptr ? folder : PACKED_TEST_SERVERS) + "/versitygw";
}

/// Replaces the forked child; it dies with its parent.
[[noreturn]] void RunServer(const std::string& binary, const std::string& port,
                            const std::string& iam, const std::string& data) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setenv("ROOT_ACCESS_KEY", kAccessKey, 1);
  ::setenv("ROOT_SECRET_KEY", kSecretKey, 1);
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(null, fd);
  ::execl(binary.c_str(), binary.c_str(), "--port", port.c_str(), "--quiet", "--iam-dir",
          iam.c_str(), "posix", data.c_str(), nullptr);
  ::_exit(127);
}

}  // namespace

std::unique_ptr<S3Server> S3Server::Start(std::string* why) {
  const std::string binary = ServerBinary();
  if (::access(binary.c_str(), X_OK) != 0) {
    *why = "there is no versitygw to start (scripts/fetch-servers)";
    return nullptr;
  }
  std::unique_ptr<S3Server> server(new S3Server());
  const std::string iam = server->directory_ / "iam";
  const std::string data = server->directory_ / "data";
  std::filesystem::create_directories(iam);
  std::filesystem::create_directories(data + "/" + kBucket);
  server->port_ = FreePort();
  const std::string port = "127.0.0.1:" + std::to_string(server->port_);
  server->process_ = ::fork();
  if (server->process_ == 0) RunServer(binary, port, iam, data);
  for (int i = 0; i < 500 && !Answers(server->port_); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (Answers(server->port_)) return server;
  *why = "versitygw does not start";
  return nullptr;
}

S3Server::~S3Server() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

StorageConfig S3Server::config() const { return StoreAt(port_); }

std::string S3Server::ObjectPath(const std::string& key) const {
  return directory_ / (std::string("data/") + kBucket + "/" + key);
}

void S3Server::Put(const std::string& key, const std::string& content) const {
  const std::filesystem::path path = ObjectPath(key);
  std::filesystem::create_directories(path.parent_path());
  TempDir::Write(path.string(), content);
}

std::string S3Server::Get(const std::string& key) const { return TempDir::Read(ObjectPath(key)); }

bool S3Server::Has(const std::string& key) const {
  return std::filesystem::exists(ObjectPath(key));
}

SilentServer::SilentServer() {
  socket_ = BoundSocket(&port_);
  ::listen(socket_, 100);
}

SilentServer::~SilentServer() { ::close(socket_); }

StorageConfig SilentServer::config() const { return StoreAt(port_); }

StorageConfig RefusingStore() { return StoreAt(FreePort()); }

StorageMetrics MetricsOf(const StorageConfig& config) {
  for (const StorageMetrics& metrics : SnapshotStorageMetrics()) {
    if (metrics.filesystem == config.address + "/" + config.bucket_name) return metrics;
  }
  return {};
}

}  // namespace packed::test
