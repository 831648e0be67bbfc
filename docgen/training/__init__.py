"""Trains a language model on an exported corpus (LoRA or full), by TRL and PEFT; needs `docgen[train]`.

`recipe` says how, `corpus` on what, `forecast` what that comes to beside published runs, `models` loads the base,
`trainer` trains, `card` writes down what the result is. Only `models` and `trainer` import torch, inside functions.
"""
