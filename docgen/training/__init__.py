"""Trains a language model on an exported corpus (LoRA or full), by TRL and PEFT; needs `docgen[train]`.

`recipe` says how, `corpus` on what, `forecast` compares the plan with published runs, `models` loads the base,
`trainer` trains, `card` records what the result is. Only `models` and `trainer` import torch, inside functions.
"""
