#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "arrow/buffer.h"

#include "call.h"
#include "codec_values.h"
#include "give_bytes.h"
#include "handle_kinds.h"
#include "lend_bytes.h"
#include "operation.h"
#include "packed/codec.h"
#include "packed/memory.h"
#include "strand.h"
#include "values.h"

namespace packed::binding {
namespace {

/// Given out by one step at most: what a stream holds, however much little input becomes.
constexpr int64_t kOutputBytes = 256 << 10;

/// \brief A stream, shared by its handle and by its steps, which the strand runs in call order.
struct OpenCodecStream {
  OpenCodecStream(std::unique_ptr<CodecStream> opened, int64_t most, CancelToken token)
      : stream(std::move(opened)), most_bytes(most), cancel(std::move(token)) {}

  const std::unique_ptr<CodecStream> stream;
  const int64_t most_bytes;
  const CancelToken cancel;
  const std::shared_ptr<Strand> strand = std::make_shared<Strand>();
  int64_t given_bytes = 0;
};

}  // namespace

template <>
struct HandleKind<OpenCodecStream> {
  static constexpr const char* kName = "codec stream";
  static constexpr napi_type_tag kTag{0x5ae3d10b96f74c82, 0xbd207f41c6953e18};
};

namespace {

struct StepOutcome {
  std::shared_ptr<arrow::ResizableBuffer> output;
  int64_t read = 0;
  bool more = false;  ///< the step ended because its output was full
};

arrow::Status CountGiven(OpenCodecStream* open, int64_t bytes) {
  open->given_bytes += bytes;
  if (open->given_bytes <= open->most_bytes) return arrow::Status::OK();
  return DecodesToMore(open->most_bytes);
}

arrow::Result<StepOutcome> RunStep(OpenCodecStream* open, ByteView in, bool last) {
  StepOutcome outcome;
  ARROW_ASSIGN_OR_RAISE(outcome.output, arrow::AllocateResizableBuffer(kOutputBytes, Pool()));
  int64_t written = 0;
  CodecStream::Step step;
  do {
    ARROW_RETURN_NOT_OK(open->cancel.Check());
    const ByteRoom room(outcome.output->mutable_data() + written, kOutputBytes - written);
    ARROW_ASSIGN_OR_RAISE(step, open->stream->Run(in.subspan(outcome.read), last, room));
    outcome.read += step.read;
    written += step.written;
  } while (written < kOutputBytes && (step.read > 0 || step.written > 0));
  ARROW_RETURN_NOT_OK(CountGiven(open, written));
  outcome.more = written == kOutputBytes;
  if (last && !outcome.more) ARROW_RETURN_NOT_OK(open->stream->CheckEnd());
  ARROW_RETURN_NOT_OK(outcome.output->Resize(written, /*shrink_to_fit=*/true));
  return outcome;
}

CallResult MakeStreamHandle(const Call& call, std::unique_ptr<CodecStream> stream, int64_t most,
                            Napi::Value flag) {
  ARROW_ASSIGN_OR_RAISE(const auto cancel, FromHandle<CancelToken>(flag));
  return MakeHandle(call.env(),
                    std::make_shared<OpenCodecStream>(std::move(stream), most, *cancel));
}

}  // namespace

CallResult CodecReaderNew(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto codec, FromHandle<ByteCodec>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const auto most, Read<int64_t>(call[1], "maxBytes"));
  ARROW_ASSIGN_OR_RAISE(auto stream, CodecStream::Decoder(*codec));
  return MakeStreamHandle(call, std::move(stream), most, call[2]);
}

CallResult CodecWriterNew(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const ByteCodec codec, ReadCodecAt(call[0], call[1]));
  ARROW_ASSIGN_OR_RAISE(const auto block_bytes, Read<int64_t>(call[2], "blockBytes"));
  if (block_bytes <= 0) return Unexpected("a number of bytes", "blockBytes", call[2]);
  ARROW_ASSIGN_OR_RAISE(auto stream, CodecStream::Encoder(codec, block_bytes));
  return MakeStreamHandle(call, std::move(stream), std::numeric_limits<int64_t>::max(), call[3]);
}

CallResult CodecStreamStep(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto open, FromHandle<OpenCodecStream>(call[0]));
  auto memory = std::make_shared<BorrowedMemory>(call.environment().shared_from_this());
  ARROW_ASSIGN_OR_RAISE(const ByteView in, LendBytes(call[1], "chunk", memory.get()));
  ARROW_ASSIGN_OR_RAISE(const bool last, Read<bool>(call[2], "last"));
  Strand* const strand = open->strand.get();
  const CancelToken cancel = open->cancel;
  auto execute = [open = std::move(open), in, last] { return RunStep(open.get(), in, last); };
  auto settle = [memory = std::move(memory)](Environment& environment,
                                             const StepOutcome& outcome) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    Napi::Object native = Napi::Object::New(environment.env());
    ARROW_ASSIGN_OR_RAISE(const Napi::Value output, GiveBytes(environment, outcome.output));
    native.Set("output", output);
    native.Set("read", static_cast<double>(outcome.read));
    native.Set("more", outcome.more);
    return native;
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[3],
                            MakeOperation(cancel, std::move(execute), std::move(settle)), strand));
  return call.env().Undefined();
}

}  // namespace packed::binding
