"""Certificates of standards: values, scan, overlap, the chain above and its circles."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.documents.models import StoredFile
from dianheng.documents.services import file_read
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import actor_with
from dianheng.standards.models import CertificatePoint, OutsideStandard, StandardCertificate
from dianheng.standards.selectors.chain import chain_of
from dianheng.standards.services import (
    certificate_values_set,
    outside_standard_save,
    paper_withdraw,
    standard_certify,
)

from .factories import equipment

pytestmark = pytest.mark.django_db
VALUES = [
    ["电压", "220 V", "220.030", "-0.030", "0.020", "2", "V"],
    ["电流", "5 A", "5.0010", "-0.0010", "0.0005", "2", "A"],
]


def day(number):
    return timezone.localdate() + timedelta(days=number)


def certify(device, number, first=-10, last=355, **options):
    options.setdefault("actor", system_actor())
    return standard_certify(
        device=device, number=number, issuer="省计量科学研究院", valid_from=day(first),
        valid_through=day(last), **options,
    )  # fmt: skip


@pytest.fixture
def meter():
    device = equipment("STD-0001", "standard_meter", "CL311")
    device.standard.measuring_range = "3×(57.7~380) V, 3×(0.01~120) A"
    return device


def test_a_certificate_keeps_its_values_as_printed_and_its_scan_once(meter):
    scan = SimpleUploadedFile("证书.pdf", b"%PDF-1.7 scanned", "application/octet-stream")
    made = certify(meter, "DC-1", values=VALUES, sent=scan)
    assert [(str(p.value), str(p.correction), str(p.uncertainty), p.unit) for p in made.points.all()] == [
        ("220.030", "-0.030", "0.020", "V"), ("5.0010", "-0.0010", "0.0005", "A"),
    ]  # fmt: skip
    other = equipment("STD-0002", "standard_meter", "CL311")
    certify(other, "DC-1", sent=SimpleUploadedFile("copy.pdf", b"%PDF-1.7 scanned"))
    assert StoredFile.objects.count() == 1 and file_read(made.file) == b"%PDF-1.7 scanned"


def test_values_outside_the_range_and_a_program_as_scan_leave_nothing_behind(meter):
    wrong = [*VALUES, ["电压", "500 V", "500.1", "", "", "", "V"]]
    with pytest.raises(BadInput) as refused:
        certify(meter, "DC-1", values=wrong)
    assert [error["line"] for error in refused.value.refusal.errors] == [3, 3]
    assert "57.7" in str(refused.value.refusal.errors[0]["text"])
    with pytest.raises(BadInput):
        certify(meter, "DC-1", values=VALUES, sent=SimpleUploadedFile("x.pdf", b"MZ\0\0"))
    assert not StandardCertificate.objects.exists() and not StoredFile.objects.exists()


def test_other_values_take_the_place_of_the_first_with_a_reason(meter):
    made = certify(meter, "DC-1", values=VALUES)
    better = [["电压", "220 V", "220.031", "-0.031", "0.020", "2", "V"]]
    with pytest.raises(BadInput):
        certificate_values_set(certificate=made, values=better, actor=system_actor())
    assert made.points.count() == 2
    certificate_values_set(certificate=made, values=better, actor=system_actor(), reason="抄错")
    assert made.points.get().value == Decimal("220.031")


def test_two_certificates_on_the_same_days_are_asked_about(meter):
    certify(meter, "DC-1", -360, 5)
    with pytest.raises(Refused) as refused:
        certify(meter, "DC-2", 0, 364)
    assert refused.value.refusal.code == "overlap"
    assert refused.value.refusal.errors[0]["field"] == "takes_over"
    assert "DC-1" in str(refused.value.refusal.text)
    certify(meter, "DC-2", 0, 364, takes_over=True)
    with pytest.raises(Refused) as refused:
        certify(meter, "DC-3", 10, 300, takes_over=True)
    assert refused.value.refusal.code == "covered"
    paper = meter.certificates.get(number="DC-2")
    paper_withdraw(paper=paper, withdrawn_on=day(9), reason="超差", actor=system_actor())
    certify(meter, "DC-3", 10, 300)
    assert meter.certificates.count() == 3


def test_a_standard_vouching_for_its_own_ancestor_is_refused():
    first, second, third = (equipment(f"STD-{n}", "standard_meter", "CL311") for n in "123")
    certify(second, "A", higher_device=first)
    certify(third, "B", higher_device=second)
    for higher, way in ((third, ["STD-1", "STD-3", "STD-2", "STD-1"]), (first, ["STD-1", "STD-1"])):
        with pytest.raises(Refused) as refused:
            certify(first, "C", higher_device=higher)
        assert refused.value.refusal.code == "circle"
        assert refused.value.refusal.facts["way"] == way
    assert not StandardCertificate.objects.filter(device=first).exists()
    # Once the certificate between them is over, the other direction is no circle.
    certify(first, "C", 400, 700, higher_device=third)


def test_outside_standards_make_no_circle_either():
    low = outside_standard_save(body="市院", name="工作标准", actor=system_actor())
    high = outside_standard_save(body="省院", name="最高标准", actor=system_actor())
    facts = {"body": "市院", "name": "工作标准", "actor": system_actor()}
    outside_standard_save(standard=low, higher=high, **facts)
    with pytest.raises(Refused) as refused:
        outside_standard_save(
            standard=high, body="省院", name="最高标准", higher=low, actor=system_actor()
        )
    assert refused.value.refusal.code == "circle"
    with pytest.raises(BadInput):
        outside_standard_save(standard=low, higher=high, is_national=True, **facts)
    with pytest.raises(Refused):
        outside_standard_save(**facts)


def test_the_chain_leads_from_the_bench_to_the_national_standard(meter):
    bench = equipment("BENCH-01", "bench", "CL3000", 10)
    certify(bench, "B-1", higher_device=meter)
    certify(meter, "M-1", higher_standard="0.02 级标准装置")
    chain = chain_of([bench])
    assert [node.title for node in chain.nodes.values()] == [
        "BENCH-01",
        "STD-0001",
        "0.02 级标准装置",
    ]
    assert [node.level for node in chain.nodes.values()] == [0, 1, 2] and not chain.is_whole
    national = outside_standard_save(
        body="国家院", name="国家工频电能基准", is_national=True, actor=system_actor()
    )
    outside = OutsideStandard.objects.get(name="0.02 级标准装置")
    assert outside.body == "省计量科学研究院"
    outside_standard_save(
        standard=outside, body=outside.body, name=outside.name, valid_through=day(-1),
        higher=national, actor=system_actor(),
    )  # fmt: skip
    chain = chain_of([bench])
    assert chain.is_whole and [link.valid_through for link in chain.links] == [
        day(-1),
        day(355),
        day(355),
    ]


def test_without_the_right_nothing_is_written(meter):
    made = certify(meter, "DC-1", values=VALUES)
    guest = actor_with("verification.view", login="guest")
    with pytest.raises(Refused):
        certify(meter, "DC-2", 400, 500, actor=guest)
    with pytest.raises(Refused):
        certificate_values_set(certificate=made, values=VALUES, actor=guest, reason="x")
    with pytest.raises(Refused):
        outside_standard_save(body="a", name="b", actor=guest)
    assert CertificatePoint.objects.count() == 2 and not OutsideStandard.objects.exists()


def test_a_chain_of_a_past_day_has_the_certificates_of_that_day(meter):
    first = certify(meter, "M-A", -40, -10, higher_standard="旧标准装置")
    certify(meter, "M-B", -9, 355, higher_standard="新标准装置")
    paper_withdraw(paper=first, withdrawn_on=day(-15), reason="超差", actor=system_actor())

    def numbers(on):
        chain = chain_of([meter], on=on)
        return [link.number for link in chain.links], [n.title for n in chain.nodes.values()]

    assert numbers(day(-20)) == (["M-A"], ["STD-0001", "旧标准装置"])
    assert numbers(day(-15)) == ([], ["STD-0001"])
    assert numbers(day(-9)) == numbers(None) == (["M-B"], ["STD-0001", "新标准装置"])
