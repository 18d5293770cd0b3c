"""How long a fresh interpreter takes until the package is imported, in milliseconds, best of five."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter


def measure() -> dict[str, str]:
    """Two figures: the bare interpreter, and the interpreter with `import relance`."""
    return {"python": f"{best('pass'):.0f} ms", "import relance": f"{best('import relance'):.0f} ms"}


def best(code: str, times: int = 5) -> float:
    """Milliseconds of the quickest run of `python -c code`."""
    return min(once(code) for _ in range(times))


def once(code: str) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (perf_counter() - began) * 1000
