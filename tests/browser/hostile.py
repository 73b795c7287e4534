"""Texts that try to be something else than text: markup, templates, directions of writing, sheer length."""

from __future__ import annotations

from itertools import islice, product

PAYLOADS = (
    "<script>document.title='taken {n}'</script>",
    "<img src=x onerror=\"document.title='taken {n}'\">",
    "<svg/onload=document.title='taken'>{n}",
    "<a href='javascript:document.title=1'>{n}</a>",
    '<iframe srcdoc="<script>top.document.title={n}</script>">',
    "{{{{ {n} * 7 }}}}{{% raw %}}",
    "${{document.title={n}}}%{{{n}}}",
    "</td></tr></table></main><h1>{n}",
    "</title></textarea></template><script>{n}",
    "<b>{n}</b><br><sup>{n}</sup>",  # some charts would draw these
)
BEFORE = ("", '"', "'>", "-->", "]]>", "&lt;", "\u202e", "\u2067", "\u0007\u001b[31m", "👩‍👩‍👧‍👦🏳️‍🌈")
AFTER = ("", '"', "'", "<!--", "<![CDATA[", "&quot;", "`\\", "%00", "\u200b", "z\u0300\u0301\u0302" * 30)
ROUNDS = 10


def turning(text: str) -> bool:
    """Whether it holds what a dataset may not hold: a control character, or one that turns the writing."""
    return any(sign in text for sign in "\u202e\u2067\u0007")


def hostile_texts(count: int = 10_000) -> list[str]:
    """So many different texts; each hundredth is very long and has nowhere to break."""
    made = product(range(ROUNDS), PAYLOADS, BEFORE, AFTER)
    texts = (f"{before}{payload.format(n=n)}{after}" for n, payload, before, after in made)
    return [text + "W" * 300 if at % 100 == 7 else text for at, text in enumerate(islice(texts, count))]
