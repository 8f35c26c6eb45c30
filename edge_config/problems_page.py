"""The page of all problems, for technicians: `python -m edge_config.problems_page > docs/technicians/problems.md`."""

import sys

from foundation.messages import catalogue

HEAD = """\
# Problems and what to do · 问题与处理

`farmloop check SITE` tells every mistake as `file:line:column CODE what was found. What would do.` Codes are stable:
they never change their meaning. `E` stops a site from loading; `W` only deserves a look. A word in braces stands for
what was found in the file.

`farmloop check 场站文件` 以 `文件:行:列 代码 问题。处理方法。` 的形式列出所有错误。代码固定不变。
`E` 类问题使场站无法加载，`W` 类只需留意。花括号中的词代表文件中的实际内容。

This page is made by `python -m edge_config.problems_page`. 本页自动生成。
"""
CHAPTERS = {
    "E0": "Files · 文件",
    "E1": "Single values · 单个值",
    "E2": "The device library · 设备库",
    "E3": "How the parts fit together · 各部分之间的关系",
    "E4": "Conditions, people, databases · 条件、人员、数据库",
    "E5": "Alarms · 报警",
    "E6": "Maps of recordings · 记录文件的映射",
    "E7": "Scenarios · 场景",
    "W3": "Worth a look · 值得留意",
}


def page() -> str:
    """The whole page in Markdown."""
    english, chinese = catalogue("en"), catalogue("zh-CN")
    parts = [HEAD]
    for begin, title in CHAPTERS.items():
        parts.append(f"\n## {title}\n\n| Code | What is wrong, and what would do | 问题与处理 |\n|---|---|---|\n")
        for key in sorted(english):
            kind, _, code = key.partition(".")
            if kind == "problem" and code.startswith(begin):
                told = [_cell(words[key], words[f"hint.{code}"]) for words in (english, chinese)]
                parts.append(f"| {code} | {told[0]} | {told[1]} |\n")
    return "".join(parts)


def _cell(message: str, hint: str) -> str:
    text = f"{message}<br>{hint}".replace("{{", "{").replace("|", "\\|").replace("*", "\\*")
    return text.replace(":g}", "}").replace("_", "\\_").replace("<=", "&lt;=").replace(" < ", " &lt; ")


if __name__ == "__main__":
    sys.stdout.write(page())
