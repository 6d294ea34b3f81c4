"""What record layout and middle tables leave out and the register knows: staff numbers, standards.

A bench's software writes names of people, and often no standard at all. A name becomes a staff
number only where one single person has it; standards are those of the measuring standard that
the bench belongs to on the day. What cannot be found stays as it was written, and the rules
block the record for it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.identity.models import Person
from dianheng.standards.models import StandardCertificate
from dianheng.standards.selectors import installation_of

from .texts import day_of


def fill_in(
    envelope: dict[str, Any], bench_no: str, *, are_certificates_doubtful: bool = False
) -> dict[str, Any]:
    """Complete the headers of an envelope; what was filled in is said in each of them.

    Args:
        envelope: changed in place.
        bench_no: of the bench, where the envelope names none.
        are_certificates_doubtful: numbers of certificates may be of something else than a
            standard (middle tables): one that is of none counts as not stated.
    """
    headers = [device["header"] for device in envelope["devices"]]
    _staff_numbers(headers)
    if are_certificates_doubtful:
        _forget_unknown_certificates(headers)
    _standards(headers, envelope.get("bench_no") or bench_no)
    return envelope


def _staff_numbers(headers: list[dict[str, Any]]) -> None:
    written = {
        name
        for header in headers
        for name in (*(o["person_no"] for o in header.get("operators", ())), header.get("checker"))
        if name
    }
    people = Person.objects.filter(is_system=False)
    numbers = set(people.filter(person_no__in=written).values_list("person_no", flat=True))
    named: dict[str, list[str]] = {}
    for name, number in people.filter(name__in=written - numbers, is_active=True).values_list(
        "name", "person_no"
    ):
        named.setdefault(name, []).append(number)
    known = {name: found[0] for name, found in named.items() if len(found) == 1 and found[0]}
    for header in headers:
        replaced = {}
        for operator in header.get("operators", ()):
            if operator["person_no"] in known:
                replaced[operator["person_no"]] = known[operator["person_no"]]
                operator["person_no"] = known[operator["person_no"]]
        checker = header.get("checker")
        if checker in known:
            replaced[checker] = known[checker]
            header["checker"] = known[checker]
        if replaced:
            header["people_by_name"] = replaced


def _forget_unknown_certificates(headers: list[dict[str, Any]]) -> None:
    stated = {
        each.get("certificate_no") for header in headers for each in header.get("standards", ())
    }
    papers = StandardCertificate.objects.filter(number__in=stated - {None})
    known = set(papers.values_list("number", flat=True))
    for header in headers:
        kept = [each for each in header.get("standards", ()) if each.get("certificate_no") in known]
        header.pop("standards", None)
        if kept:
            header["standards"] = kept


def _standards(headers: list[dict[str, Any]], bench_no: str) -> None:
    of_day: dict[date, list[str]] = {}
    for header in headers:
        if header.get("standards"):
            continue
        day = day_of(header.get("finished_at"))
        if day is None:
            continue
        if day not in of_day:
            of_day[day] = list(_standards_of_bench(bench_no, day))
        if of_day[day]:
            header["standards"] = [{"asset_no": number} for number in of_day[day]]
            header["standards_from"] = "installation"


def _standards_of_bench(bench_no: str, day: date) -> Iterable[str]:
    rows = Device.objects.filter(kind=DeviceKind.BENCH)
    bench = rows.filter(barcode=bench_no).first() or rows.filter(asset_no=bench_no).first()
    installation = installation_of(bench, day) if bench else None
    if installation is None:
        return
    parts = installation.parts.filter(role="main", valid_from__lte=day).filter(
        Q(valid_through__isnull=True) | Q(valid_through__gte=day)
    )
    for part in parts.select_related("device").order_by("pk"):
        yield part.device.barcode
