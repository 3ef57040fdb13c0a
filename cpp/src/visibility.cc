#include "packed/visibility.h"

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "arrow/array/builder_primitive.h"
#include "arrow/util/checked_cast.h"

#include "catch.h"
#include "keep_rows.h"
#include "latest_deletes.h"
#include "narrowed_source.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed {
namespace {

using arrow::internal::checked_cast;

arrow::Status CheckNoNulls(const arrow::Array& array, const std::string& what) {
  if (array.null_count() == 0) return arrow::Status::OK();
  int64_t row = 0;
  while (array.IsValid(row)) ++row;
  return MakeError(
      ErrorCode::kInvalidData,
      "Expected " + what + " without nulls but received one in row " + std::to_string(row));
}

arrow::Status Mismatch(const std::string& expected, const std::string& what,
                       const arrow::Array& received) {
  return MakeError(ErrorCode::kTypeMismatch, "Expected " + expected + " for " + what +
                                                 " but received " + received.type()->ToString());
}

/// What both sides of the filter, deletes and rows, have to be.
arrow::Status CheckColumns(const arrow::Array& keys, const arrow::Array& timestamps) {
  if (keys.type_id() != arrow::Type::INT64 && keys.type_id() != arrow::Type::STRING) {
    return Mismatch("int64 or utf8", "keys", keys);
  }
  if (timestamps.type_id() != arrow::Type::INT64) {
    return Mismatch("int64", "timestamps", timestamps);
  }
  if (keys.length() != timestamps.length()) {
    return MakeError(ErrorCode::kInvalidData,
                     "Expected as many timestamps as keys (" + std::to_string(keys.length()) +
                         ") but received " + std::to_string(timestamps.length()));
  }
  ARROW_RETURN_NOT_OK(CheckNoNulls(keys, "keys"));
  return CheckNoNulls(timestamps, "timestamps");
}

class DeleteVisibility final : public Visibility {
 public:
  explicit DeleteVisibility(int64_t read_timestamp) : read_timestamp_(read_timestamp) {}

  arrow::Status AddDeletes(const arrow::Array& keys, const arrow::Array& timestamps) override {
    return CatchAll([&]() -> arrow::Status {
      const arrow::Status valid = keys.ValidateFull();
      if (!valid.ok()) return WithContext(valid, ErrorCode::kInvalidData, {});
      ARROW_RETURN_NOT_OK(CheckColumns(keys, timestamps));
      if (keys.length() == 0) return arrow::Status::OK();
      const std::unique_lock lock(mutex_);
      ARROW_RETURN_NOT_OK(TakeKind(keys));
      const int64_t* times = checked_cast<const arrow::Int64Array&>(timestamps).raw_values();
      std::visit([&](auto& deletes) { Add(keys, times, &deletes); }, deletes_);
      return arrow::Status::OK();
    });
  }

  arrow::Result<std::shared_ptr<arrow::BooleanArray>> Judge(
      const arrow::Array& keys, const arrow::Array& timestamps) override {
    ARROW_ASSIGN_OR_RAISE(auto mask, Look(keys, timestamps));
    if (mask) hidden_.fetch_add(mask->false_count(), std::memory_order_relaxed);
    return mask;
  }

  arrow::Result<std::shared_ptr<arrow::BooleanArray>> Look(
      const arrow::Array& keys, const arrow::Array& timestamps) const override {
    return CatchAll([&]() -> arrow::Result<std::shared_ptr<arrow::BooleanArray>> {
      ARROW_RETURN_NOT_OK(CheckColumns(keys, timestamps));
      const int64_t* times = checked_cast<const arrow::Int64Array&>(timestamps).raw_values();
      const std::shared_lock lock(mutex_);
      return std::visit([&](const auto& deletes) { return JudgeBy(deletes, keys, times); },
                        deletes_);
    });
  }

  int64_t deleted_keys() const override { return keys_.load(std::memory_order_relaxed); }
  int64_t hidden_rows() const override { return hidden_.load(std::memory_order_relaxed); }

 private:
  struct NoDeletes {};
  using Deletes = std::variant<NoDeletes, LatestDeletes<int64_t>, LatestDeletes<std::string_view>>;

  arrow::Status TakeKind(const arrow::Array& keys) {
    const bool text = keys.type_id() == arrow::Type::STRING;
    if (std::holds_alternative<NoDeletes>(deletes_)) {
      if (text) {
        deletes_.emplace<LatestDeletes<std::string_view>>();
      } else {
        deletes_.emplace<LatestDeletes<int64_t>>();
      }
    }
    return CheckKind(keys);
  }

