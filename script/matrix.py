"""Writes documents of every language and case into a folder, as PDF and as each kind of e-invoice.

.venv/bin/python script/matrix.py FOLDER          # the matrix
.venv/bin/python script/matrix.py FOLDER 200      # and about so many that chance makes, the same each time
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from document_matrix import Document, make_matrix
from generated_books import Generated, generate

from billing_engine.einvoice.formats import Format
from billing_engine.errors import EInvoiceError


def main() -> None:
    """Write the documents, and say which e-invoice could not be written and why."""
    target, *count = sys.argv[1:]
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as books:
        for document in make_matrix(Path(books, "matrix")):
            _write(folder, document.cell.name, document)
        if count:
            for generated in generate(Path(books, "generated"), int(count[0])):
                _write(folder, generated.number, generated)


def _write(folder: Path, name: str, document: Document | Generated) -> None:
    (folder / f"{name}.pdf").write_bytes(document.pdf())
    print(f"{name}.pdf: {document.number}")
    for format_ in Format:
        try:
            (folder / f"{name}.{format_}.xml").write_bytes(document.xml(format_))
        except EInvoiceError as missing:
            print(f"  {missing}")


if __name__ == "__main__":
    main()
