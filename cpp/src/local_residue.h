#pragma once

#include <string>

#include "arrow/status.h"

#include "local_store.h"

namespace packed {

/// \brief Make the directory `path` and its missing parents, and remember which were missing.
///
/// The record is one for the process: two files of one new directory share it, and whichever
/// goes last takes the directory with it.
arrow::Status MakeDirectories(const std::string& path, const LocalPath& file);

/// \brief Remove `path` and its parents as far as we made them and they are empty.
void RemoveMadeDirectories(const std::string& path) noexcept;

/// \brief Forget that we made `path` and its parents: they hold a published file.
void KeepMadeDirectories(const std::string& path) noexcept;

/// \brief Force `path` to disk, and those of its parents that hold entries we made.
arrow::Status SyncDirectories(const std::string& path, const LocalPath& file);

/// \brief Have `path` unlinked when the process exits with it still registered.
///
/// For hidden files only, before they are made. kAborted once the process is exiting.
arrow::Status RegisterResidue(const std::string& path);
void UnregisterResidue(const std::string& path) noexcept;

/// \brief Unlink what is registered, as exit(3) does; for an end of the process that skips the
/// rest of exit. Nothing can be registered afterwards.
void RemoveResidue() noexcept;

}  // namespace packed
