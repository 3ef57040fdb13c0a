#include "cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

namespace packed {
namespace {

std::optional<int> CoresOf(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return std::nullopt;
  return std::max(1, static_cast<int>(std::ceil(quota / period)));
}

/// cgroup v2: "max 100000" or "150000 100000"; "max" is not a number and so no limit.
std::optional<int> ReadCpuMax(const std::string& group) {
  std::ifstream file(group + "/cpu.max");
  double quota = 0, period = 0;
  if (!(file >> quota >> period)) return std::nullopt;
  return CoresOf(quota, period);
}

std::optional<int> ReadCfsQuota(const std::string& group) {
  std::ifstream quota_file(group + "/cpu.cfs_quota_us");
  std::ifstream period_file(group + "/cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return std::nullopt;
  return CoresOf(quota, period);
}

std::optional<int> Smaller(std::optional<int> a, std::optional<int> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

bool ListHas(const std::string& list, const std::string& word) {
  std::istringstream words(list);
  for (std::string item; std::getline(words, item, ',');) {
    if (item == word) return true;
  }
  return false;
}

/// \brief The least limit of the group at `path` below `mount`, of those above it and of the mount.
///
/// Inside a container the path may lie outside of what is mounted; then only the mount itself
/// answers, which is the container's group.
std::optional<int> TightestLimit(const std::string& mount, std::string path,
                                 std::optional<int> (*read)(const std::string& group)) {
  std::optional<int> limit;
  for (;; path.resize(path.rfind('/'))) {
    if (path == "/") path.clear();
    limit = Smaller(limit, read(mount + path));
    if (path.empty() || path.rfind('/') == std::string::npos) return limit;
  }
}

}  // namespace

std::optional<int> CgroupCoreLimit(const std::string& root) {
  std::optional<int> limit;
  std::ifstream memberships(root + "/proc/self/cgroup");
  const std::string mounts = root + "/sys/fs/cgroup/";
  // One "hierarchy:controllers:path" per line; version 2 has no controllers there.
  for (std::string line; std::getline(memberships, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      limit = Smaller(limit, TightestLimit(mounts, path, ReadCpuMax));
    } else if (ListHas(controllers, "cpu")) {
      // Joined controllers are mounted by both names on most systems, by the joined one on some.
      limit = Smaller(limit, TightestLimit(mounts + "cpu", path, ReadCfsQuota));
      limit = Smaller(limit, TightestLimit(mounts + controllers, path, ReadCfsQuota));
    }
  }
  return limit;
}

int AvailableCores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) cores = CPU_COUNT(&mask);
#endif
  return std::max(1, Smaller(cores, CgroupCoreLimit()).value_or(1));
}

}  // namespace packed
