"""From raw samples to the table, and to ``RESULTS.md``."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from bench import imports
from bench.trips import TRIPS
from bench.trips.trip import Trip

NOISY_S = 0.15
NOISY_SPREAD = 0.20
Sample = dict[str, Any]


class Line(Struct, frozen=True, kw_only=True):
    """The medians of one server on one trip. ``spread`` is (largest - smallest) / median of CPU in S."""

    server: str
    trip: Trip
    rounds: int
    refused: list[str]
    cpu_us: float
    s_us: float
    in_s: float
    beyond_us: float
    spread: float
    noisy: bool
    per_second: float
    database_us: float
    generator_us: float
    p50: float | None
    p99: float | None
    rss: float

    @property
    def gate_us(self) -> float:
        return self.trip.signatures * self.s_us + self.trip.gate

    @property
    def aim_us(self) -> float:
        return self.trip.signatures * self.s_us + self.trip.aim

    @property
    def verdict(self) -> str:
        if self.server != "doorward":
            return ""
        beyond = self.beyond_us
        return "aim met" if beyond <= self.trip.aim else "gate met" if beyond <= self.trip.gate else "MISSED"


def s_of(sample: Sample) -> float:
    mean: float = (sample["s_before"] + sample["s_after"]) / 2
    return mean


def _foreign(trip: Trip, sample: Sample) -> float:
    """What an answer takes that no server gets around: signatures, and the hash of a password."""
    hashing: float = sample["closed"]["hashing_us"] if trip.hashes else 0.0
    return trip.signatures * s_of(sample) + hashing


def lines(samples: Sequence[Sample]) -> list[Line]:
    """A line for every server and trip, ours first."""
    found = []
    for trip in TRIPS.values():
        for server in dict.fromkeys(["doorward", *(sample["server"] for sample in samples)]):
            of_pair = [s for s in samples if s["server"] == server and s["trip"] == trip.name]
            if of_pair:
                found.append(_line(server, trip, of_pair))
    return found


def _line(server: str, trip: Trip, samples: Sequence[Sample]) -> Line:
    good = [sample for sample in samples if sample["refused"] is None]
    refused = [sample["refused"] for sample in samples if sample["refused"] is not None]

    def median(value: Callable[[Sample], float]) -> float:
        return statistics.median([value(sample) for sample in good]) if good else float("nan")

    ratios = [sample["closed"]["cpu_us"] / s_of(sample) for sample in good]
    spread = (max(ratios) - min(ratios)) / statistics.median(ratios) if ratios else 0.0
    shaken = any(abs(s["s_before"] - s["s_after"]) / s_of(s) > NOISY_S for s in good)
    opened = [sample for sample in good if sample["open"] is not None]
    return Line(
        server=server,
        trip=trip,
        rounds=len(good),
        refused=refused,
        cpu_us=median(lambda s: s["closed"]["cpu_us"]),
        s_us=median(s_of),
        in_s=median(lambda s: s["closed"]["cpu_us"] / s_of(s)),
        beyond_us=median(lambda s: s["closed"]["cpu_us"] - _foreign(trip, s)),
        spread=spread,
        noisy=shaken or spread > NOISY_SPREAD,
        per_second=median(lambda s: s["closed"]["per_second"]),
        database_us=median(lambda s: s["closed"]["database_cpu_us"]),
        generator_us=median(lambda s: s["closed"]["generator_us"]),
        p50=statistics.median([s["open"]["latency_ms"]["p50"] for s in opened]) if opened else None,
        p99=statistics.median([s["open"]["latency_ms"]["p99"] for s in opened]) if opened else None,
        rss=median(lambda s: s["rss_mib"]),
    )


def ratios_to(peer: str, samples: Sequence[Sample]) -> list[tuple[Trip, float, float]]:
    """Trip, our CPU / the peer's CPU (each in S of its own seconds), its spread; medians over rounds."""
    found = []
    for trip in TRIPS.values():
        by_round: dict[int, dict[str, float]] = {}
        for sample in samples:
            if sample["trip"] == trip.name and sample["refused"] is None:
                of_round = by_round.setdefault(sample["round"], {})
                of_round[sample["server"]] = sample["closed"]["cpu_us"] / s_of(sample)
        ratios = [r["doorward"] / r[peer] for r in by_round.values() if "doorward" in r and peer in r]
        if ratios:
            middle = statistics.median(ratios)
            found.append((trip, middle, (max(ratios) - min(ratios)) / middle))
    return found


