#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "packed/storage.h"
#include "packed/storage_metrics.h"
#include "temp_dir.h"

namespace packed::test {

/// \brief versitygw over a directory of its own, ended with this object.
class S3Server {
 public:
  /// Null where there is no server to start, with the reason in `*why`.
  static std::unique_ptr<S3Server> Start(std::string* why);
  ~S3Server();

  StorageConfig config() const;
  /// Put an object into the bucket, beside the protocol.
  void Put(const std::string& key, const std::string& content) const;
  std::string Get(const std::string& key) const;
  bool Has(const std::string& key) const;

 private:
  S3Server() = default;
  std::string ObjectPath(const std::string& key) const;

  TempDir directory_;
  int port_ = 0;
  pid_t process_ = -1;
};

/// \brief Takes connections on loopback and never says a word.
class SilentServer {
 public:
  SilentServer();
  ~SilentServer();
  StorageConfig config() const;

 private:
  int socket_ = -1;
  int port_ = 0;
};

/// A port on loopback that nobody listens on.
StorageConfig RefusingStore();

/// What the requests to `config`'s store have cost so far; zeroes before the first.
StorageMetrics MetricsOf(const StorageConfig& config);

}  // namespace packed::test
