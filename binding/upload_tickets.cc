#include "upload_tickets.h"

#include <utility>

#include "packed/error.h"

namespace packed::binding {
namespace {

using Settle = std::function<void(UploadAnswer)>;

arrow::Status Interrupted() { return MakeError(ErrorCode::kAborted, "The upload was aborted"); }

}  // namespace

std::optional<int64_t> UploadTickets::Open(Request request) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_ && !(request.interruptible && request.cancel.cancelled())) {
      const int64_t ticket = next_ticket_++;
      const bool settled = request.settle == nullptr;
      entries_.emplace(ticket, Entry{std::move(request), settled});
      return ticket;
    }
  }
  if (request.settle != nullptr) request.settle(Interrupted());
  return std::nullopt;
}

bool UploadTickets::IsWanted(int64_t ticket) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(ticket);
  return entry != entries_.end() &&
         (!entry->second.settled || entry->second.request.settle == nullptr);
}

void UploadTickets::Answer(int64_t ticket, const UploadAnswer& answer) {
  std::unique_lock lock(mutex_);
  const auto found = entries_.find(ticket);
  if (found == entries_.end()) return;
  const Entry entry = std::move(found->second);
  entries_.erase(found);
  lock.unlock();
  if (entry.request.answered != nullptr) entry.request.answered(entry.settled, answer);
  if (!entry.settled) entry.request.settle(answer);
}

void UploadTickets::InterruptCancelled() {
  std::vector<Settle> settles;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [ticket, entry] : entries_) {
      const Request& request = entry.request;
      if (entry.settled || !request.interruptible || !request.cancel.cancelled()) continue;
      entry.settled = true;
      settles.push_back(request.settle);
    }
  }
  for (const Settle& settle : settles) settle(Interrupted());
}

void UploadTickets::Interrupt(int64_t ticket) {
  Settle settle;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(ticket);
    if (entry == entries_.end() || std::exchange(entry->second.settled, true)) return;
    settle = entry->second.request.settle;
  }
  settle(Interrupted());
}

void UploadTickets::Close() {
  std::unordered_map<int64_t, Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    entries.swap(entries_);
  }
  for (const auto& [ticket, entry] : entries) {
    if (!entry.settled) entry.request.settle(Interrupted());
  }
}

}  // namespace packed::binding
