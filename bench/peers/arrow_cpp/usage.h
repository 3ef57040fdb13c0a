#pragma once

#include <cstdint>

/// Processor time and memory of this process, from the construction on.
class Usage {
 public:
  /// Forgets the peak so far.
  Usage();

  double seconds() const;
  double cpu() const;
  int64_t rss_base() const { return rss_base_; }
  int64_t rss_peak() const;

 private:
  int64_t rss_base_;
  double cpu_;
  double start_;
};
