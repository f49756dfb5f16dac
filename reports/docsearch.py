"""The searchable index of rules, controls and clauses: one page that works from a file, without a server."""

from __future__ import annotations

import json

from scanner.rulepack import Pack

PAGE = r"""<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>规则与条款检索 / Search rules and clauses</title>
<style>
body { font: 16px/1.6 system-ui, "Noto Sans CJK SC", sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
input { font: inherit; width: 100%; padding: .5rem; box-sizing: border-box; }
li { margin: .6rem 0; } code { color: #555; } p { margin: 0; color: #444; }
</style>
<h1>规则与条款检索</h1>
<label for="q">输入编号或字词，多个词用空格隔开 / words or ids</label>
<input id="q" autofocus>
<p id="n" role="status"></p>
<ol id="r"></ol>
<script type="application/json" id="d">DATA</script>
<script>
const all = JSON.parse(document.getElementById("d").textContent);
const text = all.map(e => e.join(" ").toLowerCase());
const q = document.getElementById("q"), r = document.getElementById("r"), n = document.getElementById("n");
function show() {
  const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = all.filter((e, i) => words.every(w => text[i].includes(w)));
  n.textContent = hits.length + " / " + all.length;
  r.replaceChildren(...hits.slice(0, 200).map(([href, id, title, english, body]) => {
    const li = document.createElement("li"), a = document.createElement("a"), c = document.createElement("code");
    const p = document.createElement("p");
    a.href = href; a.textContent = title + " / " + english; c.textContent = " " + id; p.textContent = body;
    li.append(a, c, p);
    return li;
  }));
}
q.addEventListener("input", show);
show();
</script>
</html>
"""


def search_page(pack: Pack) -> str:
    """Return the page; its entries are [address, ids, Chinese title, English title, text]."""
    entries = [
        [f"{rule.id}.md", f"{rule.code} {rule.id}", rule.title.zh, rule.title.en, rule.message.zh]
        for rule in sorted(pack.rules.values(), key=lambda rule: rule.code)
    ]
    entries += [
        ["controls/README.md", control.id, control.title.zh, control.title.en, control.why.zh]
        for control in sorted(pack.controls.values(), key=lambda control: control.id)
    ]
    entries += [
        [
            f"instruments/{instrument.id.lower()}.md",
            f"{clause.id} {clause.number}",
            f"{instrument.title.zh} {clause.title.zh}",
            clause.title.en,
            clause.text,
        ]
        for instrument in pack.instruments.values()
        for clause in instrument.clauses
    ]
    data = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return PAGE.replace("DATA", data)
