"""What DNS says about a name."""

from __future__ import annotations

SECONDS = 5.0


async def look_up_txt(name: str) -> list[str]:
    """The TXT records of ``name``, each as one string; none when there are none or nobody answers in time."""
    from dns import asyncresolver, exception  # only for those who have custom domains

    try:
        answer = await asyncresolver.resolve(name, "TXT", lifetime=SECONDS)
    except (exception.DNSException, OSError):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