def table(found: Sequence[Line]) -> str:
    """The table, in Markdown that also reads in a terminal."""
    rows = [
        ["server", "trip", "CPU us", "S us", "CPU in S", "beyond the signatures us", "gate / aim us", "", "spread",
         "req/s", "p50 ms", "p99 ms", "database us", "generator us", "RSS MiB"]
    ]  # fmt: skip
    for line in found:
        ours = line.server == "doorward"
        rows.append([
            line.server,
            line.trip.title if ours else f"{line.trip.title} ({line.trip.peers[line.server]})",
            _number(line.cpu_us), _number(line.s_us), f"{line.in_s:.2f}", _number(line.beyond_us),
            f"{line.trip.gate:.0f} / {line.trip.aim:.0f}" if ours else "",
            line.verdict + (" (noisy)" if line.noisy else ""),
            f"{line.spread:.0%}", _number(line.per_second),
            f"{line.p50:.1f}" if line.p50 is not None else "-", f"{line.p99:.1f}" if line.p99 is not None else "-",
            _number(line.database_us), _number(line.generator_us), _number(line.rss),
        ])  # fmt: skip
    return markdown(rows)


def _number(value: float) -> str:
    return f"{value:.0f}" if not math.isnan(value) else "-"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    ruled = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in ruled
    )


def summary(run: dict[str, Any]) -> str:
    """Everything a run has to say."""
    samples = run["samples"]
    found = lines(samples)
    parts = [table(found)]
    ours = {line.trip.name: line for line in found if line.server == "doorward"}
    parts.append(_findings(run, ours))
    return "\n\n".join(parts)


def _findings(run: dict[str, Any], ours: dict[str, Line]) -> str:
    said = []
    first = ours.get("client_credentials")
    if first is not None and first.rounds:
        limit = 1 / first.in_s
        said.append(
            f"client_credentials (RS256) reaches {limit:.0%} of the signing limit per CPU "
            f"(gate 70 %, aim 80 %): {'met' if limit >= 0.7 else 'MISSED'}"
        )
    for peer, why in run["peers"].items():
        if isinstance(why, str):
            said.append(f"{peer}: not run ({why})")
            continue
        for trip, ratio, spread in ratios_to(peer, run["samples"]):
            bar = f" (gate 0.6, aim 0.45): {'met' if ratio <= 0.6 else 'MISSED'}" if trip.signatures else ""
            said.append(f"{trip.title}: {ratio:.2f} of {peer}'s CPU ({trip.peers[peer]}), spread {spread:.0%}{bar}")
    for name, starts in run["starts"].items():
        if starts:
            seconds = statistics.median(start["seconds"] for start in starts)
            cpu = statistics.median(start["cpu_seconds"] for start in starts)
            rss = statistics.median(start["rss_mib"] for start in starts)
            said.append(
                f"start on {name}: {seconds:.2f} s to the first 200 ({cpu:.2f} s of CPU; gate 0.8 s: "
                f"{'met' if seconds <= 0.8 else 'MISSED'}), {rss:.0f} MiB idle (gate 95 MiB: "
                f"{'met' if rss <= 95 else 'MISSED'})"
            )
    if run.get("imports"):
        said.append(imports.told(run["imports"]))
    for line in ours.values():
        if line.p99 is not None and line.p99 > 10:
            said.append(f"{line.trip.title}: p99 {line.p99:.1f} ms at half of capacity (aim 10 ms): MISSED")
    for line in ours.values():
        said += [f"{line.trip.title}: a round was refused: {why}" for why in dict.fromkeys(line.refused)]
    return "\n".join(f"* {sentence}." for sentence in said)
