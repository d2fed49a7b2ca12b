# SPDX-License-Identifier: Apache-2.0
"""A small HTTP service that says what it sees of itself:  app.py [exit0|exit143|default] [PORT]

The word says what SIGTERM does: ends it well, ends it as a shell would see it, or whatever the kernel does by default.
"""
import http.server
import json
import os
import signal
import sys


def attempt(path: str) -> str:
    """Writes a file: "written", or the error's name."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write("x")
        return "written"
    except OSError as error:
        return os.strerror(error.errno)


def limit(name: str) -> str:
    try:
        with open("/sys/fs/cgroup/" + name, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return "none"


def facts() -> dict:
    with open("/proc/self/status", encoding="utf-8") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return {
        "uid": os.getuid(), "gid": os.getgid(), "pid": os.getpid(), "seccomp": status["Seccomp"],
        "capabilities": status["CapEff"].strip(), "noNewPrivileges": status["NoNewPrivs"], "root": attempt("/written"),
        "tmp": attempt("/tmp/written"), "memory": limit("memory.max"), "pids": limit("pids.max"),
    }


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(facts()).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    end = sys.argv[1] if len(sys.argv) > 1 else "exit0"
    if end != "default":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(int(end.removeprefix("exit"))))
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with http.server.HTTPServer(("127.0.0.1", port), Answer) as server:
        print(f"listening on {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
