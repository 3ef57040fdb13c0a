#include "column_form.h"

#include "distinct_values.h"
#include "page_encode.h"

namespace packed {
namespace {

using arrow::ArrayVector;
using arrow::Result;

ColumnForm FormOf(const ColumnPlan& plan, ColumnEncoding encoding) {
  return {plan.own_pages && encoding != ColumnEncoding::kDictionary, encoding, encoding};
}

Result<int64_t> CompressedBytes(const ColumnPlan& plan, parquet::Encoding::type encoding,
                                const ArrayVector& sample) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, EncodeValues(encoding, sample));
  ARROW_ASSIGN_OR_RAISE(auto compressed, CompressPage({plan.codec, false}, bytes));
  return compressed->size();
}

Result<bool> DeltaPays(const ColumnPlan& plan, const ArrayVector& sample) {
  ARROW_ASSIGN_OR_RAISE(const int64_t plain,
                        CompressedBytes(plan, parquet::Encoding::PLAIN, sample));
  ARROW_ASSIGN_OR_RAISE(const int64_t delta,
                        CompressedBytes(plan, parquet::Encoding::DELTA_BINARY_PACKED, sample));
  return delta < plain;
}

/// At a glance, as layout fast does.
Result<ColumnForm> ChooseQuickly(const ColumnPlan& plan, const ArrayVector& sample) {
  if (HasFewDistinct(sample, plan.dictionary_threshold)) {
    return FormOf(plan, ColumnEncoding::kDictionary);
  }
  if (plan.deltas && IsDeltaType(*plan.stored->type())) {
    ARROW_ASSIGN_OR_RAISE(const bool delta, DeltaPays(plan, sample));
    if (delta) return FormOf(plan, ColumnEncoding::kDeltaBinaryPacked);
  }
  return FormOf(plan, ColumnEncoding::kPlain);
}

Result<ColumnForm> ChooseSmallest(const SampledColumn& column, const ArrayVector& sample) {
  ARROW_ASSIGN_OR_RAISE(const auto trials, TryEncodings(column, sample));
  ColumnForm form = FormOf(column.plan, trials.front().encoding);
  for (const auto& trial : trials) {
    if (trial.encoding == ColumnEncoding::kDictionary) continue;
    form.otherwise = trial.encoding;
    break;
  }
  return form;
}

}  // namespace

Result<ColumnForm> ChooseForm(const SampledColumn& column, const ArrayVector& sample) {
  const ColumnPlan& plan = column.plan;
  if (!plan.sampled) return FormOf(plan, plan.encoding);
  if (sample.empty()) return FormOf(plan, ColumnEncoding::kPlain);
  return plan.choices.empty() ? ChooseQuickly(plan, sample) : ChooseSmallest(column, sample);
}

}  // namespace packed
