"""How kernels are compiled and kept: types of arrays, compiler, cache folder."""
