# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""From the kernels' Python source to machine code, by numba and LLVM; needed once for each version and processor.

Each kernel gets a function with a plain C interface: an array is passed as its address and lengths. The compiled
functions own no memory and raise no errors, so nothing of numba's or Python's runtime is needed where they run;
`object_code` refuses code that would.
"""

from importlib import import_module
from typing import Any

import llvmlite.binding as llvm
from llvmlite.binding import ModuleRef
from numba import cfunc, types
from numba.core import cgutils
from numba.extending import intrinsic

import docgen.kernels
from docgen.kernels.native import Kernel, Kind, optimiser

__all__ = ["object_code"]

SCALARS = {
    "u1": types.uint8, "u4": types.uint32, "u8": types.uint64, "i4": types.int32, "i8": types.int64,
    "f8": types.float64, "b1": types.boolean,
}  # fmt: skip
ALLOWED = ("llvm.", "memset", "memcpy", "memmove", "ceil")
"""Beginnings of names that code may refer to: what LLVM itself provides, and C's plainest functions."""
NEVER = """
define linkonce_odr void @NRT_MemInfo_call_dtor(ptr %info) {
  call void @llvm.trap()
  unreachable
}
declare void @llvm.trap()
"""
"""Memory that someone else owns is never freed here, but numba's code for that is compiled along."""


def object_code() -> bytes:
    """One object file with all kernels of `docgen.kernels`, exported under their names."""
    whole = llvm.parse_assembly(NEVER)
    kernels = [value for value in vars(docgen.kernels).values() if isinstance(value, Kernel)]
    for kernel in kernels:
        whole.link_in(_module(kernel))
    _optimise(whole, {kernel.name for kernel in kernels})
    foreign = [f.name for f in whole.functions if f.is_declaration and not f.name.startswith(ALLOWED)]
    if foreign:
        raise NotImplementedError(f"compiled code would need {', '.join(foreign)}: it may own no memory, raise nothing")
    code: bytes = optimiser().emit_object(whole)
    return code


def _module(kernel: Kernel[Any, Any]) -> ModuleRef:
    """LLVM code of one kernel, its entry under the kernel's name, everything else private."""
    compiled = getattr(import_module(f"docgen.kernels.source.{kernel.module}"), kernel.name)
    names, handed, argument_types = [], [], []
    for name, kind in kernel.parameters.items():
        lengths = [f"{name}_{i}" for i in range(kind.dimensions)]
        names += [name, *lengths]
        handed.append(_handed(name, kind, lengths))
        item = SCALARS[kind.dtype]
        argument_types += [types.CPointer(item) if kind.address or lengths else item, *[types.int64] * len(lengths)]
    scope: dict[str, Any] = {"_compiled": compiled, "_line": line, "_rows": rows}
    exec(f"def entry({', '.join(names)}): return _compiled({', '.join(handed)})", scope)
    result: Any = SCALARS[kernel.result.dtype] if kernel.result else types.void
    signature = result(*argument_types)
    entry = cfunc(signature, error_model="numpy")(scope["entry"])
    module = llvm.parse_assembly(entry.inspect_llvm())
    for function in module.functions:
        if function.name == entry.native_name:
            function.name = kernel.name
        elif not function.is_declaration:
            function.linkage = "internal"
    return module


def _handed(name: str, kind: Kind, lengths: list[str]) -> str:
    """How the entry hands a parameter on; an address becomes an array as long as memory."""
    if kind.address:
        return f"_line({name}, (1 << 62,))"
    if not kind.dimensions:
        return name
    return f"{'_line' if kind.dimensions == 1 else '_rows'}({name}, ({', '.join(lengths)},))"


def _array(dimensions: int):
    @intrinsic
    def array_at(context, pointer, shape):  # noqa: ARG001
        """A contiguous array over memory that someone else owns."""
        result = types.Array(pointer.dtype, dimensions, "C")

        def emit(context, builder, signature, arguments):  # noqa: ARG001
            array = context.make_array(result)(context, builder)
            item = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(pointer.dtype)))
            lengths, strides = cgutils.unpack_tuple(builder, arguments[1], dimensions), [item]
            for length in reversed(lengths[1:]):
                strides.insert(0, builder.mul(strides[0], length))
            data = builder.bitcast(arguments[0], array.data.type)
            context.populate_array(
                array, data=data, shape=lengths, strides=strides, itemsize=item, meminfo=None, parent=None
            )
            return array._getvalue()

        return result(pointer, shape), emit

    return array_at


line, rows = _array(1), _array(2)


def _optimise(module: ModuleRef, exported: set[str]) -> None:
    """Once more over all: calls that only now are seen to fail never lose their error paths."""
    for function in module.functions:
        if not function.is_declaration and function.name not in exported:
            function.linkage = "internal"
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    passes = llvm.create_pass_builder(optimiser(), options)
    passes.getModulePassManager().run(module, passes)
