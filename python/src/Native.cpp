//===- Native.cpp - zq's C API in Python ----------------------------------===//
//
// The module `zq._native`: the objects of the C API as Python classes, and
// nothing else. What users see is in the package's Python files. Element types
// are passed as the numbers of `ZqElementType`.
//
//===----------------------------------------------------------------------===//
#include "zq-c/Codec.h"
#include "zq-c/Program.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <vector>

namespace py = pybind11;

namespace {
template <typename T, void (*destroy)(T *)>
struct Destroy {
  void operator()(T *object) const { destroy(object); }
};
template <typename T, void (*destroy)(T *)>
using Owned = std::unique_ptr<T, Destroy<T, destroy>>;

struct Codec {
  Owned<ZqCodec, zqCodecDestroy> codec;
};
struct TensorType {
  Owned<ZqTensorType, zqTensorTypeDestroy> type;
};
struct Tensor {
  Owned<ZqTensor, zqTensorDestroy> tensor;
};
struct Program {
  Owned<ZqProgram, zqProgramDestroy> program;
};
} // namespace

//===----------------------------------------------------------------------===//
// Errors, text, arrays
//===----------------------------------------------------------------------===//

/// Raises `zq.Error` if there is an error, which it takes.
static void check(ZqError *error) {
  if (!error)
    return;
  py::str message(zqErrorGetMessage(error));
  zqErrorDestroy(error);
  py::object type = py::module_::import("zq.errors").attr("Error");
  PyErr_SetObject(type.ptr(), message.ptr());
  throw py::error_already_set();
}

static void append(const char *text, size_t length, void *user) {
  static_cast<std::string *>(user)->append(text, length);
}

/// The text that `get` sends for `object`.
template <typename T>
static std::string getText(void (*get)(const T *, ZqTextCallback, void *),
                           const T *object) {
  std::string text;
  get(object, append, &text);
  return text;
}

/// NumPy's types to the numbers of element types; filled by the package, which
/// knows those of ml_dtypes.
static py::dict &getElementTypes() {
  static auto *types = new py::dict;
  return *types;
}

/// A view of a NumPy array in row-major order.
static ZqArray view(const py::handle &object) {
  if (!py::isinstance<py::array>(object))
    throw py::type_error("expected a NumPy array");
  auto array = py::reinterpret_borrow<py::array>(object);
  if (!(array.flags() & py::array::c_style))
    throw py::value_error("expected a C-contiguous array");
  PyObject *number =
      PyDict_GetItemWithError(getElementTypes().ptr(), array.dtype().ptr());
  if (!number)
    throw py::type_error("no elements of type " +
                         py::str(array.dtype()).cast<std::string>());
  static_assert(sizeof(py::ssize_t) == sizeof(int64_t));
  return {static_cast<ZqElementType>(PyLong_AsLong(number)),
          static_cast<size_t>(array.ndim()),
          reinterpret_cast<const int64_t *>(array.shape()),
          const_cast<void *>(array.data())};
}

static ZqArray viewWritable(const py::handle &object) {
  ZqArray array = view(object);
  if (!py::reinterpret_borrow<py::array>(object).writeable())
    throw py::value_error("expected a writable array");
  return array;
}

/// A size that each call chooses is None.
static py::tuple toTuple(size_t rank, const int64_t *shape) {
  py::tuple sizes(rank);
  for (size_t i = 0; i < rank; ++i)
    if (shape[i] == ZQ_DYNAMIC)
      sizes[i] = py::none();
    else
      sizes[i] = shape[i];
  return sizes;
}

//===----------------------------------------------------------------------===//
// Codecs and tensors
//===----------------------------------------------------------------------===//

