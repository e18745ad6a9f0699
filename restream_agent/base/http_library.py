"""httpx without what it looks for in vain.

Its command line, which it loads where click and rich are installed, takes 5 MB and 70 ms (httpx._main in
`python -X importtime -c 'import httpx'`). httpcore tries to import sniffio at each step of a request, to ask
it for the event loop in use, and takes asyncio's without it: a tenth of what the agent took off air.
"""

import sys

for _module in ("httpx._main", "sniffio"):
    # An import of what stands for None fails at once, which httpx expects where these are not installed.
    sys.modules.setdefault(_module, None)  # type: ignore[arg-type]

import httpx  # noqa: E402

__all__ = ["httpx"]
