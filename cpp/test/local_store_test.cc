#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "arrow/buffer.h"

#include "packed/error.h"
#include "packed/memory.h"
#include "packed/storage.h"
#include "temp_dir.h"

namespace packed {
namespace {

using arrow::Status;
using Names = std::vector<std::string>;

arrow::Result<std::shared_ptr<FileStore>> StoreAt(const std::string& root,
                                                  const std::string& type = "local") {
  StorageConfig config;
  config.storage_type = type;
  config.root_path = root;
  return FileStore::Make(config);
}

class LocalStoreTest : public ::testing::Test {
 protected:
  LocalStoreTest() : store_(StoreAt(dir_.path()).ValueOrDie()) {}

  std::unique_ptr<PendingFile> Start(const std::string& path, const std::string& text,
                                     IfExists if_exists = IfExists::kError) {
    auto file = store_->Create(path, if_exists).ValueOrDie();
    EXPECT_TRUE(file->stream()->Write(text).ok());
    return file;
  }

  std::unique_ptr<PendingFile> Sealed(const std::string& path, const std::string& text,
                                      IfExists if_exists = IfExists::kError) {
    auto file = Start(path, text, if_exists);
    EXPECT_TRUE(file->Seal(false).ok());
    return file;
  }

  ErrorInfo CreateError(const std::string& path, IfExists if_exists = IfExists::kError) {
    return DescribeError(store_->Create(path, if_exists).status());
  }
  ErrorInfo OpenError(const std::string& path) {
    return DescribeError(store_->Open(path, {}).status());
  }