static void bindCodec(py::module_ &module) {
  py::class_<Codec>(module, "Codec")
      .def_static("parse",
                  [](const std::string &text) {
                    ZqCodec *codec = nullptr;
                    check(zqCodecParse(text.data(), text.size(), &codec));
                    return Codec{decltype(Codec::codec)(codec)};
                  })
      .def_property_readonly("name",
                             [](const Codec &self) {
                               return getText(zqCodecGetName, self.codec.get());
                             })
      .def_property_readonly("stages",
                             [](const Codec &self) {
                               return getText(zqCodecGetStages,
                                              self.codec.get());
                             })
      .def_property_readonly("lossless", [](const Codec &self) {
        return zqCodecIsLossless(self.codec.get());
      });
  module.def("named_codecs", [] {
    py::list entries;
    for (size_t i = 0, n = zqGetNumNamedCodecs(); i < n; ++i) {
      const char *name, *stages, *source;
      zqGetNamedCodec(i, &name, &stages, &source);
      entries.append(py::make_tuple(name, stages, source));
    }
    return entries;
  });
}

static py::list getStreams(const TensorType &self) {
  py::list streams;
  size_t n = zqTensorTypeGetNumStreams(self.type.get());
  for (size_t i = 0; i < n; ++i) {
    const char *name;
    ZqElementType element;
    size_t rank;
    const int64_t *shape;
    zqTensorTypeGetStream(self.type.get(), i, &name, &element, &rank, &shape);
    streams.append(py::make_tuple(name, int(element), toTuple(rank, shape)));
  }
  return streams;
}

static void bindTensorType(py::module_ &module) {
  py::class_<TensorType>(module, "TensorType")
      .def_static(
          "create",
          [](const Codec &codec, int element,
             const std::vector<int64_t> &shape) {
            ZqTensorType *type = nullptr;
            check(zqTensorTypeCreate(codec.codec.get(), ZqElementType(element),
                                     shape.size(), shape.data(), &type));
            return TensorType{decltype(TensorType::type)(type)};
          })
      .def_static("parse",
                  [](const std::string &text) {
                    ZqTensorType *type = nullptr;
                    check(zqTensorTypeParse(text.data(), text.size(), &type));
                    return TensorType{decltype(TensorType::type)(type)};
                  })
      .def_property_readonly("text",
                             [](const TensorType &self) {
                               return getText(zqTensorTypeGetText,
                                              self.type.get());
                             })
      .def_property_readonly("codec",
                             [](const TensorType &self) {
                               return Codec{decltype(Codec::codec)(
                                   zqTensorTypeGetCodec(self.type.get()))};
                             })
      .def_property_readonly("element",
                             [](const TensorType &self) {
                               return int(
                                   zqTensorTypeGetElement(self.type.get()));
                             })
      .def_property_readonly("shape",
                             [](const TensorType &self) {
                               return toTuple(
                                   zqTensorTypeGetRank(self.type.get()),
                                   zqTensorTypeGetShape(self.type.get()));
                             })
      .def_property_readonly("streams", getStreams)
      .def_property_readonly("rate", [](const TensorType &self) {
        return zqTensorTypeGetRate(self.type.get());
      });
}

/// A tensor as `change` makes one of another type.
static Tensor convert(ZqError *(*change)(const ZqTensor *, const ZqTensorType *,
                                         ZqTensor **),
                      const Tensor &from, const TensorType &type) {
  ZqTensor *tensor = nullptr;
  ZqError *error;
  {
    py::gil_scoped_release release;
    error = change(from.tensor.get(), type.type.get(), &tensor);
  }
  check(error);
  return Tensor{decltype(Tensor::tensor)(tensor)};
}

