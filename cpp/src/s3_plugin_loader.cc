#include "s3_plugin_loader.h"

#include <dlfcn.h>

#include <mutex>
#include <string>

#include "packed/error.h"

namespace packed {
namespace {

#if defined(__APPLE__)
constexpr const char* kFileName = "libarrow_packed_s3.dylib";
#else
constexpr const char* kFileName = "libarrow_packed_s3.so";
#endif

/// The directory of the addon, of libpacked.so or of the program that holds this function.
std::string OwnDirectory() {
  Dl_info info;
  if (::dladdr(reinterpret_cast<const void*>(&LoadS3Plugin), &info) == 0) return "";
  const std::string file = info.dli_fname;
  return file.substr(0, file.rfind('/') + 1);
}

arrow::Result<const S3Plugin*> Load() {
  const std::string path = OwnDirectory() + kFileName;
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    return MakeError(ErrorCode::kNotSupported,
                     std::string("Expected ") + kFileName +
                         " beside the library, for S3, but it cannot be opened: " +
                         (reason == nullptr ? "no reason given" : reason));
  }
  using Entry = const S3Plugin* (*)();
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "packed_s3_plugin"));
  if (entry == nullptr) {
    return MakeError(ErrorCode::kNotSupported, "Expected a plug-in for S3 but received '" + path +
                                                   "', which is something else");
  }
  return entry();
}

}  // namespace

arrow::Result<const S3Plugin*> LoadS3Plugin() {
  static std::mutex mutex;
  static const S3Plugin* plugin = nullptr;
  std::lock_guard lock(mutex);
  // A failure is not kept: the file may be put there meanwhile.
  if (plugin == nullptr) ARROW_RETURN_NOT_OK(Load().Value(&plugin));
  return plugin;
}

}  // namespace packed
