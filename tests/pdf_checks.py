"""What every PDF of ours must be: PDF/A-3a and PDF/UA-1, tagged, with its fonts inside."""

import io

import page
import pikepdf

PROFILES = (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1)

NOT_ASKED = (
    "METADATA-FILTER",  # only PDF/A-1 wants its XMP uncompressed
    "STREAM-LENGTH",  # takes a stream's last byte for the end of its line, when it happens to be a carriage return
)


def problems_of(pdf):
    """Hold a file against PDF/A-3a and PDF/UA-1; returns the rules that it breaks."""
    return [
        f"{failure.rule_id}: {failure.message}"
        for profile in PROFILES
        for failure in page.validate_pdf_bytes(pdf, profile=profile).failures
        if not any(name in failure.rule_id for name in NOT_ASKED)
    ]


def opened(pdf):
    """Open a file to look into."""
    return pikepdf.open(io.BytesIO(pdf))


def fonts_of(pdf):
    """Return the names of a file's fonts, without the mark of a subset, and whether each is embedded."""
    with opened(pdf) as file:
        fonts = [o for o in file.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
        return {str(font.FontName).partition("+")[2]: "/FontFile2" in font or "/FontFile3" in font for font in fonts}


def attachment_of(pdf, name):
    """Return an attached file: its content, and how it is related to the pages."""
    with opened(pdf) as file:
        attached = file.attachments[name]
        return attached.get_file().read_bytes(), str(attached.obj.AFRelationship)


def xmp_of(pdf):
    """Return a file's XMP packet, which stands in it as plain text."""
    with opened(pdf) as file:
        packet = file.Root.Metadata.read_bytes()
    assert packet in pdf
    return packet.decode()
