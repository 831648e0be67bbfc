"""A Messages API on 127.0.0.1 that speaks the real protocol and fails in every way, for tests and benchmarks.

with Loopback(Options(faults=every_fault(0.2))) as server:   # in a thread
    ... AnthropicLLM(api_key="k", base_url=server.url) ...
    server.served                                            # what it would have billed

python -m tests.loopback '{"latency": 0.5}'                  # in a process of its own; prints the URL
"""

from tests.loopback.options import BatchOptions, Limits, Options, every_fault
from tests.loopback.run import Loopback, LoopbackProcess
from tests.loopback.server import Served

__all__ = ["BatchOptions", "Limits", "Loopback", "LoopbackProcess", "Options", "Served", "every_fault"]
