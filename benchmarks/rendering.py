"""What rendering an invoice costs, against WeasyPrint alone, and how many come out of worker processes per second.

Run: .venv/bin/python benchmarks/rendering.py [--rounds 30] [--invoices 200]

One page: five lines, a credit, no entries; then the same with 40 entries. "Bare" is WeasyPrint's
`HTML(string=...).write_pdf()` of the same page with its style sheet inside, which parses the sheet each time, embeds
the machine's fonts and makes a plain PDF. Ours is PDF/A-3a with tags, the shipped fonts and the e-invoice inside. Both
are warm, and taken in turns in one run; CPU seconds, the median of the rounds.

Peers, where they are there: reportlab draws the same texts into tables, without tags and archive; headless Chromium
prints the same page, one browser for all, in seconds of the clock, because it is several processes.
"""

import argparse
import base64
import gc
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from dataclasses import replace

from invoices import AFTER_TAX, FEE, TIME, invoice, many_entries
from weasyprint import HTML

from billing_engine.document_making import invoice_file, invoice_xml
from billing_engine.documents import templates
from billing_engine.documents.batch import make_documents
from billing_engine.documents.invoice_view import invoice_view
from billing_engine.documents.language import words_for
from billing_engine.documents.pdf import Attached, html_to_pdf
from billing_engine.documents.worker import Job
from billing_engine.einvoice.formats import Format
from billing_engine.model.document import Mark
from billing_engine.model.settings import DocumentTerms

TERMS = DocumentTerms()
LINES = [FEE, *(replace(TIME, position=n, title=f"Tariff {n}") for n in range(2, 6))]


def sample(entries: int):
    """Issue an invoice."""
    return invoice(lines=LINES, setoffs=(AFTER_TAX,), entries=many_entries(entries))


def page_of(one) -> str:
    """Lay out an invoice without printing it."""
    words = words_for("en")
    return templates.invoice_html(invoice_view(one, words, TERMS, Mark.NONE, None), words, TERMS)


def in_turns(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Do each work once a round; returns the median CPU seconds of each, the first round left out."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            gc.collect()
            started = process_time()
            work()
            taken[name].append(process_time() - started)
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}


def measure(entries: int, rounds: int) -> None:
    """Compare bare and ours, and say what comes before."""
    one = sample(entries)
    html, style = page_of(one), templates.stylesheet("invoice.css", TERMS)
    whole = html.replace("</head>", f"<style>{style}</style></head>")
    xml = invoice_xml(one, TERMS, Format.CII)
    attached = [Attached("factur-x.xml", xml, "Factur-X", "Alternative", one.issued_on)]
    works = {
        "WeasyPrint bare": lambda: HTML(string=whole).write_pdf(),
        "ours, same page": lambda: html_to_pdf(html, style, attached),
        "ours, all in all": lambda: invoice_file(one, TERMS, Mark.NONE),
        "of it view and template": lambda: page_of(one),
        "of it e-invoice": lambda: invoice_xml(one, TERMS, Format.CII),
        **reportlab_work(one),
    }
    medians = in_turns(works, rounds)
    print(f"\n{entries} entries: {len(html_to_pdf(html, style, attached)):,} bytes")
    for name, seconds in medians.items():
        print(f"  {name:28}{seconds * 1000:8.1f} ms CPU  {seconds / medians['WeasyPrint bare']:5.2f} x bare")
    with Chromium() as browser:
        if browser is not None:
            seconds = statistics.median([clock(lambda: browser(whole)) for _ in range(rounds + 1)][1:])
            bare = statistics.median([clock(works["WeasyPrint bare"]) for _ in range(rounds)])
            ours = statistics.median([clock(works["ours, all in all"]) for _ in range(rounds)])
            print("  by clock: ", end="")
            print(
                f"headless Chromium {seconds * 1000:.0f} ms, bare {bare * 1000:.0f} ms, all in all {ours * 1000:.0f} ms"
            )


