"""Doorward as it is measured: ``python -m bench.serve DATABASE_URL PORT`` serves plain HTTP."""

from __future__ import annotations

import sys

from bench.databases import ROOT_KEY
from doorward.app import build
from doorward.web.server import HttpServer, open_sockets


def main(database: str, port: int) -> int:
    door = build(database, root_key=ROOT_KEY)
    door.application.on_start(door.start)
    door.application.on_stop(door.stop)
    return HttpServer(door.application, open_sockets(["127.0.0.1"], port), keep_alive=75).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
