"""Schemes: generated from the tables, edited into new versions, never changed."""

import copy

import pytest
from django.db import DatabaseError, transaction

from dianheng.assets.models import DeviceModel
from dianheng.assets.services import manufacturer_make, model_make
from dianheng.assets.tests.factories import single_phase_model
from dianheng.common.errors import BadInput
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import metering_centre
from dianheng.metrology.schemes import Purpose, Stage, generate_scheme
from dianheng.verification.models import TestSchemeVersion
from dianheng.verification.schemes import content_of, plate_of, points_from, scheme_of
from dianheng.verification.services import scheme_edit, scheme_generate, scheme_propose
from dianheng.verification.transformers import transformer_plate_of

pytestmark = pytest.mark.django_db


def propose(model=None, stage="first", purpose="every"):
    return scheme_propose(
        model=model or single_phase_model(),
        stage=stage,
        purpose=purpose,
        unit=metering_centre(),
        actor=system_actor(),
    )


def three_phase(**options):
    maker = manufacturer_make(code="WS", name="威胜", short_name="威胜", actor=system_actor())
    facts = {
        "kind": "three_phase_meter", "name": "三相智能电能表", "accuracy_class": "0.5S", "reactive_class": "2",
        "wiring": "three_phase_four_wire", "connection": "via_transformer", "voltage_v": "57.7",
        "base_current_a": "1.5", "max_current_a": "6", "constant_imp_per_kwh": "20000",
        "constant_imp_per_kvarh": "20000", "tariff_count": 4, "register_decimals": 4, "has_clock": True, "has_demand": True,
    }  # fmt: skip
    return model_make(
        manufacturer=maker,
        code=options.pop("code", "DTZ"),
        actor=system_actor(),
        **(facts | options),
    )


def test_a_stored_scheme_reads_back_as_it_was_generated():
    for model in (single_phase_model(), three_phase()):
        made = generate_scheme(plate_of(model), Stage.FIRST, Purpose.SAMPLE)
        version = TestSchemeVersion(
            standard=made.standard, edition=made.edition, acceptance_edition=made.acceptance_edition,
            content=content_of(made),
        )  # fmt: skip
        assert scheme_of(version) == made


def test_meters_alike_share_a_scheme_and_others_do_not():
    first = propose(three_phase())
    assert propose(three_phase(code="DTZ-2")).pk == first.pk
    assert propose(three_phase(code="DTZ-3", has_demand=False)).scheme_id != first.scheme_id
    assert propose(three_phase(), stage="subsequent").scheme_id != first.scheme_id


def test_a_three_phase_scheme_has_single_phase_loads_and_reactive_points():
    points = next(
        e["points"] for e in propose(three_phase()).content["items"] if e["item"] == "basic_error"
    )
    assert {p["phases"] for p in points} == {"ABC", "A", "B", "C"}
    assert {p["direction"] for p in points} == {"forward_active", "forward_reactive"}


def test_an_edit_makes_a_new_version_and_leaves_the_old_one():
    version = propose()
    content = copy.deepcopy(version.content)
    errors = next(e for e in content["items"] if e["item"] == "basic_error")
    errors["points"] = errors["points"][:5]
    edited = scheme_edit(
        scheme=version.scheme,
        content=content,
        model=single_phase_model(),
        reason="经授权机构同意减少负载点",
        actor=system_actor(),
    )
    assert (edited.version, edited.is_generated, version.scheme.versions.count()) == (2, False, 2)
    assert propose().pk == edited.pk
    version.refresh_from_db()
    assert (
        len(next(e for e in version.content["items"] if e["item"] == "basic_error")["points"]) == 10
    )
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        write_batch(actor=system_actor(), action="test"),
    ):
        TestSchemeVersion.objects.filter(pk=version.pk).update(version=9)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda items: items.append(dict(items[0])), "twice"),
        (lambda items: items.pop(4), "missing"),
        (lambda items: items[4]["points"][0].update(load="0.001Ib"), "no_limit"),
        (lambda items: items[4]["points"][0].update(factor="0.25C"), "no_limit"),
    ],
    ids=["an item twice", "no basic error", "a load without limit", "a factor without limit"],
)
def test_a_scheme_that_cannot_be_judged_is_refused(change, fault):
    version = propose()
    content = copy.deepcopy(version.content)
    change(content["items"])
    with pytest.raises(BadInput) as refused:
        scheme_edit(
            scheme=version.scheme,
            content=content,
            model=single_phase_model(),
            reason="x",
            actor=system_actor(),
        )
    assert fault in [e["code"] for e in refused.value.refusal.errors]


def test_an_edit_needs_a_reason_and_a_change():
    version = propose()
    for reason, content in (("", {}), ("x", version.content), ("x", {"items": 5})):
        with pytest.raises(BadInput):
            scheme_edit(
                scheme=version.scheme,
                content=content,
                model=single_phase_model(),
                reason=reason,
                actor=system_actor(),
            )


def test_generating_again_changes_nothing_while_the_tables_are_the_same():
    version = propose()
    assert scheme_generate(
        model=single_phase_model(), stage="first", purpose="every", unit=metering_centre(), actor=system_actor()
    ).pk == version.pk  # fmt: skip


def test_a_model_without_its_plate_says_what_is_missing():
    with pytest.raises(BadInput) as refused:
        propose(three_phase(code="DTZ-4", voltage_v=None, accuracy_class=""))
    assert {e["field"] for e in refused.value.refusal.errors} == {"voltage_v", "accuracy_class"}


def test_an_ir46_class_is_verified_as_its_class():
    assert plate_of(three_phase(code="DTZ-5", accuracy_class="C")).accuracy_class == "0.5S"


def test_points_are_read_as_people_write_them():
    plate = plate_of(three_phase())
    read = points_from(["Imax 1.0", "0.05In 0.5L A", "forward_reactive In 0.5L", ""], plate)
    assert [p.text for p in read] == ["Imax 1.0", "0.05In 0.5L A", "forward_reactive In 0.5L"]
    with pytest.raises(BadInput) as refused:
        points_from(["Imax", "5A 1.0", "In 1.0", "In 1.0"], plate)
    assert [e["row"] for e in refused.value.refusal.errors] == [1, 2, 4]


@pytest.mark.parametrize("written", ["A C", "a、c", "Ａ，Ｃ", "A/C"])
def test_phases_of_a_transformer_are_read_as_people_write_them(written):
    model = DeviceModel(
        kind="current_transformer", accuracy_class="0.2S", ratio="200/5", burden_va="5",
        parameters={"phases": written},
    )  # fmt: skip
    assert transformer_plate_of(model).phases == ("A", "C")
    model.parameters = {"phases": "A B D"}
    with pytest.raises(BadInput):
        transformer_plate_of(model)
