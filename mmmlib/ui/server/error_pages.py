"""Pages that are no dashboard: an error, and the login. Plain HTML; every text is escaped."""

from __future__ import annotations

from html import escape

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>MMM Trainer</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">{head}<style>
:root {{ color-scheme: light dark; --back: #f4f6fa; --card: #fff; --text: #1c2430;
  --blue: #2f5bd7; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --back: #0e1219; --card: #171d28; --text: #dfe6f2; --blue: #8fb0ff; }}
}}
body {{ font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; margin: 0; background: var(--back);
  color: var(--text); display: grid; place-items: center; min-height: 90vh; }}
main {{ background: var(--card); border-radius: 12px; padding: 28px 34px 32px; max-width: 26rem;
  box-shadow: 0 1px 4px #0002; margin: 1rem; }}
h1 {{ font-size: 1.3rem; margin: 14px 0 6px; }} a {{ color: var(--blue); }}
label {{ display: block; font-size: .85rem; margin: 14px 0 4px; }}
input[type=password] {{ font: inherit; width: 100%; box-sizing: border-box; padding: 8px 10px; }}
button {{ font: inherit; margin-top: 16px; padding: 8px 18px; border: 0; border-radius: 8px;
  background: #2f5bd7; color: #fff; cursor: pointer; }}
.wrong {{ color: #b3261e; }} @media (prefers-color-scheme: dark) {{ .wrong {{ color: #ff8a80; }} }}
</style></head><body><main>
<svg viewBox="0 0 32 32" width="40" height="40" aria-hidden="true">
<rect width="32" height="32" rx="8" fill="#2f5bd7"/><path d="M6 23c5 0 6-12 11-12s4 6 9 6"
fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>
<circle cx="17" cy="11" r="2.6" fill="#ffc857"/></svg>
<h1>{title}</h1>
{body}
</main></body></html>
"""


def error_page(title: str, message: str, home: str) -> str:
    """A page that says what went wrong and leads back.

    Parameters
    ----------
    title, message : str
        What happened, and what to do.
    home : str
        Address of the dashboard.
    """
    body = f'<p>{escape(message)}</p><p><a href="{escape(home)}">Open the dashboard</a></p>'
    return _PAGE.format(title=escape(title), body=body, head="")


def full_page(most: int, place: int, seconds: int) -> str:
    """The page of who waits for another page to be closed; it asks again by itself.

    Parameters
    ----------
    most : int
        Pages that may be open at once.
    place : int
        Place in line, from 1.
    seconds : int
        After how many seconds it asks again.
    """
    pages = f"{most} open page{'s' if most > 1 else ''}"
    body = f"""<p>This server's memory holds {pages}, and all are taken. You are number
{place} in line; this page tries again every {seconds} seconds and keeps your place while
it is open.</p><p>Close tabs that you do not need: their room is free at once. Runs are not
affected.</p>"""
    head = f'<meta http-equiv="refresh" content="{seconds}">'
    return _PAGE.format(title="Every page is taken", body=body, head=head)


def login_page(hidden: str, wrong: bool) -> str:
    """The page that asks for the token.

    Parameters
    ----------
    hidden : str
        HTML of the form's hidden fields, as Tornado makes it.
    wrong : bool
        Whether another token was tried before.
    """
    said = '<p class="wrong" role="alert">This is not the token.</p>' if wrong else ""
    return _PAGE.format(
        title="MMM Trainer",
        head="",
        body=f"""<p>Whoever runs this service gives you its token.</p>{said}
<form method="post">{hidden}<label for="password">Token</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
autofocus><button type="submit">Open the dashboard</button></form>""",
    )