static void bindTensor(py::module_ &module) {
  py::class_<Tensor>(module, "Tensor")
      .def_static(
          "encode",
          [](const TensorType &type, const py::array &values,
             const std::optional<py::array> &activations) {
            ZqArray array = view(values), known;
            if (activations)
              known = view(*activations);
            ZqTensor *tensor = nullptr;
            ZqError *error;
            {
              py::gil_scoped_release release;
              error = zqTensorEncode(type.type.get(), &array,
                                     activations ? &known : nullptr, &tensor);
            }
            check(error);
            return Tensor{decltype(Tensor::tensor)(tensor)};
          },
          py::arg("type"), py::arg("values"),
          py::arg("activations") = py::none())
      .def_static("create",
                  [](const TensorType &type, const py::list &streams) {
                    std::vector<ZqArray> arrays;
                    for (const py::handle &stream : streams)
                      arrays.push_back(view(stream));
                    ZqTensor *tensor = nullptr;
                    ZqError *error;
                    {
                      py::gil_scoped_release release;
                      error = zqTensorCreate(type.type.get(), arrays.size(),
                                             arrays.data(), &tensor);
                    }
                    check(error);
                    return Tensor{decltype(Tensor::tensor)(tensor)};
                  })
      .def("stream",
           [](py::object self, size_t index) {
             // Bytes, to be viewed as what they are; the array keeps the
             // tensor.
             const auto *tensor = self.cast<const Tensor *>();
             const ZqTensor *object = tensor->tensor.get();
             if (index >= zqTensorTypeGetNumStreams(zqTensorGetType(object)))
               throw py::index_error("no such stream");
             ZqArray stream = zqTensorGetStream(object, index);
             static const int widths[] = {8, 4, 2, 2, 1, 1, 1, 1, 2, 4, 8};
             py::ssize_t size = widths[stream.type];
             for (size_t i = 0; i < stream.rank; ++i)
               size *= stream.shape[i];
             py::array_t<uint8_t> bytes(
                 size, static_cast<const uint8_t *>(stream.data), self);
             py::detail::array_proxy(bytes.ptr())->flags &=
                 ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
             return py::make_tuple(int(stream.type),
                                   toTuple(stream.rank, stream.shape), bytes);
           })
      .def("decode",
           [](const Tensor &self, const py::array &values) {
             ZqArray array = viewWritable(values);
             ZqError *error;
             {
               py::gil_scoped_release release;
               error = zqTensorDecode(self.tensor.get(), &array);
             }
             check(error);
           })
      .def("repack",
           [](const Tensor &self, const TensorType &type) {
             return convert(zqTensorRepack, self, type);
           })
      .def("transcode", [](const Tensor &self, const TensorType &type) {
        return convert(zqTensorTranscode, self, type);
      });
}