def clock(work: Callable[[], object]) -> float:
    """Take the time of a work."""
    started = perf_counter()
    work()
    return perf_counter() - started


def pool(count: int) -> None:
    """Make invoices in worker processes."""
    one = sample(0)
    for workers in (1, os.cpu_count() or 1):
        jobs = (Job(str(n), partial(invoice_file, replace(one, number=str(n)), TERMS, Mark.NONE)) for n in range(count))
        started = perf_counter()
        made = list(make_documents(jobs, workers))
        seconds = perf_counter() - started
        assert all(result.error is None for result in made)
        print(f"{workers} workers: {count / seconds:.1f} invoices a second, their start included")


def reportlab_work(one) -> dict[str, Callable[[], object]]:
    """Draw the same texts with reportlab; nothing where it is not installed."""
    try:
        from reportlab.lib.pagesizes import A4  # noqa: PLC0415
        from reportlab.lib.styles import getSampleStyleSheet  # noqa: PLC0415
        from reportlab.platypus import Paragraph, SimpleDocTemplate, Table  # noqa: PLC0415
    except ImportError:
        print("reportlab is not installed")
        return {}
    normal = getSampleStyleSheet()["Normal"]

    def draw() -> None:
        draft = one.draft
        lines = [[line.title, str(line.quantity), str(line.unit_price), str(line.amount)] for line in draft.lines]
        entries = [[e.started_at, Paragraph(f"{e.ticket} {e.reason}", normal), str(e.amount)] for e in draft.entries]
        facts = (one.number, draft.seller.name, draft.seller.address, draft.buyer.name, str(one.amount_due))
        story = [*(Paragraph(text, normal) for text in facts), Table(lines)]
        SimpleDocTemplate(io.BytesIO(), pagesize=A4).build([*story, Table(entries)] if entries else story)

    return {"reportlab, same texts": draw}


class Chromium:
    """A browser that prints pages, as long as the block lasts; None where there is none."""

    def __enter__(self):
        """Start it, spoken to by a pipe."""
        program = shutil.which("chromium") or shutil.which("google-chrome")
        self._process = None
        if program is None:
            print("  headless Chromium is not installed")
            return None
        self._profile = tempfile.mkdtemp()
        out, self._to = os.pipe()
        self._from, into = os.pipe()
        # It reads commands from descriptor 3 and answers on 4.
        options = '--headless --no-sandbox --disable-gpu --user-data-dir="$1" --remote-debugging-pipe'
        call = f'exec "$0" {options} 3<&{out} 4>&{into}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", call, program, self._profile], pass_fds=(out, into), stderr=subprocess.DEVNULL
        )
        os.close(out)
        os.close(into)
        self._answers, self._count = b"", 0
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._frame = self._ask("Page.getFrameTree", here=True)["frameTree"]["frame"]["id"]
        return self._print

    def __exit__(self, *_: object) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            os.close(self._to)
            os.close(self._from)
            shutil.rmtree(self._profile, ignore_errors=True)

    def _print(self, html: str) -> bytes:
        self._ask("Page.setDocumentContent", here=True, frameId=self._frame, html=html)
        return base64.b64decode(self._ask("Page.printToPDF", here=True, preferCSSPageSize=True)["data"])

    def _ask(self, method: str, *, here: bool = False, **params: object) -> dict:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if here:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._answers:
                self._answers += os.read(self._from, 1 << 20)
            answer, _, self._answers = self._answers.partition(b"\0")
            said = json.loads(answer)
            if said.get("id") == self._count:
                return said["result"]


def main() -> None:
    """Measure both invoices and the pool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--invoices", type=int, default=200)
    arguments = parser.parse_args()
    for entries in (0, 40):
        measure(entries, arguments.rounds)
    print()
    pool(arguments.invoices)


if __name__ == "__main__":
    main()
