#!/usr/bin/env python3
"""Draws docs/comment.png, the comment of a pull request as GitHub shows it.

    pip install cmarkgfm==2025.10.22     # GitHub's own Markdown library
    apt-get install chromium fonts-noto-color-emoji
    python3 tools/comment_picture.py [PULL REQUEST]

The comment is `fixtures/repos/<PULL REQUEST>/comment.md` (default: model-upgraded), which tests hold against the program's
own output. Nothing is taken from the network.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 920
STYLE = """
body { margin: 0; padding: 16px; background: #fff; font: 14px/1.5 "Liberation Sans", Arial, "Noto Color Emoji"; color: #1f2328 }
.comment { border: 1px solid #d1d9e0; border-radius: 6px }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; padding: 8px 16px; color: #59636e }
.head b { color: #1f2328 }
.bot { border: 1px solid #d1d9e0; border-radius: 12px; padding: 0 7px; font-size: 12px; margin: 0 2px }
.body { padding: 16px } .body > :first-child { margin-top: 0 } .body > :last-child { margin-bottom: 0 }
h3 { font-size: 17.5px; line-height: 1.25; margin: 0 0 14px } p, table, ul, details { margin: 0 0 14px }
table { border-collapse: collapse } th, td { border: 1px solid #d1d9e0; padding: 5px 12px; text-align: left }
tr:nth-child(2n) td { background: #f6f8fa } ul { padding-left: 2em } a { color: #0969da; text-decoration: none }
code { font: 12px "Liberation Mono", monospace; background: #818b981f; border-radius: 6px; padding: 2px 5px }
a code { color: #0969da } sub { font-size: 11.5px; color: #59636e } summary { cursor: pointer }
"""


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "model-upgraded"
    text = (ROOT / "fixtures/repos" / name / "comment.md").read_text(encoding="utf-8")
    body = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    page = f"""<!doctype html><meta charset="utf-8"><style>{STYLE}</style>
<div class="comment"><div class="head"><b>github-actions</b> <span class="bot">bot</span> commented</div>
<div class="body">{body}</div></div>
<script>document.title = Math.ceil(document.querySelector(".comment").getBoundingClientRect().bottom) + 16</script>"""
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "comment.html"
        html.write_text(page, encoding="utf-8")
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}"]
        # The first run tells how high the comment is.
        dumped = subprocess.run([*browser, f"--window-size={WIDTH},2000", "--dump-dom", html.as_uri()], capture_output=True, text=True, check=True)
        height = dumped.stdout.split("<title>", 1)[1].split("</title>", 1)[0]
        target = ROOT / "docs/comment.png"
        subprocess.run(
            [*browser, f"--window-size={WIDTH},{height}", "--force-device-scale-factor=1.25", f"--screenshot={target}", html.as_uri()],
            capture_output=True, check=True,
        )
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