  TempDir dir_;
  std::shared_ptr<FileStore> store_;
};

bool in_child = false;

// Registered before the store's own hook and so run after it: a child ends here, before
// LeakSanitizer judges what it left in flight and what its parent's threads held.
const int kChildEnds = std::atexit([] {
  if (in_child) std::_Exit(0);
});

/// Runs `body` in a child process that leaves by exit(3), and gives its status back.
int InChild(const std::function<void()>& body) {
  pid_t child = ::fork();
  if (child == 0) {
    in_child = true;
    body();
    std::exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(FileStoreMake, RefusesUnknownTypes) {
  for (const char* type : {"s3", "", "Local"}) {
    ErrorInfo info = DescribeError(StoreAt("", type).status());
    EXPECT_EQ(info.code, ErrorCode::kInvalidArgument) << type;
    EXPECT_NE(info.message.find("storageType"), std::string::npos);
  }
  EXPECT_EQ(DescribeError(StoreAt(std::string("a\0b", 3)).status()).code,
            ErrorCode::kInvalidArgument);
}

TEST_F(LocalStoreTest, NothingAtThePathBeforePublish) {
  auto file = Start("out", "hello");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "out"));
  Names names = dir_.List();
  ASSERT_EQ(names.size(), 1u);
  EXPECT_EQ(names[0].rfind(".out." + std::to_string(::getpid()) + "-", 0), 0u) << names[0];
  EXPECT_TRUE(names[0].ends_with(".partial")) << names[0];
  ASSERT_TRUE(file->Seal(true).ok());
  EXPECT_FALSE(std::filesystem::exists(dir_ / "out"));
  ASSERT_TRUE(file->Publish().ok());
  EXPECT_EQ(dir_.List(), Names{"out"});
  file.reset();
  EXPECT_EQ(TempDir::Read(dir_ / "out"), "hello");
}

TEST_F(LocalStoreTest, StreamTellsAndWritesLargeAndSmallPieces) {
  std::string text;
  auto file = store_->Create("big", IfExists::kError).ValueOrDie();
  for (int i = 0; i < 300; ++i) {
    std::string piece(i * 37, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(file->stream()->Write(piece).ok());
    text += piece;
    ASSERT_EQ(file->stream()->Tell().ValueOrDie(), static_cast<int64_t>(text.size()));
  }
  ASSERT_TRUE(file->Seal(false).ok());
  ASSERT_TRUE(file->Publish().ok());
  EXPECT_EQ(TempDir::Read(dir_ / "big"), text);
}

TEST_F(LocalStoreTest, DroppedFilesLeaveNoTrace) {
  {
    auto file = Start("a/b/c", "x");
  }
  {
    auto file = Sealed("a/b/d", "x");
  }
  {
    auto file = Start("e", "x");
    file->Discard();
    file->Discard();
    EXPECT_EQ(DescribeError(file->Seal(false)).code, ErrorCode::kClosed);
    EXPECT_EQ(DescribeError(file->Publish()).code, ErrorCode::kClosed);
    EXPECT_FALSE(file->stream()->Write("late").ok());
  }
  EXPECT_EQ(dir_.List(), Names{});
}

TEST_F(LocalStoreTest, DirectoriesGoWithTheLastFileThatNeededThem) {
  std::filesystem::create_directory(dir_ / "kept");
  auto first = Start("kept/seg/0", "x");
  auto second = Start("kept/seg/101", "x");
  first.reset();
  EXPECT_TRUE(std::filesystem::exists(dir_ / "kept/seg"));
  second.reset();
  EXPECT_EQ(dir_.List(), Names{"kept"});

  auto published = Sealed("kept/seg/0", "x");
  ASSERT_TRUE(published->Publish().ok());
  published.reset();
  std::filesystem::remove(dir_ / "kept/seg/0");
  {
    auto dropped = Start("kept/seg/1", "x");
  }
  EXPECT_EQ(dir_.List(), (Names{"kept", "kept/seg"})) << "a directory with a published past stays";
}

TEST_F(LocalStoreTest, StepsOutOfOrderAreErrors) {
  auto file = Start("out", "x");
  EXPECT_EQ(DescribeError(file->Publish()).code, ErrorCode::kClosed);
  EXPECT_EQ(DescribeError(file->Unpublish()).code, ErrorCode::kClosed);
  ASSERT_TRUE(file->Seal(false).ok());
  EXPECT_EQ(DescribeError(file->Seal(false)).code, ErrorCode::kClosed);
  ASSERT_TRUE(file->Publish().ok());
  EXPECT_EQ(DescribeError(file->Publish()).code, ErrorCode::kClosed);
  EXPECT_EQ(TempDir::Read(dir_ / "out"), "x");
}

TEST_F(LocalStoreTest, ExistingFileIsRefusedAtCreate) {
  TempDir::Write(dir_ / "out", "old");
  ErrorInfo info = CreateError("out");
  EXPECT_EQ(info.code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(info.context.path, "out");
  EXPECT_NE(info.message.find("'out'"), std::string::npos);
  EXPECT_EQ(dir_.List(), Names{"out"});
}

TEST_F(LocalStoreTest, FileThatAppearedMeanwhileIsKept) {
  auto file = Sealed("out", "ours");
  TempDir::Write(dir_ / "out", "theirs");
  EXPECT_EQ(DescribeError(file->Publish()).code, ErrorCode::kAlreadyExists);
  file.reset();
  EXPECT_EQ(dir_.List(), Names{"out"});
  EXPECT_EQ(TempDir::Read(dir_ / "out"), "theirs");
}

TEST_F(LocalStoreTest, OneOfManyPublishersWins) {
  std::vector<std::unique_ptr<PendingFile>> files;
  for (int i = 0; i < 8; ++i) files.push_back(Sealed("out", std::to_string(i)));
  std::vector<Status> results(files.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < files.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = files[i]->Publish(); });
  }
  for (auto& thread : threads) thread.join();
  files.clear();
  int won = -1;
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].ok()) {
      EXPECT_EQ(won, -1);
      won = static_cast<int>(i);
    } else {
      EXPECT_EQ(DescribeError(results[i]).code, ErrorCode::kAlreadyExists);
    }
  }
  EXPECT_EQ(TempDir::Read(dir_ / "out"), std::to_string(won));
  EXPECT_EQ(dir_.List(), Names{"out"});
}

