"""XML of strangers to elements: no document types, no entities, a size that is bounded."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import errors as expat

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from planner.documents.complaints import Complaints
from planner.domain.errors import Location, Problem

MOST_BYTES = 8 << 20
"""No description of one guest is that large."""
MOST_ELEMENTS = 200_000


def parse_xml(data: bytes, complaints: Complaints) -> Element | None:
    """Return the root element, None with a complaint if the bytes are no XML that is accepted."""
    if len(data) > MOST_BYTES:
        complaints.add((), f"larger than {MOST_BYTES >> 20} MiB, which no guest's XML is")
        return None
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        place = Location(file=complaints.file, line=line, column=str(column + 1))
        what = f"not XML: {expat.messages.get(error.code, 'cannot be read')}"
        complaints.problems.append(Problem(location=place, what=what))
        return None
    except DefusedXmlException:
        complaints.add((), "has a document type or entities, which no guest's XML has")
        return None
    except (ValueError, LookupError):
        complaints.add((), "not XML: in an encoding that is unknown")
        return None
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        complaints.add((), f"more than {MOST_ELEMENTS:,} elements, which no guest's XML has")
        return None
    return root
