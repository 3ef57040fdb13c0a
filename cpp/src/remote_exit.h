#pragma once

namespace packed {

/// \brief From now on, let the process end safely although remote calls may run.
///
/// Calls that wait are answered kAborted, and a moment is given to those that run. Then `finalize`
/// (may be null) takes the client down, while its statics are still there: call this after the
/// client was made, so that exit comes here before it destroys them. Where a call is stuck, neither
/// that nor the destruction of statics is possible under its thread: the process then ends on the
/// spot, with its own exit status (where the system does not tell it, musl and macOS: 1), after the
/// executor's work and the removal of partial files. Every `finalize` is registered once; any
/// thread.
void FinalizeAtExit(void (*finalize)());

}  // namespace packed
