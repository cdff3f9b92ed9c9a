"""Documents: an issued invoice or an SLA report as print-ready text, as HTML and as PDF files."""
