#pragma once

#include <optional>
#include <string>

namespace packed {

/// \brief Cores that a control group's quota allows, rounded up; nothing where unlimited.
///
/// `root` stands before /proc and /sys, for tests.
std::optional<int> CgroupCoreLimit(const std::string& root = "");

/// \brief Cores this process may use: affinity mask, then quota. At least 1.
int AvailableCores();

}  // namespace packed
