#pragma once

#include <memory>

#include "arrow/result.h"

#include "environment.h"
#include "napi_setup.h"
#include "packed/cancel.h"
#include "packed/storage.h"
#include "packed/uploader.h"

namespace packed::binding {

/// \brief An uploader whose steps a NativeUploader of JavaScript takes. JS thread.
///
/// Its blocking calls are for pool threads; each ends when JavaScript answers, or with kAborted
/// when the environment ends or `cancel` is raised. Complete, Put and Remove of a cancelled writer
/// wait for their outcome all the same, `config.retry_timeout_ms` and a little at most. An upload
/// or object that a late answer names is given up again, and an upload is only given up when all
/// its parts have been answered.
///
/// The requests alone do not keep the event loop alive: operations do, and what JavaScript makes of
/// the requests. An upload that is open when the environment ends stays open in the store.
std::shared_ptr<Uploader> MakeJsUploader(Environment& environment, Napi::Function handler,
                                         CancelToken cancel, const StorageConfig& config);

}  // namespace packed::binding
