"""Compiled functions as machine code on disk: numba writes it once, after that LLVM's loader alone brings it back.

Importing numba and its caches takes longer than deduplicating a thousand documents. So the functions of this package
are compiled once into one object file, beside the source or in the user's cache, under a name that stands for the
source, the versions of the compiler and the processor. Calls go through ctypes, which lets go of Python's lock.

A `Kernel` is declared in `docgen.kernels` with types; its source is the function of the same name in the
module of `docgen.kernels.source` that is named.
"""

import ctypes
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Generic, ParamSpec, TypeVar, get_args

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from docgen.kernels.cache import fetched

__all__ = [
    "Address",
    "Bytes",
    "Flags",
    "Floats",
    "HashTable",
    "Hashes",
    "IntTable",
    "Ints",
    "Kernel",
    "Kind",
    "PlaceTable",
    "Places",
    "WordTable",
    "Words",
    "kernel",
    "optimiser",
]  # fmt: skip

LOADING = Lock()
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Kind:
    """What a parameter is in compiled code: dtype of the scalar or array, its dimensions; `address` of bytes."""

    dtype: str
    dimensions: int = 0
    address: bool = False


Address = Annotated[int, Kind("u1", address=True)]
Bytes = Annotated[npt.NDArray[np.uint8], Kind("u1", 1)]
Flags = Annotated[npt.NDArray[np.bool_], Kind("b1", 1)]
Floats = Annotated[npt.NDArray[np.float64], Kind("f8", 1)]
Ints = Annotated[npt.NDArray[np.int64], Kind("i8", 1)]
IntTable = Annotated[npt.NDArray[np.int64], Kind("i8", 2)]
Places = Annotated[npt.NDArray[np.int32], Kind("i4", 1)]
PlaceTable = Annotated[npt.NDArray[np.int32], Kind("i4", 2)]
Words = Annotated[npt.NDArray[np.uint32], Kind("u4", 1)]
WordTable = Annotated[npt.NDArray[np.uint32], Kind("u4", 2)]
Hashes = Annotated[npt.NDArray[np.uint64], Kind("u8", 1)]
HashTable = Annotated[npt.NDArray[np.uint64], Kind("u8", 2)]

SCALARS = {int: Kind("i8"), float: Kind("f8"), bool: Kind("i8")}
CTYPES = {"i8": ctypes.c_int64, "f8": ctypes.c_double}


class Kernel(Generic[P, R]):
    """A compiled function, fetched when first called. Arrays must be contiguous and of the declared types."""

    def __init__(self, declaration: Callable[P, R], module: str) -> None:
        self.name, self.module = declaration.__name__, module
        self.__doc__ = declaration.__doc__
        hints = inspect.get_annotations(declaration)
        self.result = SCALARS.get(hints.pop("return"))
        self.parameters = {name: _kind(hint) for name, hint in hints.items()}

    def __call__(self, *arguments: P.args, **_: P.kwargs) -> R:
        """Call it with all arguments by position."""
        flat: list[Any] = []
        for (name, kind), value in zip(self.parameters.items(), arguments, strict=True):
            if kind.dimensions == 0:
                flat.append(value)
                continue
            array: Any = value
            if array.dtype != kind.dtype or array.ndim != kind.dimensions or not array.flags.c_contiguous:
                what = f"{array.dtype} of {array.ndim} dimensions, strides {array.strides}"
                raise TypeError(f"{self.name}: {name} is {what}; expected {kind.dtype} of {kind.dimensions}")
            flat.append(array.__array_interface__["data"][0])
            flat += array.shape
        answer: R = self._compiled(*flat)
        return answer

    @cached_property
    def _compiled(self) -> Any:
        arguments: list[Any] = []
        for kind in self.parameters.values():
            if kind.address or kind.dimensions:
                arguments += [ctypes.c_void_p, *[ctypes.c_int64] * kind.dimensions]
            else:
                arguments.append(CTYPES[kind.dtype])
        result: Any = CTYPES[self.result.dtype] if self.result else None
        return ctypes.CFUNCTYPE(result, *arguments)(library().get_function_address(self.name))


def kernel(module: str) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Declare the compiled function of the same name in docgen.kernels.source.`module`."""
    return lambda declaration: Kernel(declaration, module)


def _kind(hint: Any) -> Kind:
    return SCALARS[hint] if hint in SCALARS else next(part for part in get_args(hint) if isinstance(part, Kind))


@lru_cache(maxsize=1)
def optimiser() -> llvm.TargetMachine:
    """LLVM's description of this processor, with all that it can do."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, codemodel="jitdefault"
    )


def library() -> llvm.ExecutionEngine:
    """The machine code of all kernels, ready to run: one for all threads, for the life of the process."""
    with LOADING:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> llvm.ExecutionEngine:
    compiler = (f"numba {version('numba')}", f"llvmlite {version('llvmlite')}")
    processor = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    code = fetched(Path(__file__).parent, (*compiler, *processor), _build)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), optimiser())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def _build() -> bytes:
    from docgen.kernels.build import object_code

    return object_code()
