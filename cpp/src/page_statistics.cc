#include "page_statistics.h"

#include "arrow/util/checked_cast.h"

namespace packed {
namespace {

using arrow::internal::checked_cast;

template <typename DType>
void UpdateFixed(const arrow::Array& values, parquet::Statistics* statistics) {
  auto* typed = checked_cast<parquet::TypedStatistics<DType>*>(statistics);
  const arrow::ArrayData& data = *values.data();
  const auto* first = data.GetValues<typename DType::c_type>(1);
  const int64_t nulls = data.GetNullCount();
  if (nulls == 0) {
    typed->Update(first, data.length, 0);
  } else {
    typed->UpdateSpaced(first, data.buffers[0]->data(), data.offset, data.length,
                        data.length - nulls, nulls);
  }
}

template <typename DType>
void Merge(const parquet::Statistics& page, parquet::Statistics* chunk) {
  checked_cast<parquet::TypedStatistics<DType>*>(chunk)->Merge(
      checked_cast<const parquet::TypedStatistics<DType>&>(page));
}

}  // namespace

arrow::Status UpdateStatistics(const arrow::Array& values, parquet::Statistics* statistics) {
  switch (statistics->physical_type()) {
    case parquet::Type::INT32:
      UpdateFixed<parquet::Int32Type>(values, statistics);
      return arrow::Status::OK();
    case parquet::Type::INT64:
      UpdateFixed<parquet::Int64Type>(values, statistics);
      return arrow::Status::OK();
    case parquet::Type::FLOAT:
      UpdateFixed<parquet::FloatType>(values, statistics);
      return arrow::Status::OK();
    case parquet::Type::DOUBLE:
      UpdateFixed<parquet::DoubleType>(values, statistics);
      return arrow::Status::OK();
    case parquet::Type::BYTE_ARRAY:
      checked_cast<parquet::ByteArrayStatistics*>(statistics)->Update(values);
      return arrow::Status::OK();
    default:
      return arrow::Status::NotImplemented("statistics of a page of another type");
  }
}

void MergeStatistics(const std::shared_ptr<parquet::Statistics>& page,
                     std::shared_ptr<parquet::Statistics>* chunk) {
  if (page == nullptr) return;
  if (*chunk == nullptr) {
    *chunk = page;
    return;
  }
  switch (page->physical_type()) {
    case parquet::Type::INT32:
      return Merge<parquet::Int32Type>(*page, chunk->get());
    case parquet::Type::INT64:
      return Merge<parquet::Int64Type>(*page, chunk->get());
    case parquet::Type::FLOAT:
      return Merge<parquet::FloatType>(*page, chunk->get());
    case parquet::Type::DOUBLE:
      return Merge<parquet::DoubleType>(*page, chunk->get());
    default:
      return Merge<parquet::ByteArrayType>(*page, chunk->get());
  }
}

parquet::EncodedStatistics EncodeStatistics(parquet::Statistics& statistics,
                                            const parquet::WriterProperties& properties) {
  const parquet::ColumnDescriptor& column = *statistics.descr();
  parquet::EncodedStatistics encoded = statistics.Encode();
  encoded.ApplyStatSizeLimits(properties.max_statistics_size(column.path()));
  encoded.set_is_signed(column.sort_order() == parquet::SortOrder::SIGNED);
  return encoded;
}

}  // namespace packed
