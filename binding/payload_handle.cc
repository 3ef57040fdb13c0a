#include <memory>
#include <utility>
#include <vector>

#include "batch_import.h"
#include "call.h"
#include "give_bytes.h"
#include "handle_kinds.h"
#include "open_reader.h"
#include "operation.h"
#include "packed/payload.h"
#include "payload_options.h"
#include "values.h"
#include "writer_options.h"

namespace packed::binding {
namespace {

arrow::Result<PayloadEncoding> ReadEncoding(Napi::Object object) {
  PayloadEncoding encoding;
  ARROW_ASSIGN_OR_RAISE(auto codec, ReadMember<Napi::Object>(object, "compression"));
  ARROW_ASSIGN_OR_RAISE(encoding.codec, ReadCodec(codec));
  ARROW_ASSIGN_OR_RAISE(encoding.dictionary, ReadMember<bool>(object, "dictionary"));
  return encoding;
}

}  // namespace

CallResult PayloadEncode(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto natives, Read<Napi::Array>(call[1], "batches"));
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[2], "options"));
  ARROW_ASSIGN_OR_RAISE(const PayloadEncoding encoding, ReadEncoding(options));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (uint32_t i = 0; i < natives.Length(); ++i) {
    const Napi::HandleScope scope(call.env());
    ARROW_ASSIGN_OR_RAISE(auto native, Read<Napi::Object>(natives.Get(i), "batches"));
    ARROW_ASSIGN_OR_RAISE(auto batch, ImportAsRecordBatch(call.environment(), native, schema,
                                                          /*copy=*/true));
    batches.push_back(std::move(batch));
  }
  auto execute = [schema = std::move(schema), batches = std::move(batches), encoding] {
    return EncodePayload(schema, batches, encoding);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[3],
                            MakeOperation(CancelToken(), std::move(execute), GiveBytes)));
  return call.env().Undefined();
}

CallResult PayloadOpen(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[1], "options"));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[2]));
  ARROW_ASSIGN_OR_RAISE(PayloadSettings settings, ReadPayloadSettings(call.environment(), options));
  settings.options.cancel = *token;

  auto execute = [schema = std::move(schema), settings = std::move(settings),
                  cancel = *token]() mutable -> arrow::Result<OpenedReader> {
    ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(settings.storage));
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenPayloads(std::move(schema), std::move(settings.columns),
                                                    std::move(settings.options), std::move(store)));
    auto reader = std::make_shared<OpenReader>(std::move(opened.source), std::move(opened.meter),
                                               std::move(cancel));
    return OpenedReader{std::move(reader), opened.rows, {}};
  };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[3], MakeOperation(*token, std::move(execute), SettleOpened)));
  return call.env().Undefined();
}

}  // namespace packed::binding
