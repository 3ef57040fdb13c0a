#include "codec_pending.h"

namespace packed {

arrow::Result<CodecStream::Step> BlockEncoder::Run(ByteView in, bool last, ByteRoom out) {
  Step step;
  while (true) {
    step.written += pending_.Give(out.subspan(step.written));
    if (!pending_.empty() || state_ == State::kEnded) return step;
    if (state_ == State::kNew) {
      Begin(pending_.Refill());
      state_ = State::kOpen;
      continue;
    }
    const ByteView rest = in.subspan(step.read);
    const ByteView taken = rest.first(std::min(block_bytes_ - block_.size(), rest.size()));
    block_.insert(block_.end(), taken.begin(), taken.end());
    step.read += static_cast<int64_t>(taken.size());
    const bool all = last && taken.size() == rest.size();
    if (block_.size() == block_bytes_ || (all && !block_.empty())) {
      ARROW_RETURN_NOT_OK(Block(block_, pending_.Refill()));
      block_.clear();
    } else if (all) {
      End(pending_.Refill());
      state_ = State::kEnded;
    } else {
      return step;
    }
  }
}

}  // namespace packed
