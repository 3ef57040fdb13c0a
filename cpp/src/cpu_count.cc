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
std::optional<int> ReadCpuMax(const std::string& path) {
  std::ifstream file(path);
  double quota = 0, period = 0;
  if (!(file >> quota >> period)) return std::nullopt;
  return CoresOf(quota, period);
}

std::optional<int> ReadCfsQuota(const std::string& directory) {
  std::ifstream quota_file(directory + "/cpu.cfs_quota_us");
  std::ifstream period_file(directory + "/cpu.cfs_period_us");
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

}  // namespace

std::optional<int> CgroupCoreLimit(const std::string& root) {
  std::optional<int> limit;
  std::ifstream memberships(root + "/proc/self/cgroup");
  // One "hierarchy:controllers:path" per line. Inside a container the path may lie outside of
  // what is mounted; then only the mount's own root answers, which is the container's group.
  for (std::string line; std::getline(memberships, line);) {
    size_t first = line.find(':');
    size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers = line.substr(first + 1, second - first - 1);
    bool v2 = controllers.empty();
    if (!v2 && !ListHas(controllers, "cpu")) continue;
    std::string mount = root + (v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu");
    for (std::string path = line.substr(second + 1);; path.resize(path.rfind('/'))) {
      if (path == "/") path.clear();
      limit =
          Smaller(limit, v2 ? ReadCpuMax(mount + path + "/cpu.max") : ReadCfsQuota(mount + path));
      if (path.empty() || path.rfind('/') == std::string::npos) break;
    }
  }
  return limit;
}

int AvailableCores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) cores = CPU_COUNT(&mask);
  return std::max(1, Smaller(cores, CgroupCoreLimit()).value_or(1));
}

}  // namespace packed
