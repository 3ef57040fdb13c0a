#include "writer_options.h"

#include <optional>
#include <string>
#include <utility>

#include "key_options.h"
#include "packed/error.h"
#include "storage_options.h"
#include "uploader_bridge.h"
#include "values.h"

namespace packed::binding {
namespace {

struct NamedCodec {
  const char* name;
  arrow::Compression::type type;
};

constexpr NamedCodec kCodecs[] = {
    {"zstd", arrow::Compression::ZSTD},     {"snappy", arrow::Compression::SNAPPY},
    {"gzip", arrow::Compression::GZIP},     {"lz4", arrow::Compression::LZ4},
    {"brotli", arrow::Compression::BROTLI}, {"uncompressed", arrow::Compression::UNCOMPRESSED},
};

struct NamedEncoding {
  const char* name;
  ColumnEncoding encoding;
};

constexpr NamedEncoding kEncodings[] = {
    {"plain", ColumnEncoding::kPlain},
    {"dictionary", ColumnEncoding::kDictionary},
    {"deltaBinaryPacked", ColumnEncoding::kDeltaBinaryPacked},
    {"deltaLengthByteArray", ColumnEncoding::kDeltaLengthByteArray},
    {"deltaByteArray", ColumnEncoding::kDeltaByteArray},
    {"byteStreamSplit", ColumnEncoding::kByteStreamSplit},
};

}  // namespace

arrow::Result<Codec> ReadCodec(Napi::Object object) {
  ARROW_ASSIGN_OR_RAISE(const auto name, ReadMember<std::string>(object, "codec"));
  ARROW_ASSIGN_OR_RAISE(const auto level, ReadOptional<int32_t>(object, "level"));
  for (const NamedCodec& known : kCodecs) {
    if (name == known.name) return Codec{known.type, level};
  }
  return Unexpected("a codec of Parquet", "codec", object.Get("codec"));
}

namespace {

arrow::Result<std::optional<Codec>> ReadOptionalCodec(Napi::Object object, const char* name) {
  ARROW_ASSIGN_OR_RAISE(auto native, ReadOptional<Napi::Object>(object, name));
  if (!native.has_value()) return std::optional<Codec>();
  ARROW_ASSIGN_OR_RAISE(Codec codec, ReadCodec(*native));
  return std::optional<Codec>(codec);
}

arrow::Status ReadGroup(Napi::Object object, std::vector<ColumnGroup>* groups) {
  ColumnGroup group;
  ARROW_ASSIGN_OR_RAISE(const BigInteger id, ReadMember<BigInteger>(object, "id"));
  group.id = id.value;
  ARROW_ASSIGN_OR_RAISE(group.path, ReadMember<std::string>(object, "path"));
  ARROW_ASSIGN_OR_RAISE(group.columns, ReadList<int32_t>(object, "columns"));
  ARROW_ASSIGN_OR_RAISE(group.metadata, ReadPairs(object, "metadata"));
  groups->push_back(std::move(group));
  return arrow::Status::OK();
}

arrow::Status ReadEncoding(Napi::Object object, ColumnOptions* column) {
  ARROW_ASSIGN_OR_RAISE(const auto name, ReadOptional<std::string>(object, "encoding"));
  if (!name.has_value()) return arrow::Status::OK();
  for (const NamedEncoding& known : kEncodings) {
    if (*name != known.name) continue;
    column->encoding = known.encoding;
    return arrow::Status::OK();
  }
  return Unexpected("an encoding of Parquet", "encoding", object.Get("encoding"));
}

arrow::Status ReadColumn(Napi::Object object, WriterOptions* options) {
  ARROW_ASSIGN_OR_RAISE(std::string name, ReadMember<std::string>(object, "name"));
  ColumnOptions column;
  ARROW_ASSIGN_OR_RAISE(column.codec, ReadOptionalCodec(object, "compression"));
  ARROW_RETURN_NOT_OK(ReadEncoding(object, &column));
  ARROW_ASSIGN_OR_RAISE(column.level, ReadOptional<int32_t>(object, "level"));
  ARROW_ASSIGN_OR_RAISE(column.vector_dim, ReadOptional<int32_t>(object, "dim"));
  options->columns[std::move(name)] = column;
  return arrow::Status::OK();
}

arrow::Result<QuantizeField> ReadQuantized(Napi::Object object) {
  QuantizeField field;
  ARROW_ASSIGN_OR_RAISE(field.field, ReadMember<std::string>(object, "field"));
  ARROW_ASSIGN_OR_RAISE(field.name, ReadMember<std::string>(object, "name"));
  ARROW_ASSIGN_OR_RAISE(const BigInteger id, ReadMember<BigInteger>(object, "fieldId"));
  field.field_id = id.value;
  ARROW_ASSIGN_OR_RAISE(field.keep_original, ReadMember<bool>(object, "keepOriginal"));
  ARROW_ASSIGN_OR_RAISE(field.dim, ReadOptional<int32_t>(object, "dim"));
  ARROW_ASSIGN_OR_RAISE(const auto max_abs, ReadOptional<double>(object, "maxAbs"));
  if (max_abs) {
    field.max_abs = static_cast<float>(*max_abs);
    return field;
  }
  ARROW_ASSIGN_OR_RAISE(field.scale_name, ReadMember<std::string>(object, "scaleName"));
  ARROW_ASSIGN_OR_RAISE(const BigInteger scale_id, ReadMember<BigInteger>(object, "scaleFieldId"));
  field.scale_field_id = scale_id.value;
  return field;
}

}  // namespace

const char* NameOf(ColumnEncoding encoding) {
  for (const NamedEncoding& known : kEncodings) {
    if (known.encoding == encoding) return known.name;
  }
  return "";
}

arrow::Status ReadColumnChoices(Napi::Object object, WriterOptions* options) {
  ARROW_ASSIGN_OR_RAISE(options->dictionary_threshold,
                        ReadOptional<double>(object, "dictionaryThreshold"));
  ARROW_ASSIGN_OR_RAISE(options->delta_encoding, ReadMember<bool>(object, "deltaEncoding"));
  return ForEachObject(object, "columns",
                       [options](Napi::Object column) { return ReadColumn(column, options); });
}

namespace {

arrow::Result<Compatibility> ReadCompatibility(Napi::Object object) {
  ARROW_ASSIGN_OR_RAISE(const auto name, ReadMember<std::string>(object, "compatibility"));
  if (name == "current") return Compatibility::kCurrent;
  if (name == "milvus-2.6") return Compatibility::kMilvus2_6;
  return Unexpected("'current' or 'milvus-2.6'", "compatibility", object.Get("compatibility"));
}

arrow::Result<Layout> ReadLayout(Napi::Object object) {
  ARROW_ASSIGN_OR_RAISE(const auto name, ReadMember<std::string>(object, "layout"));
  if (name == "milvus") return Layout::kMilvus;
  if (name == "fast") return Layout::kFast;
  if (name == "small") return Layout::kSmall;
  return Unexpected("'milvus', 'fast' or 'small'", "layout", object.Get("layout"));
}

arrow::Result<WriterOptions> ReadOptions(Napi::Object object) {
  WriterOptions options;
  ARROW_ASSIGN_OR_RAISE(options.layout, ReadLayout(object));
  ARROW_ASSIGN_OR_RAISE(options.compatibility, ReadCompatibility(object));
  ARROW_ASSIGN_OR_RAISE(auto codec, ReadMember<Napi::Object>(object, "compression"));
  ARROW_ASSIGN_OR_RAISE(options.codec, ReadCodec(codec));
  ARROW_ASSIGN_OR_RAISE(options.vector_codec, ReadOptionalCodec(object, "vectors"));
  ARROW_RETURN_NOT_OK(ReadColumnChoices(object, &options));
  ARROW_ASSIGN_OR_RAISE(options.row_group_bytes, ReadMember<int64_t>(object, "rowGroupBytes"));
  ARROW_ASSIGN_OR_RAISE(options.buffer_bytes, ReadMember<int64_t>(object, "bufferBytes"));
  ARROW_ASSIGN_OR_RAISE(options.user_metadata, ReadPairs(object, "userMetadata"));
  ARROW_RETURN_NOT_OK(ForEachObject(object, "quantize", [&options](Napi::Object native) {
    ARROW_ASSIGN_OR_RAISE(auto field, ReadQuantized(native));
    options.quantize.push_back(std::move(field));
    return arrow::Status::OK();
  }));
  ARROW_ASSIGN_OR_RAISE(options.quantization, ReadMember<std::string>(object, "quantization"));
  ARROW_ASSIGN_OR_RAISE(const bool replace, ReadMember<bool>(object, "replace"));
  options.if_exists = replace ? IfExists::kReplace : IfExists::kError;
  ARROW_ASSIGN_OR_RAISE(options.fsync, ReadMember<bool>(object, "fsync"));
  ARROW_ASSIGN_OR_RAISE(options.concurrency, ReadMember<int32_t>(object, "concurrency"));
  ARROW_ASSIGN_OR_RAISE(options.page_bytes, ReadMember<int64_t>(object, "pageBytes"));
  ARROW_ASSIGN_OR_RAISE(auto encryption, ReadOptional<Napi::Object>(object, "encryption"));
  if (encryption.has_value()) {
    ARROW_ASSIGN_OR_RAISE(options.encryption, ReadEncryption(*encryption));
  }
  return options;
}

arrow::Status ReadUploader(Environment& environment, Napi::Object options,
                           WriterSettings* settings) {
  if (settings->storage.storage_type == "local") return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto handler, ReadMember<Napi::Function>(options, "uploader"));
  settings->uploader =
      MakeJsUploader(environment, handler, settings->options.cancel, settings->storage);
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<WriterSettings> ReadWriterSettings(Environment& environment, Napi::Object options,
                                                 const CancelToken& cancel) {
  WriterSettings settings;
  ARROW_RETURN_NOT_OK(ForEachObject(options, "groups", [&settings](Napi::Object group) {
    return ReadGroup(group, &settings.groups);
  }));
  ARROW_ASSIGN_OR_RAISE(settings.options, ReadOptions(options));
  ARROW_ASSIGN_OR_RAISE(auto storage, ReadMember<Napi::Object>(options, "storage"));
  ARROW_ASSIGN_OR_RAISE(settings.storage, ReadStorage(storage));
  settings.options.cancel = cancel;
  ARROW_RETURN_NOT_OK(ReadUploader(environment, options, &settings));
  return settings;
}

}  // namespace packed::binding
