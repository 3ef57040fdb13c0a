#include "quantization_key.h"

#include <cmath>
#include <utility>

#include "json_value.h"
#include "packed/error.h"
#include "packed/quantize.h"

namespace packed {
namespace {

constexpr double kVersion = 1;
constexpr double kBits = 8;

arrow::Status Corrupted(const std::string& expected, const std::string& received) {
  return MakeError(ErrorCode::kMetadataCorrupted, "Expected " + expected + " in the footer key " +
                                                      std::string(kQuantizationKey) +
                                                      " but received " + received);
}

arrow::Status Wrong(const std::string& expected, const std::string& member) {
  return Corrupted(expected + " for " + member, "none or something else");
}

arrow::Result<double> NumberOf(const JsonValue& object, const std::string& name) {
  const JsonValue* member = object.Find(name);
  const auto* number = member == nullptr ? nullptr : member->As<double>();
  if (number == nullptr) return Wrong("a number", name);
  return *number;
}

arrow::Result<int64_t> IntegerOf(const JsonValue& object, const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const double number, NumberOf(object, name));
  if (number < 0 || number > INT32_MAX || number != std::floor(number)) {
    return Wrong("an integer of 31 bits", name);
  }
  return static_cast<int64_t>(number);
}

arrow::Result<std::string> TextOf(const JsonValue& object, const std::string& name) {
  const JsonValue* member = object.Find(name);
  const auto* text = member == nullptr ? nullptr : member->As<std::string>();
  if (text == nullptr) return Wrong("a string", name);
  return *text;
}

/// A number that a float32 holds, not negative.
arrow::Result<float> FloatOf(const JsonValue& object, const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const double number, NumberOf(object, name));
  const auto value = static_cast<float>(number);
  if (!std::isfinite(value) || !(value >= 0)) return Wrong("a finite number from 0 on", name);
  return value;
}

arrow::Status ReadScale(const JsonValue& object, QuantizedField* field) {
  ARROW_ASSIGN_OR_RAISE(const std::string kind, TextOf(object, "scale"));
  if (kind == "vector") return IntegerOf(object, "scaleFieldId").Value(&field->scale_field_id);
  if (kind != "segment") return Wrong("'vector' or 'segment'", "scale");
  ARROW_ASSIGN_OR_RAISE(field->scale, FloatOf(object, "scaleValue"));
  return FloatOf(object, "maxAbs").Value(&field->max_abs);
}

arrow::Result<QuantizedField> ReadField(const JsonValue& object) {
  QuantizedField field;
  ARROW_ASSIGN_OR_RAISE(field.field_id, IntegerOf(object, "fieldId"));
  ARROW_ASSIGN_OR_RAISE(field.name, TextOf(object, "name"));
  const JsonValue* source = object.Find("source");
  if (source == nullptr) return Wrong("the field of the vectors", "source");
  ARROW_ASSIGN_OR_RAISE(field.source_id, IntegerOf(*source, "fieldId"));
  ARROW_ASSIGN_OR_RAISE(field.source_name, TextOf(*source, "name"));
  ARROW_ASSIGN_OR_RAISE(const int64_t dim, IntegerOf(object, "dim"));
  // Decoded vectors are FixedSizeBinary of four bytes for each code.
  if (dim < 1 || dim > INT32_MAX / 4) return Wrong("a dimension", "dim");
  field.dim = static_cast<int32_t>(dim);
  ARROW_ASSIGN_OR_RAISE(const double bits, NumberOf(object, "bits"));
  if (bits != kBits) {
    return MakeError(ErrorCode::kNotSupported,
                     "Expected codes of 8 bits for field '" + field.name + "' but received " +
                         JsonNumber(bits) + " bits",
                     {"", field.name});
  }
  ARROW_RETURN_NOT_OK(ReadScale(object, &field));
  ARROW_ASSIGN_OR_RAISE(field.max_error, FloatOf(object, "maxError"));
  return field;
}

std::string Describe(const QuantizedField& field) {
  const auto member = [](const char* name, const std::string& value) {
    return "\"" + std::string(name) + "\":" + value;
  };
  std::string text = "{" + member("fieldId", std::to_string(field.field_id));
  text += "," + member("name", JsonText(field.name));
  text += "," + member("source", "{" + member("fieldId", std::to_string(field.source_id)) + "," +
                                     member("name", JsonText(field.source_name)) + "}");
  text += "," + member("dim", std::to_string(field.dim)) + "," + member("bits", JsonNumber(kBits));
  if (field.scale) {
    text += "," + member("scale", "\"segment\"");
    text += "," + member("scaleValue", JsonNumber(*field.scale));
    text += "," + member("maxAbs", JsonNumber(field.max_abs));
  } else {
    text += "," + member("scale", "\"vector\"");
    text += "," + member("scaleFieldId", std::to_string(field.scale_field_id));
  }
  return text + "," + member("maxError", JsonNumber(field.max_error)) + "}";
}

}  // namespace

std::string SerializeQuantization(const std::vector<QuantizedField>& fields) {
  std::string list;
  for (const auto& field : fields) list += (list.empty() ? "" : ",") + Describe(field);
  return "{\"version\":" + JsonNumber(kVersion) + ",\"fields\":[" + list + "]}";
}

arrow::Result<std::vector<QuantizedField>> ParseQuantization(std::string_view text) {
  const auto parsed = ParseJson(text);
  if (!parsed.ok()) return Corrupted("JSON", DescribeError(parsed.status()).message);
  ARROW_ASSIGN_OR_RAISE(const double version, NumberOf(*parsed, "version"));
  if (version != kVersion) {
    return MakeError(ErrorCode::kNotSupported, "Expected version 1 of the footer key " +
                                                   std::string(kQuantizationKey) +
                                                   " but received " + JsonNumber(version));
  }
  const JsonValue* list = parsed->Find("fields");
  const auto* objects = list == nullptr ? nullptr : list->As<JsonValue::List>();
  if (objects == nullptr) return Wrong("a list", "fields");
  std::vector<QuantizedField> fields;
  for (const JsonValue& object : *objects) {
    ARROW_ASSIGN_OR_RAISE(auto field, ReadField(object));
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace packed
