"""How does a Python node's code run? This file is a program: it reads code and inputs, runs them, and writes what they give.

It runs in a process of its own, without the rest of Studio, so that the code can be killed at any time and can never hold up a window. What it
prints goes to standard error; what it gives goes to standard output, pickled: ("value", x), or ("error", type, message, line).
"""

import ast
import io
import os
import pickle
import sys
import traceback

FILENAME = "<python node>"


def compile_code(code: str) -> "tuple[ast.Module, bool]":
    """The code's tree, and whether it defines `run(inputs)`; raises SyntaxError."""
    tree = ast.parse(code, FILENAME)
    defines = any(isinstance(part, ast.FunctionDef) and part.name == "run" for part in tree.body)
    if not defines:
        wrapper = ast.parse("def run(inputs):\n    pass", FILENAME)
        function = wrapper.body[0]
        assert isinstance(function, ast.FunctionDef)
        function.body = tree.body or function.body
        ast.fix_missing_locations(wrapper)
        tree = wrapper
    compile(tree, FILENAME, "exec")
    return tree, defines


def run_code(code: str, inputs: "dict[str, object]") -> object:
    tree, _ = compile_code(code)
    names: dict[str, object] = {"__name__": "__studio_node__", "__builtins__": __builtins__}
    exec(compile(tree, FILENAME, "exec"), names)  # noqa: S102 - this is what a person has trusted
    run = names["run"]
    assert callable(run)
    return run(inputs)


def failure(error: BaseException) -> "tuple[str, str, str, int | None]":
    """What went wrong, with the line of the node's code where it did."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILENAME]
    line = error.lineno if isinstance(error, SyntaxError) else (frames[-1].lineno if frames else None)
    return ("error", type(error).__name__, str(error), line)


def main() -> None:
    given = sys.stdin.buffer.read()
    answer = io.FileIO(os.dup(1), "wb")
    os.dup2(2, 1)  # what the code prints must not mix with the answer
    sys.stdout = sys.stderr
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - the code has nobody to ask
    try:
        code, inputs = pickle.loads(given)  # noqa: S301 - it comes from the parent process
        data = pickle.dumps(("value", run_code(code, inputs)), protocol=5)
    except BaseException as error:  # noqa: BLE001 - whatever the code does is told to the parent
        data = pickle.dumps(failure(error), protocol=5)
    sys.stderr.flush()
    with answer:
        answer.write(data)


if __name__ == "__main__":
    main()