TEST_F(LocalStoreTest, ReplaceIsWholeAndLeavesNoBackup) {
  TempDir::Write(dir_ / "out", "old");
  auto file = Sealed("out", "new", IfExists::kReplace);
  EXPECT_EQ(TempDir::Read(dir_ / "out"), "old");
  ASSERT_TRUE(file->Publish().ok());
  EXPECT_EQ(TempDir::Read(dir_ / "out"), "new");
  file.reset();
  EXPECT_EQ(dir_.List(), Names{"out"});
  EXPECT_EQ(TempDir::Read(dir_ / "out"), "new");
}

TEST_F(LocalStoreTest, ReplaceWithNothingThereCreates) {
  auto file = Sealed("sub/out", "new", IfExists::kReplace);
  ASSERT_TRUE(file->Publish().ok());
  ASSERT_TRUE(file->Unpublish().ok());
  EXPECT_EQ(dir_.List(), Names{});
}

TEST_F(LocalStoreTest, UnpublishRestoresWhatStoodThere) {
  TempDir::Write(dir_ / "out", "old");
  auto file = Sealed("out", "new", IfExists::kReplace);
  ASSERT_TRUE(file->Publish().ok());
  ASSERT_TRUE(file->Unpublish().ok());
  EXPECT_EQ(dir_.List(), Names{"out"});
  EXPECT_EQ(TempDir::Read(dir_ / "out"), "old");
  EXPECT_EQ(DescribeError(file->Unpublish()).code, ErrorCode::kClosed);
}

TEST_F(LocalStoreTest, UnpublishLeavesWhatSomeoneElsePutThere) {
  TempDir::Write(dir_ / "out", "old");
  auto file = Sealed("out", "new", IfExists::kReplace);
  ASSERT_TRUE(file->Publish().ok());
  TempDir::Write(dir_ / "other", "theirs");
  std::filesystem::rename(dir_ / "other", dir_ / "out");
  ASSERT_TRUE(file->Unpublish().ok());
  EXPECT_EQ(dir_.List(), Names{"out"});
  EXPECT_EQ(TempDir::Read(dir_ / "out"), "theirs");
}

TEST_F(LocalStoreTest, PathsThatAreNoFilesAreRefused) {
  std::filesystem::create_directory(dir_ / "dir");
  TempDir::Write(dir_ / "file", "x");
  ASSERT_EQ(::mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  for (const std::string& path :
       {std::string(), std::string("a\0b", 3), std::string("dir"), std::string("dir/"),
        std::string("."), std::string("dir/.."), std::string("file/below"), std::string("pipe"),
        std::string(300, 'n')}) {
    for (IfExists if_exists : {IfExists::kError, IfExists::kReplace}) {
      EXPECT_EQ(CreateError(path, if_exists).code, ErrorCode::kInvalidArgument) << path;
    }
    EXPECT_EQ(OpenError(path).code, ErrorCode::kInvalidArgument) << path;
  }
  EXPECT_EQ(dir_.List(), (Names{"dir", "file", "pipe"}));
}

TEST_F(LocalStoreTest, NamesAsLongAsTheSystemTakes) {
  std::string name(255, 'n');
  auto file = Sealed(name, "x");
  ASSERT_TRUE(file->Publish().ok());
  EXPECT_EQ(dir_.List(), Names{name});
}

TEST_F(LocalStoreTest, RelativePathsStartFromRootOrWorkingDirectory) {
  auto cwd = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  auto here = FileStore::Make({}).ValueOrDie();
  auto file = here->Create("x/../y", IfExists::kError);
  auto plain = here->Create("rel", IfExists::kError).ValueOrDie();
  std::filesystem::current_path(cwd);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  ASSERT_TRUE(plain->Seal(false).ok());
  ASSERT_TRUE(plain->Publish().ok()) << "the working directory at Create counts";
  EXPECT_TRUE(std::filesystem::exists(dir_ / "rel"));
  EXPECT_TRUE(store_->Open("rel", {}).ok());
  EXPECT_TRUE(store_->Open(dir_ / "rel", {}).ok()) << "absolute paths stand for themselves";
}

TEST_F(LocalStoreTest, NoPermissionNamesThePath) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become someone else";
  TempDir::Write(dir_ / "secret", "x");
  ::chmod((dir_ / "secret").c_str(), 0600);
  ::chmod(dir_.path().c_str(), 0755);
  ErrorInfo create, open, parents;
  std::thread([&] {
    // Only this thread's view of the file system changes.
    ::setfsuid(65534);
    create = CreateError("out");
    parents = CreateError("sub/out");
    open = OpenError("secret");
  }).join();
  EXPECT_EQ(create.code, ErrorCode::kPermissionDenied) << create.message;
  EXPECT_EQ(create.context.path, "out");
  EXPECT_EQ(parents.code, ErrorCode::kPermissionDenied) << parents.message;
  EXPECT_EQ(open.code, ErrorCode::kPermissionDenied) << open.message;
  EXPECT_EQ(open.context.path, "secret");
}

