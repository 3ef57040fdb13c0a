#include "filter_outcomes.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "filter_evaluate.h"

namespace packed {
namespace {

/// Whether a value within the limits may be equal to, below or above `operand`. NaN is none.
struct Order {
  bool equal = true;
  bool less = true;
  bool greater = true;
};

template <typename T>
Order OrderOf(const Limits<T>& limits, const T& operand) {
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(operand)) return {false, false, false};
  }
  const bool below_all = limits.least && operand < *limits.least;
  const bool above_all = limits.most && *limits.most < operand;
  return {.equal = !below_all && !above_all,
          .less = !limits.least || *limits.least < operand,
          .greater = !limits.most || operand < *limits.most};
}

Outcomes Of(bool may_be_true, bool may_be_false) {
  return static_cast<Outcomes>((may_be_true ? kMayBeTrue : 0) | (may_be_false ? kMayBeFalse : 0));
}

/// `unordered`: a value is NaN, or may be, or the operand is.
Outcomes Compared(FilterOp op, Order order, bool unordered) {
  switch (op) {
    case FilterOp::kEqual:
      return Of(order.equal, order.less || order.greater || unordered);
    case FilterOp::kNotEqual:
      return Of(order.less || order.greater || unordered, order.equal);
    case FilterOp::kLess:
      return Of(order.less, order.equal || order.greater || unordered);
    case FilterOp::kLessEqual:
      return Of(order.less || order.equal, order.greater || unordered);
    case FilterOp::kGreater:
      return Of(order.greater, order.equal || order.less || unordered);
    default:
      return Of(order.greater || order.equal, order.less || unordered);
  }
}

template <typename T>
Outcomes AmongThem(const Limits<T>& limits, const std::vector<T>& operands, bool may_be_nan) {
  const auto first = limits.least
                         ? std::lower_bound(operands.begin(), operands.end(), *limits.least)
                         : operands.begin();
  const bool one = first != operands.end() && !(limits.most && *limits.most < *first);
  const bool single = limits.least && limits.most && !(*limits.least < *limits.most);
  return Of(one, !(one && single) || may_be_nan);
}

template <typename T>
Outcomes OfValues(const BoundFilter& filter, const ColumnBounds& bounds,
                  const std::vector<T>& operands) {
  static const Limits<T> none;
  const auto* const known = std::get_if<Limits<T>>(&bounds.limits);
  const Limits<T>& limits = known != nullptr ? *known : none;
  // Limits the wrong way round are no limits.
  if (limits.least && limits.most && *limits.most < *limits.least) {
    return kMayBeTrue | kMayBeFalse;
  }
  if (filter.op == FilterOp::kIn) return AmongThem(limits, operands, bounds.may_be_nan);
  bool unordered = bounds.may_be_nan;
  if constexpr (std::is_same_v<T, double>) {
    unordered = unordered || std::isnan(operands.front());
  }
  return Compared(filter.op, OrderOf(limits, operands.front()), unordered);
}

/// Of a value that all rows have, which no footer had to say.
Outcomes OfValue(BoundFilter leaf, const std::shared_ptr<arrow::Array>& value) {
  leaf.column = 0;
  const auto mask = EvaluateFilter(leaf, {value}, 1);
  if (!mask.ok()) return kMayBeTrue | kMayBeFalse | kMayBeNull;
  if (mask->is_true.front() != 0) return kMayBeTrue;
  return mask->is_false.front() != 0 ? kMayBeFalse : kMayBeNull;
}

Outcomes OfLeaf(const BoundFilter& filter, const ColumnBounds& bounds) {
  if (bounds.value) return OfValue(filter, bounds.value);
  if (filter.op == FilterOp::kIsNull) return Of(bounds.may_be_null, bounds.may_have_value);
  const Outcomes null = bounds.may_be_null ? kMayBeNull : 0;
  if (!bounds.may_have_value) return null;
  return null | std::visit(
                    [&](const auto& operands) -> Outcomes {
                      if constexpr (std::is_same_v<decltype(operands), const std::monostate&>) {
                        return 0;  // a column of nulls
                      } else {
                        return OfValues(filter, bounds, operands);
                      }
                    },
                    filter.operands);
}

Outcomes Negated(Outcomes of) {
  const Outcomes null = of & kMayBeNull;
  return null | Of((of & kMayBeFalse) != 0, (of & kMayBeTrue) != 0);
}

/// What Kleene's `and` may be of two that may each be what they may: the least of any two, in the
/// order false, null, true.
Outcomes Both(Outcomes a, Outcomes b) {
  Outcomes both = (a | b) & kMayBeFalse;
  if ((a & kMayBeNull) != 0 && (b & (kMayBeNull | kMayBeTrue)) != 0) both |= kMayBeNull;
  if ((b & kMayBeNull) != 0 && (a & (kMayBeNull | kMayBeTrue)) != 0) both |= kMayBeNull;
  return both | (a & b & kMayBeTrue);
}

}  // namespace

Outcomes OutcomesOf(const BoundFilter& filter, const std::vector<const ColumnBounds*>& columns) {
  if (filter.column >= 0) return OfLeaf(filter, *columns[filter.column]);
  Outcomes outcomes = OutcomesOf(filter.args.front(), columns);
  if (filter.op == FilterOp::kNot) return Negated(outcomes);
  for (size_t i = 1; i < filter.args.size(); ++i) {
    const Outcomes other = OutcomesOf(filter.args[i], columns);
    outcomes = filter.op == FilterOp::kAnd ? Both(outcomes, other)
                                           : Negated(Both(Negated(outcomes), Negated(other)));
  }
  return outcomes;
}

}  // namespace packed