static void bindPublishedLayouts(py::module_ &module) {
  module.def("decode_dfloat11",
             [](const py::array &luts, const py::array &encodedExponent,
                const py::array &signMantissa, const py::array &outputPositions,
                const py::array &gaps, int64_t threadsPerBlock,
                const py::array &values) {
               ZqDFloat11 published = {
                   view(luts),         view(encodedExponent),
                   view(signMantissa), view(outputPositions),
                   view(gaps),         threadsPerBlock};
               ZqArray array = viewWritable(values);
               ZqError *error;
               {
                 py::gil_scoped_release release;
                 error = zqDFloat11Decode(&published, &array);
               }
               check(error);
             });
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// The options of the C API, with the texts they point to.
namespace {
struct Options {
  std::string entry, features, fileName;
  ZqProgramOptions options;

  Options(std::string entry, std::string features, std::string fileName,
          double accuracy, bool threads, bool packWeights, bool recodeWeights)
      : entry(std::move(entry)), features(std::move(features)),
        fileName(std::move(fileName)) {
    options = zqGetDefaultProgramOptions();
    options.accuracy = accuracy;
    options.threads = threads;
    options.packWeights = packWeights;
    options.recodeWeights = recodeWeights;
  }

  const ZqProgramOptions *get() {
    options.entry = entry.c_str();
    options.features = features.c_str();
    options.fileName = fileName.c_str();
    return &options;
  }
};
} // namespace

static Program compile(const std::string &text, Options &options) {
  ZqProgram *program = nullptr;
  ZqError *error;
  {
    py::gil_scoped_release release;
    error = zqProgramCompile(text.data(), text.size(), options.get(), &program);
  }
  check(error);
  return {decltype(Program::program)(program)};
}

/// Arrays or tensors.
static std::vector<ZqArgument> viewArguments(const py::list &arguments) {
  std::vector<ZqArgument> inputs;
  inputs.reserve(arguments.size());
  for (const py::handle &argument : arguments) {
    if (py::isinstance<Tensor>(argument))
      inputs.push_back({argument.cast<const Tensor &>().tensor.get(), {}});
    else
      inputs.push_back({nullptr, view(argument)});
  }
  return inputs;
}

static py::list getShapesOfCall(const Program &self,
                                const py::list &arguments) {
  std::vector<ZqArgument> inputs = viewArguments(arguments);
  py::list shapes;
  auto append = [](size_t rank, const int64_t *shape, void *user) {
    static_cast<py::list *>(user)->append(toTuple(rank, shape));
  };
  check(zqProgramGetShapesOfCall(self.program.get(), inputs.size(),
                                 inputs.data(), append, &shapes));
  return shapes;
}

/// Results are arrays.
static void call(const Program &self, const py::list &arguments,
                 const py::list &results) {
  std::vector<ZqArgument> inputs = viewArguments(arguments);
  std::vector<ZqArray> outputs;
  outputs.reserve(results.size());
  for (const py::handle &result : results)
    outputs.push_back(viewWritable(result));
  ZqError *error;
  {
    py::gil_scoped_release release;
    error = zqProgramCall(self.program.get(), inputs.size(), inputs.data(),
                          outputs.size(), outputs.data());
  }
  check(error);
}

static void bindProgram(py::module_ &module) {
  py::class_<Options>(module, "Options")
      .def(py::init<std::string, std::string, std::string, double, bool, bool,
                    bool>(),
           py::kw_only(), py::arg("entry") = "", py::arg("features") = "host",
           py::arg("file_name") = "input", py::arg("accuracy"),
           py::arg("threads"), py::arg("pack_weights"),
           py::arg("recode_weights"));
  py::class_<Program>(module, "Program")
      .def_static("compile", compile)
      .def_static("load",
                  [](const py::bytes &bytes) {
                    std::string_view view = bytes;
                    ZqProgram *program = nullptr;
                    check(zqProgramLoad(view.data(), view.size(), &program));
                    return Program{decltype(Program::program)(program)};
                  })
      .def("store",
           [](const Program &self) {
             return py::bytes(getText(zqProgramStore, self.program.get()));
           })
      .def_property_readonly(
          "inputs",
          [](const Program &self) {
            py::list inputs;
            size_t n = zqProgramGetNumInputs(self.program.get());
            for (size_t i = 0; i < n; ++i) {
              const char *declared, *type;
              zqProgramGetInput(self.program.get(), i, &declared, &type);
              inputs.append(py::make_tuple(declared, type));
            }
            return inputs;
          })
      .def_property_readonly(
          "results",
          [](const Program &self) {
            py::list results;
            size_t n = zqProgramGetNumResults(self.program.get());
            for (size_t i = 0; i < n; ++i) {
              size_t rank;
              const int64_t *shape;
              ZqElementType element =
                  zqProgramGetResultShape(self.program.get(), i, &rank, &shape);
              results.append(
                  py::make_tuple(zqProgramGetResult(self.program.get(), i),
                                 int(element), toTuple(rank, shape)));
            }
            return results;
          })
      .def_property_readonly(
          "remarks",
          [](const Program &self) {
            py::list remarks;
            size_t n = zqProgramGetNumRemarks(self.program.get());
            for (size_t i = 0; i < n; ++i)
              remarks.append(zqProgramGetRemark(self.program.get(), i));
            return remarks;
          })
      .def("shapes_of_call", getShapesOfCall)
      .def("call", call);
  module.def("print_form", [](const std::string &text, Options &options,
                              const std::string &form) {
    std::string printed;
    ZqError *error;
    {
      py::gil_scoped_release release;
      error = zqPrintForm(text.data(), text.size(), options.get(), form.c_str(),
                          append, &printed);
    }
    check(error);
    return printed;
  });
  module.def("compile_ptx", [](const std::string &text, Options &options,
                               const std::string &chip) {
    std::string ptx;
    ZqError *error;
    {
      py::gil_scoped_release release;
      error = zqCompilePTX(text.data(), text.size(), options.get(),
                           chip.c_str(), append, &ptx);
    }
    check(error);
    return ptx;
  });
  module.def("num_threads", zqGetNumThreads);
}

PYBIND11_MODULE(_native, module) {
  module.doc() = "zq's C API; use the package zq";
  module.def("set_element_types",
             [](const py::dict &types) { getElementTypes() = types; });
  module.def("version", [] {
    std::string text;
    zqGetVersion(append, &text);
    return text;
  });
  bindCodec(module);
  bindTensorType(module);
  bindTensor(module);
  bindPublishedLayouts(module);
  bindProgram(module);
}