TEST_F(LocalStoreTest, FullDiskIsNoSpaceWithThePath) {
  // RLIMIT_FSIZE fails writes with EFBIG, which stands in for a full disk.
  int code = InChild([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{1 << 16, 1 << 16};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto file = store_->Create("out", IfExists::kError).ValueOrDie();
    Status written = file->stream()->Write(std::string(1 << 20, 'x'));
    ErrorInfo info = DescribeError(written);
    bool right = info.code == ErrorCode::kNoSpace && info.context.path == "out" &&
                 LookupError(info.code).retryable;
    // The failure stays, even for bytes that would fit: a file with a hole is never published.
    right = right && file->stream()->Write("y") == written && file->Seal(false) == written &&
            !file->Publish().ok();
    file.reset();
    std::_Exit(right ? 0 : 1);
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(dir_.List(), Names{});
}

TEST_F(LocalStoreTest, FullDeviceAtSeal) {
  // Buffered bytes meet the disk only when the stream is closed.
  int code = InChild([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{100, 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto file = store_->Create("out", IfExists::kError).ValueOrDie();
    bool buffered = file->stream()->Write(std::string(1000, 'x')).ok();
    ErrorInfo info = DescribeError(file->Seal(true));
    file.reset();
    std::_Exit(buffered && info.code == ErrorCode::kNoSpace && info.context.path == "out" ? 0 : 1);
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(dir_.List(), Names{});
}

TEST_F(LocalStoreTest, ExitWithWorkInFlightLeavesNothing) {
  TempDir::Write(dir_ / "replaced", "old");
  int code = InChild([&] {
    // Never destroyed, as when the process leaves while threads still write.
    Start("a/b/open", "x").release();
    Sealed("a/sealed", "x").release();
    auto* published = Sealed("replaced", "new", IfExists::kReplace).release();
    if (!published->Publish().ok()) std::_Exit(1);
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(dir_.List(), Names{"replaced"});
  EXPECT_EQ(TempDir::Read(dir_ / "replaced"), "new");
}

TEST_F(LocalStoreTest, ForkedChildDoesNotRemoveItsParentsFiles) {
  auto file = Start("a/out", "x");
  EXPECT_EQ(InChild([] {}), 0);
  ASSERT_TRUE(file->Seal(false).ok());
  EXPECT_TRUE(file->Publish().ok());
  EXPECT_EQ(TempDir::Read(dir_ / "a/out"), "x");
}

TEST_F(LocalStoreTest, MissingFileIsNotFound) {
  ErrorInfo info = OpenError("gone/file");
  EXPECT_EQ(info.code, ErrorCode::kNotFound);
  EXPECT_EQ(info.context.path, "gone/file");
}

TEST_F(LocalStoreTest, StreamBufferComesFromThePoolAndGoesBack) {
  int64_t before = Pool()->bytes_allocated();
  {
    auto file = Start("out", "x");
    EXPECT_GT(Pool()->bytes_allocated(), before);
  }
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

class LocalReadTest : public LocalStoreTest, public ::testing::WithParamInterface<bool> {
 protected:
  std::shared_ptr<ReadableFile> Open(const std::string& path) {
    return store_->Open(path, {.mmap = GetParam()}).ValueOrDie();
  }
};

TEST_P(LocalReadTest, ReadsRanges) {
  TempDir::Write(dir_ / "in", "0123456789");
  auto file = Open("in");
  EXPECT_EQ(file->size(), 10);
  EXPECT_EQ(file->file()->GetSize().ValueOrDie(), 10);
  EXPECT_EQ(file->file()->ReadAt(3, 4).ValueOrDie()->ToString(), "3456");
  EXPECT_EQ(file->file()->ReadAt(8, 100).ValueOrDie()->ToString(), "89") << "a short read";
  EXPECT_EQ(file->file()->ReadAt(10, 1).ValueOrDie()->size(), 0);
  char out[4];
  EXPECT_EQ(file->file()->ReadAt(6, 4, out).ValueOrDie(), 4);
  EXPECT_EQ(std::string(out, 4), "6789");
  EXPECT_TRUE(file->CheckUnchanged().ok());
}

TEST_P(LocalReadTest, EmptyFile) {
  TempDir::Write(dir_ / "empty", "");
  auto file = Open("empty");
  EXPECT_EQ(file->size(), 0);
  EXPECT_EQ(file->file()->ReadAt(0, 8).ValueOrDie()->size(), 0);
  EXPECT_TRUE(file->CheckUnchanged().ok());
}

TEST_P(LocalReadTest, BuffersOutliveTheFile) {
  TempDir::Write(dir_ / "in", std::string(100000, 'z'));
  std::shared_ptr<arrow::Buffer> buffer;
  {
    auto file = Open("in");
    buffer = file->file()->ReadAt(500, 90000).ValueOrDie();
    std::filesystem::remove(dir_ / "in");
    EXPECT_TRUE(file->CheckUnchanged().ok()) << "an unlinked file is still whole";
  }
  EXPECT_EQ(buffer->ToString(), std::string(90000, 'z'));
}

TEST_P(LocalReadTest, SeesEveryKindOfChange) {
  auto changed = [&](const std::function<void(const std::string&)>& change) {
    std::string path = dir_ / "in";
    TempDir::Write(path, "first");
    auto file = Open("in");
    EXPECT_TRUE(file->CheckUnchanged().ok());
    change(path);
    ErrorInfo info = DescribeError(file->CheckUnchanged());
    EXPECT_EQ(info.context.path, "in");
    return info.code;
  };
  EXPECT_EQ(changed([](const auto& path) { std::filesystem::resize_file(path, 9); }),
            ErrorCode::kFileChanged);
  EXPECT_EQ(changed([](const auto& path) {
              timespec times[2] = {{0, UTIME_OMIT}, {1000, 1}};
              ::utimensat(AT_FDCWD, path.c_str(), times, 0);
            }),
            ErrorCode::kFileChanged);
  EXPECT_EQ(changed([](const auto& path) {
              TempDir::Write(path + "2", "other");
              std::filesystem::rename(path + "2", path);
            }),
            ErrorCode::kFileChanged);
}

INSTANTIATE_TEST_SUITE_P(PreadAndMmap, LocalReadTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "mmap" : "pread"; });

TEST_F(LocalStoreTest, WritingIntoAMappingDoesNotReachTheFile) {
  TempDir::Write(dir_ / "in", "original");
  auto file = store_->Open("in", {.mmap = true}).ValueOrDie();
  auto buffer = file->file()->ReadAt(0, 8).ValueOrDie();
  const_cast<uint8_t*>(buffer->data())[0] = 'X';
  EXPECT_EQ(buffer->ToString(), "Xriginal");
  EXPECT_EQ(TempDir::Read(dir_ / "in"), "original");
  EXPECT_TRUE(file->CheckUnchanged().ok());
}

}  // namespace
}  // namespace packed
