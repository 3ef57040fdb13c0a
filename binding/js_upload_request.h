#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/buffer.h"

#include "environment.h"
#include "external_memory.h"
#include "napi_setup.h"
#include "packed/uploader.h"

namespace packed::binding {

/// A NativeUploadRequest in C++.
struct JsUploadRequest {
  const char* step;
  UploadTarget target;
  std::string upload = {};
  int number = 0;
  std::shared_ptr<arrow::Buffer> content = {};
  std::vector<std::string> tags = {};
};

/// \brief The object that a NativeUploader is called with. JS thread.
///
/// The content is not copied where the engine allows that; `lent` is then what stands behind it.
Napi::Object ToNative(Environment& environment, int64_t ticket, JsUploadRequest& request,
                      std::shared_ptr<ExternalMemory>* lent);

}  // namespace packed::binding
