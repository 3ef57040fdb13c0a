#include "default_value.h"

#include <string>

#include "field_error.h"

namespace packed {

arrow::Result<std::shared_ptr<arrow::Scalar>> DefaultValue(const arrow::RecordBatch* defaults,
                                                           std::shared_ptr<arrow::Field>* field) {
  const std::string& name = (*field)->name();
  const auto& type = (*field)->type();
  const auto given = defaults != nullptr ? defaults->GetColumnByName(name) : nullptr;
  std::shared_ptr<arrow::Scalar> value = arrow::MakeNullScalar(type);
  if (given) {
    if (!given->type()->Equals(*type)) {
      return FieldError(ErrorCode::kTypeMismatch,
                        "Expected a default of type " + type->ToString() + " for field " + name +
                            " but received " + given->type()->ToString(),
                        name);
    }
    ARROW_ASSIGN_OR_RAISE(value, given->GetScalar(0));
  }
  if (!value->is_valid) *field = (*field)->WithNullable(true);
  return value;
}

}  // namespace packed
