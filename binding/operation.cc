#include "operation.h"

#include "strand.h"
#include "values.h"

namespace packed::binding {

arrow::Status Start(Environment& environment, Napi::Value done,
                    std::shared_ptr<Operation> operation, Strand* strand) {
  ARROW_ASSIGN_OR_RAISE(Napi::Function function, Read<Napi::Function>(done, "done"));
  if (napi_create_reference(environment.env(), function, 1, &operation->done_) != napi_ok) {
    return MakeError(ErrorCode::kInternal, "Expected to keep a callback but could not");
  }
  environment.Submit(std::move(operation), strand);
  return arrow::Status::OK();
}

}  // namespace packed::binding
