#include <arrow/api.h>
#include <arrow/util/compression.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <functional>
#include <set>
#include <thread>
#include <tuple>

#include "operations.h"
#include "usage.h"

namespace {

constexpr size_t kBytes = size_t{256} << 20;
constexpr size_t kBlock = size_t{1} << 20;
constexpr size_t kHugePage = size_t{2} << 20;

using Work = std::function<arrow::Status()>;

/// Prints the best of the repetitions.
arrow::Status Measure(const Job& job, const std::string& name, size_t bytes, const Work& work,
                      double ratio = 0) {
  double best = 0;
  for (int64_t i = 0; i < job.repetitions; ++i) {
    const Usage usage;
    ARROW_RETURN_NOT_OK(work());
    best = std::max(best, static_cast<double>(bytes) / 1e6 / usage.seconds());
  }
  std::printf("{\"limit\":\"%s\",\"megabytesPerSecond\":%.0f,\"ratio\":%.4f}\n", name.c_str(), best,
              ratio);
  std::fflush(stdout);
  return arrow::Status::OK();
}

/// `work(begin, end)` on as many equal parts as there are threads.
void InParts(int threads, const std::function<void(size_t, size_t)>& work) {
  std::vector<std::thread> running;
  const size_t part = kBytes / kBlock / static_cast<size_t>(threads) * kBlock;
  for (int i = 0; i < threads; ++i) {
    const size_t begin = part * static_cast<size_t>(i);
    running.emplace_back(work, begin, i + 1 == threads ? kBytes : begin + part);
  }
  for (auto& thread : running) thread.join();
}

std::string Threads(int threads) {
  return threads == 1 ? ", 1 thread" : ", " + std::to_string(threads) + " threads";
}

/// Memory of the system, with or without huge pages, that nobody has touched.
class FreshMemory {
 public:
  explicit FreshMemory(bool huge)
      : mapped_(mmap(nullptr, kBytes + kHugePage, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    const auto address = (reinterpret_cast<uintptr_t>(mapped_) + kHugePage - 1) & ~(kHugePage - 1);
    data_ = reinterpret_cast<uint8_t*>(address);
    madvise(data_, kBytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  }
  ~FreshMemory() { munmap(mapped_, kBytes + kHugePage); }
  FreshMemory(const FreshMemory&) = delete;
  FreshMemory& operator=(const FreshMemory&) = delete;

  uint8_t* data() const { return data_; }

 private:
  void* mapped_;
  uint8_t* data_;
};

arrow::Status CopyLimits(const Job& job, const std::vector<uint8_t>& from,
                         std::vector<uint8_t>* to) {
  for (int threads : std::set<int>{1, job.threads}) {
    const auto copy_to = [&](uint8_t* target) {
      InParts(threads, [&](size_t begin, size_t end) {
        std::memcpy(target + begin, from.data() + begin, end - begin);
      });
      return arrow::Status::OK();
    };
    ARROW_RETURN_NOT_OK(Measure(job, "copy to warm memory" + Threads(threads), kBytes,
                                [&] { return copy_to(to->data()); }));
    for (bool huge : {false, true}) {
      const std::string pages = huge ? "2 MiB" : "4 KiB";
      ARROW_RETURN_NOT_OK(
          Measure(job, "copy to new pages of " + pages + ", given back" + Threads(threads), kBytes,
                  [&] { return copy_to(FreshMemory(huge).data()); }));
    }
  }
  return arrow::Status::OK();
}

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : descriptor_(open(path.c_str(), flags, 0644)) {}
  ~OpenFile() { close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  /// All bytes, block by block; `transfer` is pread or pwrite of one block.
  template <typename Transfer>
  arrow::Status ForEachBlock(int threads, Transfer transfer) const {
    std::atomic<bool> good = true;
    InParts(threads, [&](size_t begin, size_t end) {
      for (size_t at = begin; at < end; at += kBlock) {
        if (transfer(descriptor_, at) != static_cast<ssize_t>(kBlock)) good = false;
      }
    });
    return good ? arrow::Status::OK() : arrow::Status::IOError("Expected a whole block");
  }

 private:
  int descriptor_;
};

arrow::Status FileLimits(const Job& job, const std::vector<uint8_t>& from,
                         std::vector<uint8_t>* to) {
  const std::string path = job.directory + "/limit";
  const auto put = [&](int file, size_t at) {
    return pwrite(file, from.data() + at, kBlock, static_cast<off_t>(at));
  };
  const auto get = [&](int file, size_t at) {
    return pread(file, to->data() + at, kBlock, static_cast<off_t>(at));
  };
  for (int threads : std::set<int>{1, job.threads}) {
    ARROW_RETURN_NOT_OK(Measure(job, "write a new file" + Threads(threads), kBytes, [&] {
      std::remove(path.c_str());
      return OpenFile(path, O_CREAT | O_WRONLY).ForEachBlock(threads, put);
    }));
    ARROW_RETURN_NOT_OK(Measure(job, "write over a file" + Threads(threads), kBytes, [&] {
      return OpenFile(path, O_WRONLY).ForEachBlock(threads, put);
    }));
    ARROW_RETURN_NOT_OK(Measure(job, "read a cached file" + Threads(threads), kBytes, [&] {
      return OpenFile(path, O_RDONLY).ForEachBlock(threads, get);
    }));
  }
  std::remove(path.c_str());
  return arrow::Status::OK();
}

/// Blocks of 1 MiB of the vectors, on one thread.
arrow::Status CodecLimits(const Job& job, const std::string& name, arrow::util::Codec* codec,
                          const uint8_t* values, size_t blocks) {
  const auto most = codec->MaxCompressedLen(kBlock, values);
  std::vector<std::vector<uint8_t>> out(blocks, std::vector<uint8_t>(static_cast<size_t>(most)));
  std::vector<int64_t> sizes(blocks);
  const auto compress = [&]() -> arrow::Status {
    for (size_t i = 0; i < blocks; ++i) {
      ARROW_ASSIGN_OR_RAISE(sizes[i],
                            codec->Compress(kBlock, values + i * kBlock, most, out[i].data()));
    }
    return arrow::Status::OK();
  };
  std::vector<uint8_t> back(kBlock);
  const auto decompress = [&]() -> arrow::Status {
    for (size_t i = 0; i < blocks; ++i) {
      ARROW_RETURN_NOT_OK(codec->Decompress(sizes[i], out[i].data(), kBlock, back.data()).status());
    }
    return arrow::Status::OK();
  };
  ARROW_RETURN_NOT_OK(compress());
  int64_t compressed = 0;
  for (int64_t size : sizes) compressed += size;
  const double ratio = static_cast<double>(compressed) / static_cast<double>(blocks * kBlock);
  ARROW_RETURN_NOT_OK(Measure(job, name + ", compress", blocks * kBlock, compress, ratio));
  return Measure(job, name + ", decompress", blocks * kBlock, decompress, ratio);
}

arrow::Status VectorLimits(const Job& job) {
  ARROW_ASSIGN_OR_RAISE(auto tables, Load(job));
  auto vectors = tables[0]->GetColumnByName("embedding");
  if (vectors == nullptr) return arrow::Status::OK();
  const auto& array = static_cast<const arrow::FixedSizeBinaryArray&>(*vectors->chunk(0));
  const auto bytes = static_cast<size_t>(array.length()) * static_cast<size_t>(array.byte_width());
  for (const auto& [name, type, level] : {std::tuple{"ZSTD 1", arrow::Compression::ZSTD, 1},
                                          {"ZSTD 3", arrow::Compression::ZSTD, 3},
                                          {"LZ4", arrow::Compression::LZ4, 1},
                                          {"Snappy", arrow::Compression::SNAPPY, 0}}) {
    ARROW_ASSIGN_OR_RAISE(auto codec, type == arrow::Compression::SNAPPY
                                          ? arrow::util::Codec::Create(type)
                                          : arrow::util::Codec::Create(type, level));
    ARROW_RETURN_NOT_OK(CodecLimits(job, std::string("vectors, ") + name, codec.get(),
                                    array.raw_values(), std::min<size_t>(bytes / kBlock, 24)));
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Status PrintLimits(const Job& job) {
  if (job.variant != "codecs") {
    const std::vector<uint8_t> from(kBytes, 1);
    std::vector<uint8_t> to(kBytes, 2);
    ARROW_RETURN_NOT_OK(CopyLimits(job, from, &to));
    ARROW_RETURN_NOT_OK(FileLimits(job, from, &to));
  }
  return VectorLimits(job);
}
