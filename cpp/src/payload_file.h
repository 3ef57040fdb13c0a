#pragma once

#include <memory>
#include <string>

#include "arrow/result.h"

#include "packed/cancel.h"
#include "packed/payload.h"
#include "packed/storage.h"

namespace packed {

/// \brief A payload as a file of its own: a window of the file around it.
class PayloadFile : public ReadableFile {
 public:
  /// \brief Close the file around it until somebody reads on: thousands of payloads may wait for
  /// their turn. No read may be in flight.
  virtual void Suspend() = 0;
};

/// \brief Open a payload. kFileCorrupted when its window is not within the file.
///
/// A file that changed while it was suspended is kFileChanged. `cancel` ends requests to an object
/// store before their time.
arrow::Result<std::shared_ptr<PayloadFile>> OpenPayloadFile(const Payload& payload,
                                                            std::shared_ptr<FileStore> store,
                                                            CancelToken cancel);

}  // namespace packed
