#pragma once

#include <memory>
#include <string>

#include "arrow/result.h"

#include "packed/storage.h"
#include "packed/uploader.h"
#include "upload_budget.h"

namespace packed {

/// \brief Start a file that an uploader puts into an object store.
///
/// Parts are sent while the file is written, each as soon as it is full; a file of one part or
/// less is put in one piece, by Publish. Nothing is asked of the store before that. A part is
/// `config.multipart_part_bytes` long to begin with (see PartSchedule), and `budget`, shared by the
/// files of a writer, bounds what is on its way.
///
/// Seal waits until the store has every part, Publish makes the object of them. Unpublish removes
/// the object: what stood at the key before is lost by then, a store has no place to keep it.
/// Discard gives the upload up, as soon as no part of it is on its way any more. Errors name
/// `given_path`.
arrow::Result<std::unique_ptr<PendingFile>> CreateUploadFile(UploadTarget target,
                                                             std::string given_path,
                                                             const StorageConfig& config,
                                                             std::shared_ptr<Uploader> uploader,
                                                             std::shared_ptr<UploadBudget> budget);

}  // namespace packed
