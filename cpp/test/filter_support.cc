#include "filter_support.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "arrow/util/float16.h"
#include "arrow/util/logging.h"

namespace packed::test {
namespace {

template <typename T>
bool Holds(FilterOp op, const T& a, const T& b) {
  switch (op) {
    case FilterOp::kEqual:
      return a == b;
    case FilterOp::kNotEqual:
      return a != b;
    case FilterOp::kLess:
      return a < b;
    case FilterOp::kLessEqual:
      return a <= b;
    case FilterOp::kGreater:
      return a > b;
    default:
      return a >= b;
  }
}

/// Integers of either form as one.
__extension__ typedef __int128 Wide;

std::optional<Wide> WideOf(const FilterValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<uint64_t>(&value)) return *number;
  return std::nullopt;
}

bool HoldsFor(FilterOp op, const FilterValue& a, const FilterValue& b) {
  if (const auto wide = WideOf(a)) return Holds<Wide>(op, *wide, *WideOf(b));
  if (const auto* text = std::get_if<std::string>(&a))
    return Holds(op, *text, std::get<std::string>(b));
  if (const auto* number = std::get_if<double>(&a)) return Holds(op, *number, std::get<double>(b));
  return Holds(op, std::get<bool>(a), std::get<bool>(b));
}

std::optional<bool> JudgeLeaf(const Filter& filter, const Cell& cell) {
  if (filter.op == FilterOp::kIsNull) return !cell.has_value();
  if (!cell) return std::nullopt;
  if (filter.op != FilterOp::kIn) return HoldsFor(filter.op, *cell, filter.values.front());
  return std::any_of(filter.values.begin(), filter.values.end(), [&](const FilterValue& value) {
    return HoldsFor(FilterOp::kEqual, *cell, value);
  });
}

template <typename Builder, typename Append>
std::shared_ptr<arrow::Array> Build(const CellColumn& column, Builder&& builder, Append&& append) {
  for (const Cell& cell : column.cells) {
    ARROW_CHECK_OK(cell ? append(builder, *cell) : builder.AppendNull());
  }
  return builder.Finish().ValueOrDie();
}

template <typename Type, typename Held>
std::shared_ptr<arrow::Array> BuildNumbers(const CellColumn& column) {
  using Builder = typename arrow::TypeTraits<Type>::BuilderType;
  return Build(column, Builder(column.type, arrow::default_memory_pool()),
               [](Builder& builder, const FilterValue& value) {
                 using C = typename Type::c_type;
                 if (const auto* large = std::get_if<uint64_t>(&value)) {
                   return builder.Append(static_cast<C>(*large));
                 }
                 return builder.Append(static_cast<C>(std::get<Held>(value)));
               });
}

/// Draws the cells of one column.
class Drawing {
 public:
  Drawing(std::mt19937* random, int64_t rows) : random_(*random), rows_(rows) {}

  template <typename Value>
  CellColumn Column(const std::string& name, std::shared_ptr<arrow::DataType> type, Value value) {
    CellColumn column{name, std::move(type), {}};
    const int64_t cluster = Draw(1, 60);
    const bool ascending = Draw(0, 1) == 0;
    int64_t base = Draw(-3, 3);
    bool nulls = false;
    for (int64_t row = 0; row < rows_; ++row) {
      if (row % cluster == 0) {
        base = ascending ? base + Draw(0, 2) : Draw(-9, 9);
        nulls = Draw(0, 4) == 0;
      }
      const bool null = nulls ? Draw(0, 9) != 0 : Draw(0, 30) == 0;
      column.cells.push_back(null ? Cell() : Cell(value(base + Draw(0, 1))));
    }
    return column;
  }

  int64_t Draw(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }

 private:
  std::mt19937& random_;
  const int64_t rows_;
};

FilterValue SignedExtreme(int64_t value) {
  if (value > 7) return std::numeric_limits<int64_t>::max() - (value & 1);
  if (value < -7) return std::numeric_limits<int64_t>::min() + (value & 1);
  return value;
}

FilterValue UnsignedExtreme(int64_t value) {
  if (value < 0) return std::numeric_limits<uint64_t>::max() + static_cast<uint64_t>(value);
  return value;
}

FilterValue Float(int64_t value) {
  if (value == 5) return std::numeric_limits<double>::quiet_NaN();
  if (value == 1) return -0.0;
  if (value < -8) return -std::numeric_limits<double>::infinity();
  return static_cast<double>(value) / 2;
}

FilterValue Text(int64_t value) {
  if (value == 0) return std::string();
  if (value == 4) return std::string("\xf0\x9f\xa6\x89");  // beyond ASCII: above as unsigned bytes
  return std::string(value < 0 ? "a" : "b") + std::string(std::abs(value), 'x');
}

}  // namespace

Filter Where(const std::string& column, FilterOp op, FilterValue value) {
  return {op, {}, column, {std::move(value)}};
}
Filter In(const std::string& column, std::vector<FilterValue> values) {
  return {FilterOp::kIn, {}, column, std::move(values)};
}
Filter IsNull(const std::string& column) { return {FilterOp::kIsNull, {}, column, {}}; }
Filter AllOf(std::vector<Filter> args) { return {FilterOp::kAnd, std::move(args), "", {}}; }
Filter AnyOf(std::vector<Filter> args) { return {FilterOp::kOr, std::move(args), "", {}}; }
Filter NoneOf(Filter arg) { return {FilterOp::kNot, {std::move(arg)}, "", {}}; }

ReaderOptions Filtered(Filter filter, std::vector<ColumnRef> columns) {
  ReaderOptions options;
  options.lenient = true;
  options.filter = std::move(filter);
  if (!columns.empty()) options.columns = std::move(columns);
  return options;
}

