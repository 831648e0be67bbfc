"""Tasks on a Ray cluster (extra: docgen[ray]). Every worker must be able to read the corpus under the same path."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from docgen.errors import ConfigError

__all__ = ["RayExecutor"]


class RayExecutor:
    """Connects to the cluster that RAY_ADDRESS names, or starts one on this machine."""

    def __init__(self, workers: int | None = None) -> None:
        try:
            import ray
        except ImportError as error:
            raise ConfigError("needs Ray", "--engine ray", "Install it: pip install 'docgen[ray]'") from error
        self._ray = ray
        self._remote: dict[Callable[..., Any], Any] = {}
        if not ray.is_initialized():
            ray.init(num_cpus=workers, logging_level=logging.ERROR, include_dashboard=False, log_to_driver=False)

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start a task; its results stay in Ray's object store."""
        if function not in self._remote:
            self._remote[function] = self._ray.remote(function)
        handles = self._remote[function].options(num_returns=results).remote(*arguments)
        return list(handles) if results > 1 else [handles]

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """Fetch values; an error in a task is raised here as what it was."""
        try:
            return list(self._ray.get(list(handles)))
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from error
