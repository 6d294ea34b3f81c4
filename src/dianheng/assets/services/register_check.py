"""All checks of a staged register of a former system; what its words mean here."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import translation
from psycopg.types.json import Jsonb

from dianheng.common.actor import Actor
from dianheng.common.files import Prepared
from dianheng.identity.models import Unit
from dianheng.identity.selectors import rights_of, system_person, units_with_right

from ..choices import DeviceKind, DeviceState
from ..columns import REGISTER_FIELDS, REGISTER_FINDINGS, REGISTER_WORDS, STATE_WORDS
from ..models import DeviceModel, Place, RegisterFile, StateMapping
from .checks import Findings, StageCheck
from .enrol import Stage
from .master import lot_make

OTHERS_SHOWN = 5
Pair = tuple[str, ...]


@dataclass
class Words:
    """What the words of a list mean here: each by its cells as they stand in the stage."""

    models: dict[Pair, DeviceModel] = field(default_factory=dict)  # (model, maker)
    places: dict[Pair, int] = field(default_factory=dict)
    units: dict[Pair, int] = field(default_factory=dict)
    states: dict[Pair, str] = field(default_factory=dict)


def known_states(source: str) -> dict[str, str]:
    """State by the word for it: ours in both languages, the usual ones, the company's own table."""
    known = {plain(word): state for word, state in STATE_WORDS.items()}
    known |= _labels(DeviceState)
    rows = StateMapping.objects.filter(source__in=["*", source])
    own: dict[str, dict[str, str]] = {}
    for row in rows:
        own.setdefault(row.source, {})[plain(row.text)] = row.state
    return known | own.get("*", {}) | own.get(source, {})


def _labels(choices: Any) -> dict[str, str]:
    found = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            found |= {plain(str(one.label)): one.value for one in choices}
    return found


def plain(word: str) -> str:
    """A word without what writers vary: case, blanks, dashes, brackets' width."""
    return re.sub(r"[\s·/_()()-]", "", word).casefold()


