//===- Assemble.cpp - From PTX to machine code by the CUDA toolkit --------===//
#include "zq/Target/NVVM/NVVMCode.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::zq;
using llvm::StringRef;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::codec::Status;

Result<std::string> mlir::zq::findCudaProgram(StringRef name) {
  if (auto path = llvm::sys::findProgramByName(name))
    return *path;
  std::vector<std::string> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (auto root = llvm::sys::Process::GetEnv(variable))
      folders.push_back(*root + "/bin");
  folders.push_back("/usr/local/cuda/bin");
  for (const std::string &folder : folders)
    if (auto path = llvm::sys::findProgramByName(name, {folder}))
      return *path;
  return Error{"no '" + name.str() + "' of the CUDA toolkit, neither on PATH " +
               "nor in " + llvm::join(folders, ", ") +
               "; set CUDA_HOME, or write PTX (.ptx), which needs none"};
}

namespace {
/// A folder for the files of one run of a program, gone with it.
class TemporaryFolder {
public:
  static Result<std::unique_ptr<TemporaryFolder>> create() {
    std::unique_ptr<TemporaryFolder> folder(new TemporaryFolder);
    if (std::error_code error =
            llvm::sys::fs::createUniqueDirectory("zq-cuda", folder->path))
      return Error{"cannot make a temporary folder: " + error.message()};
    return folder;
  }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }

  std::string getFile(StringRef name) const {
    llvm::SmallString<128> file(path);
    llvm::sys::path::append(file, name);
    return file.str().str();
  }

private:
  TemporaryFolder() = default;

  llvm::SmallString<128> path;
};
} // namespace

static Status writeFile(const std::string &path, StringRef contents) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (!error) {
    os << contents;
    os.close();
    error = os.error();
    os.clear_error();
  }
  if (error)
    return Error{"cannot write '" + path + "': " + error.message()};
  return {};
}

static Result<std::string> readFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return Error{"cannot read '" + path + "': " + buffer.getError().message()};
  return (*buffer)->getBuffer().str();
}

/// Runs `command`, whose first word is a path; what it prints, or an error with
/// the beginning of it.
static Result<std::string> runProgram(const std::vector<std::string> &command,
                                      const TemporaryFolder &folder) {
  std::string log = folder.getFile("log");
  std::vector<StringRef> words(command.begin(), command.end());
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(command[0], words, std::nullopt,
                                         redirects, 0, 0, &message);
  Result<std::string> printed = readFile(log);
  if (status == 0)
    return printed;
  if (message.empty() && printed)
    message = StringRef(*printed).trim().take_front(2000).str();
  return Error{llvm::sys::path::filename(command[0]).str() +
               " failed: " + message};
}

/// The number before `unit` in `line`; 0 where there is none.
static int64_t getNumberBefore(StringRef line, StringRef unit) {
  size_t end = line.find(unit);
  if (end == StringRef::npos)
    return 0;
  StringRef before = line.take_front(end).rtrim();
  size_t begin = before.find_last_not_of("0123456789");
  int64_t number = 0;
  (void)before.substr(begin == StringRef::npos ? 0 : begin + 1)
      .getAsInteger(10, number);
  return number;
}

std::vector<KernelStatistics> mlir::zq::parseStatistics(StringRef text) {
  std::vector<KernelStatistics> kernels;
  for (StringRef line : llvm::split(text, '\n')) {
    if (line.contains("Compiling entry function '")) {
      kernels.emplace_back();
      kernels.back().name = line.split('\'').second.split('\'').first.str();
    }
    if (kernels.empty())
      continue;
    KernelStatistics &kernel = kernels.back();
    if (line.contains("bytes stack frame")) {
      kernel.stack = getNumberBefore(line, " bytes stack frame");
      kernel.spillStores = getNumberBefore(line, " bytes spill stores");
      kernel.spillLoads = getNumberBefore(line, " bytes spill loads");
    }
    if (line.contains("Used ")) {
      kernel.registers = getNumberBefore(line, " registers");
      kernel.barriers = getNumberBefore(line, " barriers");
      kernel.sharedMemory = getNumberBefore(line, " bytes smem");
    }
  }
  return kernels;
}

/// How eagerly ptxas takes registers, of 10, which kernels are bound to anyway:
/// what it usually does, and what spills less of some kernels.
static constexpr int registerUsages[] = {5, 7, 4};

static int64_t countSpills(const Cubin &cubin) {
  int64_t bytes = 0;
  for (const KernelStatistics &kernel : cubin.kernels)
    bytes += kernel.spillStores + kernel.spillLoads;
  return bytes;
}

static Result<Cubin> assembleWith(int registerUsage, const std::string &ptxas,
                                  const std::string &input, const Chip &chip,
                                  const TemporaryFolder &folder) {
  std::string output = folder.getFile("kernels.cubin");
  Result<std::string> printed =
      runProgram({ptxas, "-v", "-O3",
                  "--register-usage-level=" + std::to_string(registerUsage),
                  ("--gpu-name=" + chip.name).str(), input, "-o", output},
                 folder);
  if (!printed)
    return Error{"cannot assemble for " + chip.name.str() + ": " +
                 printed.message()};
  Result<std::string> image = readFile(output);
  if (!image)
    return image.error();
  Cubin cubin{&chip, std::move(*image), parseStatistics(*printed), {}};
  for (StringRef line : llvm::split(*printed, '\n'))
    if (line.contains_insensitive("warning"))
      cubin.warnings.push_back(line.trim().str());
  return cubin;
}

Result<Cubin> mlir::zq::assemble(StringRef ptx, const Chip &chip) {
  Result<std::string> ptxas = findCudaProgram("ptxas");
  if (!ptxas)
    return ptxas.error();
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.error();
  std::string input = (*folder)->getFile("kernels.ptx");
  if (Status written = writeFile(input, ptx); !written)
    return written.error();
  std::optional<Cubin> best;
  for (int registerUsage : registerUsages) {
    Result<Cubin> cubin =
        assembleWith(registerUsage, *ptxas, input, chip, **folder);
    // Another try may fail: there is machine code already.
    if (!cubin && best)
      break;
    if (!cubin)
      return cubin.error();
    if (!best || countSpills(*cubin) < countSpills(*best))
      best = std::move(*cubin);
    if (!countSpills(*best))
      break;
  }
  return std::move(*best);
}

Result<std::string> mlir::zq::bundleFatbin(llvm::ArrayRef<Cubin> cubins) {
  Result<std::string> fatbinary = findCudaProgram("fatbinary");
  if (!fatbinary)
    return fatbinary.error();
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.error();
  std::string output = (*folder)->getFile("kernels.fatbin");
  std::vector<std::string> command{*fatbinary, "-64", "--create=" + output};
  for (const Cubin &cubin : cubins) {
    std::string file = (*folder)->getFile((cubin.chip->name + ".cubin").str());
    if (Status written = writeFile(file, cubin.image); !written)
      return written.error();
    StringRef number = cubin.chip->name.drop_front(strlen("sm_"));
    command.push_back(
        ("--image3=kind=elf,sm=" + number + ",file=" + file).str());
  }
  Result<std::string> printed = runProgram(command, **folder);
  if (!printed)
    return printed.error();
  return readFile(output);
}
