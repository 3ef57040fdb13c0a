#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "call.h"
#include "codec_values.h"
#include "give_bytes.h"
#include "handle_kinds.h"
#include "lend_bytes.h"
#include "operation.h"
#include "packed/codec.h"
#include "values.h"

namespace packed::binding {
namespace {

/// How many bytes are in the caller's memory, or all of them in memory of their own.
template <typename Give>
CallResult ToNative(Environment& environment, const CodecOutput& output, Give give) {
  if (output.bytes != nullptr) return give(environment, output.bytes);
  return Napi::Number::New(environment.env(), static_cast<double>(output.size));
}

CallResult GiveCopy(Environment& environment, const std::shared_ptr<arrow::Buffer>& bytes) {
  return CopyBytes(environment, *bytes);
}

/// What an operation works on. Its memory is given back on the JS thread.
struct Lent {
  std::shared_ptr<BorrowedMemory> memory;
  ByteView src;
  std::optional<ByteRoom> target;
};

arrow::Result<Lent> Lend(const Call& call, Napi::Value src, Napi::Value target) {
  Lent lent;
  lent.memory = std::make_shared<BorrowedMemory>(call.environment().shared_from_this());
  ARROW_ASSIGN_OR_RAISE(lent.src, LendBytes(src, "src", lent.memory.get()));
  ARROW_ASSIGN_OR_RAISE(lent.target, LendTarget(target, lent.memory.get()));
  return lent;
}

/// Start `run(src, target, cancel)`, whose memory is lent until it settles.
template <typename Run>
CallResult StartOverBytes(const Call& call, Lent lent, Napi::Value flag, Napi::Value done,
                          Run run) {
  ARROW_ASSIGN_OR_RAISE(const auto cancel, FromHandle<CancelToken>(flag));
  auto execute = [run = std::move(run), src = lent.src, target = lent.target, cancel = *cancel] {
    return run(src, target, cancel);
  };
  auto settle = [memory = std::move(lent.memory)](Environment& environment,
                                                  const CodecOutput& output) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    return ToNative(environment, output, GiveBytes);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), done,
                            MakeOperation(*cancel, std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

}  // namespace

CallResult CodecNew(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto name, Read<std::string>(call[0], "codec"));
  auto codec = std::make_shared<ByteCodec>();
  ARROW_ASSIGN_OR_RAISE(codec->kind, CodecKindOf(name));
  if (!call[1].IsNull()) {
    ARROW_ASSIGN_OR_RAISE(codec->dictionary, FromHandle<CodecDictionary>(call[1]));
  }
  ARROW_RETURN_NOT_OK(CheckByteCodec(*codec));
  return MakeHandle(call.env(), std::move(codec));
}

CallResult CodecBound(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto codec, FromHandle<ByteCodec>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const auto bytes, Read<int64_t>(call[1], "bytes"));
  ARROW_ASSIGN_OR_RAISE(const int64_t bound, CompressBound(codec->kind, bytes));
  return Napi::Number::New(call.env(), static_cast<double>(bound));
}

CallResult CodecEncodeSync(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const ByteCodec codec, ReadCodecAt(call[0], call[1]));
  ARROW_ASSIGN_OR_RAISE(const ByteView src, ReadBytes(call[2], "src"));
  ARROW_ASSIGN_OR_RAISE(const auto target, ReadTarget(call[3]));
  ARROW_ASSIGN_OR_RAISE(const auto output, EncodeBytes(codec, src, target, CancelToken()));
  return ToNative(call.environment(), output, GiveCopy);
}

CallResult CodecDecodeSync(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto codec, FromHandle<ByteCodec>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const auto most, Read<int64_t>(call[1], "maxBytes"));
  ARROW_ASSIGN_OR_RAISE(const ByteView src, ReadBytes(call[2], "src"));
  ARROW_ASSIGN_OR_RAISE(const auto target, ReadTarget(call[3]));
  ARROW_ASSIGN_OR_RAISE(const auto output, DecodeBytes(*codec, src, target, most, CancelToken()));
  return ToNative(call.environment(), output, GiveCopy);
}

CallResult CodecEncode(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(ByteCodec codec, ReadCodecAt(call[0], call[1]));
  ARROW_ASSIGN_OR_RAISE(Lent lent, Lend(call, call[2], call[3]));
  auto run = [codec = std::move(codec)](ByteView src, std::optional<ByteRoom> target,
                                        const CancelToken& cancel) {
    return EncodeBytes(codec, src, target, cancel);
  };
  return StartOverBytes(call, std::move(lent), call[4], call[5], std::move(run));
}

CallResult CodecDecode(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto codec, FromHandle<ByteCodec>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const auto most, Read<int64_t>(call[1], "maxBytes"));
  ARROW_ASSIGN_OR_RAISE(Lent lent, Lend(call, call[2], call[3]));
  auto run = [codec = std::move(codec), most](ByteView src, std::optional<ByteRoom> target,
                                              const CancelToken& cancel) {
    return DecodeBytes(*codec, src, target, most, cancel);
  };
  return StartOverBytes(call, std::move(lent), call[4], call[5], std::move(run));
}

}  // namespace packed::binding