std::vector<int64_t> NumbersOf(const arrow::Table& table, const std::string& name) {
  const auto column = ColumnOf(table, name);
  const auto& numbers = static_cast<const arrow::Int64Array&>(*column);
  return {numbers.raw_values(), numbers.raw_values() + numbers.length()};
}

std::optional<bool> Judge(const Filter& filter, const std::vector<CellColumn>& columns,
                          int64_t row) {
  if (filter.op == FilterOp::kNot) {
    const auto inner = Judge(filter.args.front(), columns, row);
    return inner ? std::optional<bool>(!*inner) : std::nullopt;
  }
  if (filter.op == FilterOp::kAnd || filter.op == FilterOp::kOr) {
    const bool decides = filter.op == FilterOp::kOr;
    std::optional<bool> whole = !decides;
    for (const Filter& arg : filter.args) {
      const auto inner = Judge(arg, columns, row);
      if (inner == decides) return decides;
      if (!inner) whole = std::nullopt;
    }
    return whole;
  }
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const CellColumn& other) {
    return other.name == filter.column;
  });
  return JudgeLeaf(filter, column->cells[row]);
}

std::vector<int64_t> RowsWhere(const Filter& filter, const std::vector<CellColumn>& columns) {
  std::vector<int64_t> rows;
  for (size_t row = 0; row < columns.front().cells.size(); ++row) {
    const auto position = static_cast<int64_t>(row);
    if (Judge(filter, columns, position) == true) rows.push_back(position);
  }
  return rows;
}

std::shared_ptr<arrow::Array> ArrayOf(const CellColumn& column) {
  switch (column.type->id()) {
    case arrow::Type::BOOL:
      return Build(column, arrow::BooleanBuilder(), [](auto& builder, const FilterValue& value) {
        return builder.Append(std::get<bool>(value));
      });
    case arrow::Type::STRING:
      return Build(column, arrow::StringBuilder(), [](auto& builder, const FilterValue& value) {
        return builder.Append(std::get<std::string>(value));
      });
    case arrow::Type::BINARY:
      return Build(column, arrow::BinaryBuilder(), [](auto& builder, const FilterValue& value) {
        return builder.Append(std::get<std::string>(value));
      });
    case arrow::Type::DOUBLE:
      return BuildNumbers<arrow::DoubleType, double>(column);
    case arrow::Type::FLOAT:
      return BuildNumbers<arrow::FloatType, double>(column);
    case arrow::Type::INT8:
      return BuildNumbers<arrow::Int8Type, int64_t>(column);
    case arrow::Type::INT16:
      return BuildNumbers<arrow::Int16Type, int64_t>(column);
    case arrow::Type::INT32:
      return BuildNumbers<arrow::Int32Type, int64_t>(column);
    case arrow::Type::UINT8:
      return BuildNumbers<arrow::UInt8Type, int64_t>(column);
    case arrow::Type::UINT64:
      return BuildNumbers<arrow::UInt64Type, int64_t>(column);
    case arrow::Type::TIMESTAMP:
      return BuildNumbers<arrow::TimestampType, int64_t>(column);
    case arrow::Type::DATE32:
      return BuildNumbers<arrow::Date32Type, int64_t>(column);
    default:
      return BuildNumbers<arrow::Int64Type, int64_t>(column);
  }
}

std::vector<CellColumn> DrawColumns(std::mt19937* random, int64_t rows) {
  Drawing drawing(random, rows);
  const auto plain = [](int64_t value) { return FilterValue(value); };
  const auto positive = [](int64_t value) { return FilterValue(std::abs(value)); };
  return {
      drawing.Column("small", arrow::int8(), plain),
      drawing.Column("int", arrow::int32(), plain),
      drawing.Column("long", arrow::int64(), SignedExtreme),
      drawing.Column("byte", arrow::uint8(), positive),
      drawing.Column("huge", arrow::uint64(), UnsignedExtreme),
      drawing.Column("single", arrow::float32(), Float),
      drawing.Column("double", arrow::float64(), Float),
      drawing.Column("text", arrow::utf8(), Text),
      drawing.Column("bytes", arrow::binary(), Text),
      drawing.Column("flag", arrow::boolean(),
                     [](int64_t value) { return FilterValue(value > 0); }),
      drawing.Column("time", arrow::timestamp(arrow::TimeUnit::MICRO), SignedExtreme),
      drawing.Column("day", arrow::date32(), plain),
  };
}

Filter DrawFilter(std::mt19937* random, const std::vector<CellColumn>& columns, int depth) {
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(*random);
  };
  const int64_t form = draw(0, depth > 0 ? 5 : 2);
  if (form == 5) return NoneOf(DrawFilter(random, columns, depth - 1));
  if (form > 2) {
    std::vector<Filter> args;
    for (int64_t i = draw(1, 3); i > 0; --i) args.push_back(DrawFilter(random, columns, depth - 1));
    return form == 3 ? AllOf(std::move(args)) : AnyOf(std::move(args));
  }
  const CellColumn& column = columns[draw(0, static_cast<int64_t>(columns.size()) - 1)];
  const int64_t op = draw(0, 7);
  std::vector<FilterValue> values;
  for (int64_t i = op == 6 ? draw(0, 12) : 1; i > 0; --i) {
    const Cell& cell = column.cells[draw(0, static_cast<int64_t>(column.cells.size()) - 1)];
    if (cell) values.push_back(*cell);
  }
  if (op == 6) return In(column.name, std::move(values));
  if (op == 7 || values.empty()) return IsNull(column.name);
  return Where(column.name, static_cast<FilterOp>(static_cast<int64_t>(FilterOp::kEqual) + op),
               values.front());
}

}  // namespace packed::test
