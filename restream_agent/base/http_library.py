"""httpx without its command line, which it loads where click and rich are installed: 5 MB and 70 ms.

`python -X importtime -c 'import httpx'` shows it as httpx._main.
"""

import sys

# An import of what stands for None fails, which httpx expects of an installation without a command line.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

import httpx  # noqa: E402

__all__ = ["httpx"]
