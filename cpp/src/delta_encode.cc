#include "delta_encode.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "arrow/buffer_builder.h"
#include "arrow/util/checked_cast.h"
#include "parquet/encoding.h"

#include "packed/memory.h"
#include "page_encode.h"
#include "valid_runs.h"

namespace packed {
namespace {

using arrow::ArrayVector;
using arrow::Buffer;
using arrow::Result;
using arrow::Status;
using arrow::internal::checked_cast;
using Bytes = arrow::TypedBufferBuilder<uint8_t>;
using Lengths = std::vector<int32_t>;

template <typename DType>
auto DeltaEncoder() {
  return parquet::MakeTypedEncoder<DType>(parquet::Encoding::DELTA_BINARY_PACKED, false, nullptr,
                                          Pool());
}

template <typename DType>
Result<std::shared_ptr<Buffer>> EncodeNumbers(const ArrayVector& pieces) {
  auto encoder = DeltaEncoder<DType>();
  for (const auto& piece : pieces) {
    const auto* const values = piece->data()->template GetValues<typename DType::c_type>(1);
    ForEachRun(*piece, [&](int64_t begin, int64_t rows) {
      encoder->Put(values + begin, static_cast<int>(rows));
    });
  }
  return encoder->FlushValues();
}

Status AppendLengths(const Lengths& lengths, Bytes* out) {
  auto encoder = DeltaEncoder<parquet::Int32Type>();
  encoder->Put(lengths.data(), static_cast<int>(lengths.size()));
  const auto encoded = encoder->FlushValues();
  return out->Append(encoded->data(), encoded->size());
}

Status CheckLength(size_t length) {
  if (length <= static_cast<size_t>(std::numeric_limits<int32_t>::max())) return Status::OK();
  return Status::Invalid("Expected a value of less than 2 GiB but received ", length, " bytes");
}

/// Call visit(value) for every valid value; stops at a failure.
template <typename ArrayType, typename Visit>
Status ForEachText(const ArrayVector& pieces, Visit&& visit) {
  Status status;
  for (const auto& piece : pieces) {
    const auto& texts = checked_cast<const ArrayType&>(*piece);
    ForEachRun(texts, [&](int64_t begin, int64_t rows) {
      for (int64_t i = begin; i < begin + rows && status.ok(); ++i)
        status = visit(texts.GetView(i));
    });
  }
  return status;
}

template <typename ArrayType>
Result<std::shared_ptr<Buffer>> EncodeLengthsAndText(const ArrayVector& pieces) {
  Lengths lengths;
  Bytes text(Pool());
  ARROW_RETURN_NOT_OK(ForEachText<ArrayType>(pieces, [&](std::string_view value) {
    ARROW_RETURN_NOT_OK(CheckLength(value.size()));
    lengths.push_back(static_cast<int32_t>(value.size()));
    return text.Append(reinterpret_cast<const uint8_t*>(value.data()),
                       static_cast<int64_t>(value.size()));
  }));
  Bytes out(Pool());
  ARROW_RETURN_NOT_OK(AppendLengths(lengths, &out));
  ARROW_RETURN_NOT_OK(out.Append(text.data(), text.length()));
  return out.Finish();
}

/// What a value has in common with the one before, and the rest of it.
template <typename ArrayType>
Result<std::shared_ptr<Buffer>> EncodePrefixesAndText(const ArrayVector& pieces) {
  Lengths prefixes;
  Lengths suffixes;
  Bytes text(Pool());
  std::string_view before;
  ARROW_RETURN_NOT_OK(ForEachText<ArrayType>(pieces, [&](std::string_view value) {
    ARROW_RETURN_NOT_OK(CheckLength(value.size()));
    const auto same = std::mismatch(before.begin(), before.end(), value.begin(), value.end());
    const auto prefix = static_cast<size_t>(same.second - value.begin());
    const std::string_view suffix = value.substr(prefix);
    prefixes.push_back(static_cast<int32_t>(prefix));
    suffixes.push_back(static_cast<int32_t>(suffix.size()));
    before = value;
    return text.Append(reinterpret_cast<const uint8_t*>(suffix.data()),
                       static_cast<int64_t>(suffix.size()));
  }));
  Bytes out(Pool());
  ARROW_RETURN_NOT_OK(AppendLengths(prefixes, &out));
  ARROW_RETURN_NOT_OK(AppendLengths(suffixes, &out));
  ARROW_RETURN_NOT_OK(out.Append(text.data(), text.length()));
  return out.Finish();
}

template <typename ArrayType>
Result<std::shared_ptr<Buffer>> EncodeText(parquet::Encoding::type encoding,
                                           const ArrayVector& pieces) {
  return encoding == parquet::Encoding::DELTA_BYTE_ARRAY ? EncodePrefixesAndText<ArrayType>(pieces)
                                                         : EncodeLengthsAndText<ArrayType>(pieces);
}

}  // namespace

Result<std::shared_ptr<Buffer>> EncodeDeltas(parquet::Encoding::type encoding,
                                             const ArrayVector& pieces) {
  const arrow::DataType& type = *pieces[0]->type();
  if (encoding == parquet::Encoding::DELTA_BINARY_PACKED) {
    return ValueBytes(type) == 4 ? EncodeNumbers<parquet::Int32Type>(pieces)
                                 : EncodeNumbers<parquet::Int64Type>(pieces);
  }
  return arrow::is_large_binary_like(type.id())
             ? EncodeText<arrow::LargeBinaryArray>(encoding, pieces)
             : EncodeText<arrow::BinaryArray>(encoding, pieces);
}

}  // namespace packed