class RegisterCheck(StageCheck):
    """The checks of one register file, in their order: clean, form, repeat, register, words."""

    words = REGISTER_WORDS

    def __init__(self, stage: Stage, fields: Sequence[str], list_: RegisterFile, actor: Actor):
        super().__init__(stage, fields, REGISTER_FIELDS, is_meter=False)
        self.list, self.actor, self.found = list_, actor, Words()

    def run(self, prepared: Prepared) -> Findings:
        """Find everything; afterwards `found` says what the words mean."""
        self.begin(prepared)
        self._form(*self._legacy_codes())
        self._twice(("barcode", "asset_no"))
        self._twice(("serial_no", "comm_address", "esam_no"), "twice_legacy")
        self._in_register()
        self._repeated_values()
        self._numbers()
        self._crossed()
        self._find_units()
        self._find_places()
        self._find_states()
        self._find_models()
        if not self._execute("select exists (select from stage)").fetchone()[0]:
            self._fault_row(0, "", "no_rows", "")
        return self.findings(REGISTER_FINDINGS)

    # -- repeats -----------------------------------------------------------------------------

    def _in_register(self) -> None:
        facts = "jsonb_build_object('other', d.barcode)"
        devices = "stage s, assets_device d"
        self._fault("in_register", "barcode", "d.barcode = s.barcode", facts=facts, table=devices)
        if "asset_no" in self.fields:
            self._fault(
                "in_register", "asset_no",
                "d.asset_no = s.asset_no and s.asset_no not in ('', s.barcode) and d.asset_no <> ''",
                facts=facts, table=devices,
            )  # fmt: skip
        if "comm_address" in self.fields:
            self._fault(
                "address_again", "comm_address",
                "m.comm_address = s.comm_address and s.comm_address <> '' and m.comm_address <> ''"
                " and d.id = m.device_id",
                facts=facts, table="stage s, assets_meter m, assets_device d",
            )  # fmt: skip

    # -- values ------------------------------------------------------------------------------

    def _numbers(self) -> None:
        for name in ("period_months", "position_count"):
            if name in self.fields:
                column = self.column[name]
                self._values("number", name, f"{column} <> '' and {column} !~ '^[0-9]{{1,4}}$'")

    def _crossed(self) -> None:
        if "valid_through" in self.fields and "verified_on" in self.fields:
            self._fault(
                "dates_crossed",
                "valid_through",
                "assets_day(s.x_valid_through) < assets_day(s.x_verified_on)",
            )

    def _cells(self, *names: str) -> list[Pair]:
        """The combinations of cells that stand in these columns; "" where there is no column."""
        there = [name for name in names if name in self.fields]
        if not there:
            return [("",) * len(names)]
        columns = ", ".join(self.column[name] if name in there else "''" for name in names)
        rows = self._execute(f"select distinct {columns} from stage_value").fetchall()  # noqa: S608
        return [tuple(row) for row in rows]

    def _unknown(self, code: str, name: str, cells: Mapping[Pair, Any], *more: str) -> None:
        """A finding for each row with one of these combinations; the values are the facts."""
        if not cells:
            return
        names = [n for n in (name, *more) if n in self.fields]
        if name not in self.fields:
            self._fault_row(0, name, code, "")
            return
        rows = [[list(pair[: len(names)]), facts] for pair, facts in cells.items()]
        same = " and ".join(f"s.{self.column[n]} = w.cells ->> {k}" for k, n in enumerate(names))
        self._fault(
            code, name, same, {"rows": Jsonb(rows)}, facts="w.facts",
            table="stage s, (select r -> 0 as cells, nullif(r -> 1, 'null') as facts"
            " from jsonb_array_elements(%(rows)s) r) w",
        )  # fmt: skip

    # -- what words mean ---------------------------------------------------------------------

    def _find_units(self) -> None:
        allowed = Unit.objects.all()
        if self.actor.person_id != system_person().pk:
            rights = rights_of(self.actor.person_id).narrowed(self.actor.scopes)
            allowed = units_with_right(rights, "assets.enrol")
        allowed = allowed.filter(is_active=True)
        by_word = {plain(w): u.pk for u in allowed.order_by("-path") for w in (u.name, u.code)}
        self.allowed_units = set(by_word.values())
        unknown = {}
        for cell in self._cells("unit"):
            unit = self.list.unit_id if not cell[0] else by_word.get(plain(cell[0]))
            if unit is None:
                unknown[cell] = None
            else:
                self.found.units[cell] = unit
        self._unknown("unknown_unit", "unit", unknown)

    def _find_places(self) -> None:
        cells = self._cells("place")
        words = [cell[0] for cell in cells if cell[0]]
        by_word: dict[str, list[Place]] = {}
        places = Place.objects.filter(Q(code__in=words) | Q(name__in=words), is_active=True)
        for place in places.filter(unit_id__in=self.allowed_units):
            by_word.setdefault(place.name, []).append(place)
            by_word[place.code] = [place]
        unknown: dict[Pair, Any] = {}
        several: dict[Pair, Any] = {}
        missing: dict[Pair, Any] = {}
        for cell in cells:
            found = by_word.get(cell[0], [])
            if not cell[0]:
                if self.list.place_id is None:
                    missing[cell] = None
                else:
                    self.found.places[cell] = self.list.place_id
            elif not found:
                unknown[cell] = None
            elif len(found) > 1:
                several[cell] = {"other": _few(place.code for place in found)}
            else:
                self.found.places[cell] = found[0].pk
        self._unknown("missing", "place", missing)
        self._unknown("unknown_place", "place", unknown)
        self._unknown("several_places", "place", several)

    def _find_states(self) -> None:
        known = known_states(self.list.source)
        unknown: dict[Pair, Any] = {}
        missing: dict[Pair, Any] = {}
        for cell in self._cells("state"):
            state = known.get(plain(cell[0]))
            if not cell[0]:
                missing[cell] = None
            elif state is None:
                unknown[cell] = None
            else:
                self.found.states[cell] = state
        self._unknown("missing", "state", missing)
        self._unknown("unknown_state", "state", unknown)

    def _find_models(self) -> None:
        by_word: dict[str, list[DeviceModel]] = {}
        for model in DeviceModel.objects.filter(is_active=True).select_related("manufacturer"):
            for word in {model.code, model.name, f"{model.code}{model.name}"}:
                by_word.setdefault(plain(word), []).append(model)
        unknown: dict[Pair, Any] = {}
        several: dict[Pair, Any] = {}
        missing: dict[Pair, Any] = {}
        for cell in self._cells("model", "manufacturer"):
            word, maker = plain(cell[0]), plain(cell[1])
            if not word:
                if self.list.model is None:
                    missing[cell] = None
                else:
                    self.found.models[cell] = self.list.model
                continue
            found = [m for m in by_word.get(word, []) if not maker or maker in _makers(m)]
            if not found:
                unknown[cell] = None
            elif len(found) > 1:
                several[cell] = {"other": _few(str(model.manufacturer) for model in found)}
            else:
                self.found.models[cell] = found[0]
        self._unknown("missing", "model", missing, "manufacturer")
        self._unknown("unknown_model", "model", unknown, "manufacturer")
        self._unknown("several_models", "model", several, "manufacturer")
        if "kind" in self.fields:
            kinds = _labels(DeviceKind)
            other = {}
            for kind, *cells in self._cells("kind", "model", "manufacturer"):
                model = self.found.models.get(tuple(cells))
                if kind and model and kinds.get(plain(kind)) != model.kind:
                    other[kind, *cells] = {"wanted": str(model.get_kind_display())}
            self._unknown("other_kind", "kind", other, "model", "manufacturer")

    # -- into the stage ----------------------------------------------------------------------

    def resolve(self) -> None:
        """Put what the words mean into the rows, by one statement; lots are made where needed."""
        models = [
            {
                "model": cell[0], "maker": cell[1], "id": model.pk, "kind": model.kind,
                "name": model.name, "type_approval_no": model.type_approval_no,
                "protocol": model.protocol, "ratio": model.ratio, "burden_va": model.burden_va,
            }
            for cell, model in self.found.models.items()
        ]  # fmt: skip
        words = [
            {"what": what, "word": cell[0], "id": value if what != "state" else None,
             "state": value if what == "state" else None}
            for what, found in (("unit", self.found.units), ("place", self.found.places), ("state", self.found.states))
            for cell, value in found.items()
        ]  # fmt: skip
        self._execute(
            "create temp table stage_model on commit drop as select * from"
            " jsonb_to_recordset(%s) r (model text, maker text, id bigint, kind text, name text,"
            " type_approval_no text, protocol text, ratio text, burden_va text)",
            [Jsonb(models)],
        )
        self._execute(
            "create temp table stage_word on commit drop as select * from"
            " jsonb_to_recordset(%s) r (what text, word text, id bigint, state text)",
            [Jsonb(words)],
        )
        self._execute(
            "create temp table stage_lot (model_id bigint, unit_id bigint, batch text, lot_id bigint)"
            " on commit drop"
        )
        self._make_lots()
        same = {name: f"s.{self.column[name]}" if name in self.fields else "''"
                for name in ("model", "manufacturer", "unit", "place", "state", "tender_batch", "ownership")}  # fmt: skip
        by_model = ", ".join(
            f"{name} = case when s.{name} = '' then m.{name} else s.{name} end"
            for name in ("name", "type_approval_no", "protocol", "ratio", "burden_va")
        )
        days = "".join(
            f", {name} = coalesce(assets_day(s.{name})::text, '')"
            for name in ("produced_on", "purchased_on")
            if name in self.fields
        )
        self._execute(
            f"update stage s set kind = m.kind, model_id = m.id, {by_model}{days},"  # noqa: S608
            f" ownership = coalesce(nullif({same['ownership']}, ''), 'utility'),"
            " unit_id = u.id, place_id = p.id, state = t.state,"
            f" lot_id = (select l.lot_id from stage_lot l where l.model_id = m.id"
            f" and l.unit_id = u.id and l.batch = {same['tender_batch']})"
            " from stage_model m, stage_word u, stage_word p, stage_word t"
            f" where m.model = {same['model']} and m.maker = {same['manufacturer']}"
            f" and u.what = 'unit' and u.word = {same['unit']}"
            f" and p.what = 'place' and p.word = {same['place']}"
            f" and t.what = 'state' and t.word = {same['state']}"
        )

    def _make_lots(self) -> None:
        if "tender_batch" not in self.fields:
            return
        made: dict[tuple[int, int, str], int] = {}
        for model_word, maker, unit_word, batch in self._cells(
            "model", "manufacturer", "unit", "tender_batch"
        ):
            model = self.found.models[model_word, maker]
            key = (model.pk, self.found.units[unit_word,], batch)
            if batch and key not in made:
                lot = lot_make(model=model, tender_batch=batch, unit_id=key[1], actor=self.actor)
                made[key] = lot.pk
        self.stage.cursor.executemany(
            "insert into stage_lot values (%s, %s, %s, %s)",
            [(*key, lot) for key, lot in made.items()],
        )


def _makers(model: DeviceModel) -> set[str]:
    maker = model.manufacturer
    return {plain(word) for word in (maker.code, maker.name, maker.short_name)}


def _few(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)[:OTHERS_SHOWN])