  arrow::Status CheckKind(const arrow::Array& keys) const {
    const bool text = std::holds_alternative<LatestDeletes<std::string_view>>(deletes_);
    const auto expected = text ? arrow::Type::STRING : arrow::Type::INT64;
    if (keys.type_id() == expected) return arrow::Status::OK();
    return Mismatch(text ? "utf8 (as the deletes have)" : "int64 (as the deletes have)", "keys",
                    keys);
  }

  void Add(const arrow::Array&, const int64_t*, NoDeletes*) {}

  template <typename Key>
  void Add(const arrow::Array& keys, const int64_t* times, LatestDeletes<Key>* deletes) {
    const auto& array = ArrayOf<Key>(keys);
    for (int64_t i = 0; i < keys.length(); ++i) {
      if (times[i] <= read_timestamp_) deletes->Add(array.GetView(i), times[i]);
    }
    keys_.store(deletes->size(), std::memory_order_relaxed);
  }

  template <typename Key>
  static const auto& ArrayOf(const arrow::Array& keys) {
    if constexpr (std::is_same_v<Key, int64_t>) {
      return checked_cast<const arrow::Int64Array&>(keys);
    } else {
      return checked_cast<const arrow::StringArray&>(keys);
    }
  }

  arrow::Result<std::shared_ptr<arrow::BooleanArray>> JudgeBy(const NoDeletes&,
                                                              const arrow::Array& keys,
                                                              const int64_t* times) const {
    return JudgeRows(keys.length(), times, [](int64_t) { return false; });
  }

  template <typename Key>
  arrow::Result<std::shared_ptr<arrow::BooleanArray>> JudgeBy(const LatestDeletes<Key>& deletes,
                                                              const arrow::Array& keys,
                                                              const int64_t* times) const {
    ARROW_RETURN_NOT_OK(CheckKind(keys));
    if (deletes.size() == 0) return JudgeBy(NoDeletes{}, keys, times);
    const auto& array = ArrayOf<Key>(keys);
    return JudgeRows(keys.length(), times,
                     [&](int64_t row) { return times[row] < deletes.Latest(array.GetView(row)); });
  }

  /// Most batches are visible as a whole: the mask starts with the first row that is not.
  template <typename Deleted>
  arrow::Result<std::shared_ptr<arrow::BooleanArray>> JudgeRows(int64_t rows, const int64_t* times,
                                                                Deleted&& deleted) const {
    const auto visible = [&](int64_t row) {
      return times[row] <= read_timestamp_ && !deleted(row);
    };
    int64_t row = 0;
    while (row < rows && visible(row)) ++row;
    if (row == rows) return nullptr;
    arrow::BooleanBuilder builder(Pool());
    ARROW_RETURN_NOT_OK(builder.Reserve(rows));
    ARROW_RETURN_NOT_OK(builder.AppendValues(row, true));
    for (; row < rows; ++row) builder.UnsafeAppend(visible(row));
    std::shared_ptr<arrow::BooleanArray> mask;
    ARROW_RETURN_NOT_OK(builder.Finish(&mask));
    return mask;
  }

  const int64_t read_timestamp_;
  mutable std::shared_mutex mutex_;
  Deletes deletes_;
  std::atomic<int64_t> keys_{0};
  std::atomic<int64_t> hidden_{0};
};

class VisibleSource final : public NarrowedSource {
 public:
  VisibleSource(std::unique_ptr<BatchSource> inner, std::shared_ptr<Visibility> visibility, int key,
                int timestamp, std::vector<int> output)
      : NarrowedSource(std::move(inner), std::move(output)),
        visibility_(std::move(visibility)),
        key_(key),
        timestamp_(timestamp) {}

 private:
  arrow::Result<std::shared_ptr<arrow::BooleanArray>> Judge(
      const arrow::RecordBatch& batch) override {
    return visibility_->Judge(*batch.column(key_), *batch.column(timestamp_));
  }

  const std::shared_ptr<Visibility> visibility_;
  const int key_;
  const int timestamp_;
};

}  // namespace

std::shared_ptr<Visibility> Visibility::Make(int64_t read_timestamp) {
  return std::make_shared<DeleteVisibility>(read_timestamp);
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> Visibility::Apply(
    const std::shared_ptr<arrow::RecordBatch>& batch, int key_column, int timestamp_column) {
  ARROW_ASSIGN_OR_RAISE(const auto mask,
                        Judge(*batch->column(key_column), *batch->column(timestamp_column)));
  return mask ? KeepRows(batch, mask) : batch;
}

std::unique_ptr<BatchSource> FilterVisible(std::unique_ptr<BatchSource> inner,
                                           std::shared_ptr<Visibility> visibility, int key_column,
                                           int timestamp_column, std::vector<int> output) {
  return std::make_unique<VisibleSource>(std::move(inner), std::move(visibility), key_column,
                                         timestamp_column, std::move(output));
}

}  // namespace packed
