"""Documents: an issued invoice as print-ready text, as HTML and as PDF files."""
