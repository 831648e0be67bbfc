"""The kernels in numba's Python: what `docgen.kernels` declares, and the functions that they are made of."""
