#include "usage.h"

#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <string>

namespace {

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int64_t StatusBytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind(key, 0) == 0) return 1024 * std::stoll(line.substr(key.size()));
  }
  return 0;
}

}  // namespace

Usage::Usage() {
  // Refused in some containers; the peak is then that of the whole process.
  std::ofstream("/proc/self/clear_refs") << "5";
  rss_base_ = StatusBytes("VmRSS:");
  cpu_ = CpuSeconds();
  start_ = Now();
}

double Usage::seconds() const { return Now() - start_; }
double Usage::cpu() const { return CpuSeconds() - cpu_; }
int64_t Usage::rss_peak() const { return StatusBytes("VmHWM:"); }
