"""A process that has imported everything and forks for each order; see ``warm``.

Orders are lines of JSON on stdin: ``call`` (``module:function``), ``arguments``, ``environ``, ``timeout``.
Answers are lines on stdout: ``signal`` that ended the child or 0, and the function's ``result``.
"""

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from typing import Any

import balu.kernel.sqlite  # noqa: F401  before anything imports sqlite3


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    modules = {name: importlib.import_module(name) for name in sys.argv[1:]}
    for module in modules.values():
        getattr(module, "prime", int)()
    gc.freeze()  # a child's collection would copy every page
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _child(order, writing, modules)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            text = pipe.read()
        status = os.waitpid(pid, 0)[1]
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        print(json.dumps({"signal": ended_by, **json.loads(text or b"{}")}), file=answers)


def _child(order: dict[str, Any], writing: int, modules: dict[str, Any]) -> None:
    code = 1
    try:
        signal.alarm(order["timeout"])
        os.environ.update(order["environ"])
        module, _, function = order["call"].partition(":")
        answer = {"result": getattr(modules[module], function)(**order["arguments"])}
        code = 0
    except BaseException:  # noqa: BLE001  whatever it is, the parent is to hear of it
        answer = {"error": traceback.format_exc()}
    os.write(writing, json.dumps(answer).encode())
    os._exit(code)


if __name__ == "__main__":
    main()
