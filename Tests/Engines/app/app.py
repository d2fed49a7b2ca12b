# SPDX-License-Identifier: Apache-2.0
"""A service that needs what requirements.txt names: answers with what that finds in a small program."""
import http.server
import io
import signal
import sys

import pyflakes.api
import pyflakes.reporter


def findings(source: str) -> str:
    said = io.StringIO()
    pyflakes.api.check(source, "program", pyflakes.reporter.Reporter(said, said))
    return said.getvalue()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = findings("print(undefined)\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def end(*_: object) -> None:
    print("ending", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
