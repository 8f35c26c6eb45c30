"""The syntax tree of a file of ours."""

import ast
from pathlib import Path


def tree_of(path: Path) -> ast.Module:
    """Python 3.11 counts its depth wrong where a traceback is written meanwhile (gh-106905), as when a task that
    failed is collected: the second time it is right."""
    text = path.read_text("utf-8")
    try:
        return ast.parse(text)
    except SystemError:
        return ast.parse(text)
