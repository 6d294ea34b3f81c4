"""The chain of traceability: from standards through their certificates up to the national standard."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from dianheng.assets.models import Device
from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit

from ..models import OutsideStandard, StandardCertificate
from .laboratory import in_force

# Of each standard the certificate that counts, today or on a day: the one that holds longest.
_UP = """
with recursive up(device_id, outside_id) as (
    select d, null::bigint from unnest(%(devices)s::bigint[]) d
    union
    select n.device_id, n.outside_id
      from up, lateral (
        select c.higher_device_id, c.higher_outside_id
          from (select higher_device_id, higher_outside_id from verification_standardcertificate
                 where device_id = up.device_id
                   and case when %(on)s::date is null then withdrawn_on is null
                            else %(on)s between valid_from and valid_through
                                 and (withdrawn_on is null or withdrawn_on > %(on)s) end
                 order by valid_through desc, id desc limit 1) c
         where c.higher_device_id is not null or c.higher_outside_id is not null
        union all
        select null, o.higher_id from standards_outsidestandard o
         where o.id = up.outside_id and o.higher_id is not null
      ) n(device_id, outside_id)
)
select device_id, outside_id from up
"""
# Whether the way up from `above` comes by `below`, over certificates that hold on days of a period.
_WAY = {
    "devices": """
        with recursive up(id, way) as (
            select %(above)s::bigint, array[%(below)s::bigint, %(above)s::bigint]
            union all
            select c.higher_device_id, up.way || c.higher_device_id
              from up join verification_standardcertificate c on c.device_id = up.id
             where up.id <> %(below)s and c.higher_device_id is not null and c.withdrawn_on is null
               and c.valid_from <= %(last)s and c.valid_through >= %(first)s
               and (c.higher_device_id = %(below)s or c.higher_device_id <> all (up.way))
        )
        select array(select d.barcode from unnest(up.way) with ordinality w(id, n)
                       join assets_device d on d.id = w.id order by w.n)
          from up where up.id = %(below)s limit 1
    """,
    "outside": """
        with recursive up(id, way) as (
            select %(above)s::bigint, array[%(below)s::bigint, %(above)s::bigint]
            union all
            select o.higher_id, up.way || o.higher_id
              from up join standards_outsidestandard o on o.id = up.id
             where up.id <> %(below)s and o.higher_id is not null
               and (o.higher_id = %(below)s or o.higher_id <> all (up.way))
        )
        select array(select d.name from unnest(up.way) with ordinality w(id, n)
                       join standards_outsidestandard d on d.id = w.id order by w.n)
          from up where up.id = %(below)s limit 1
    """,
}


def way_up(
    below: int,
    above: int,
    *,
    first: date = date.min,
    last: date = date.max,
    among: Literal["devices", "outside"] = "devices",
) -> list[str]:
    """The way from a thing over the one above it back to itself; empty where there is none."""
    with connection.cursor() as cursor:
        facts = {"below": below, "above": above, "first": first, "last": last}
        cursor.execute(_WAY[among], facts)
        found = cursor.fetchone()
    return list(found[0]) if found else []


def outside_named(name: str) -> list[OutsideStandard]:
    """Standards of other bodies of a name, or the one whose body is named too (`name · body`)."""
    named = OutsideStandard.objects.filter(name=name.partition(" · ")[0])
    return [one for one in named if name in (one.name, str(one))]


def unit_above_certified(outside: OutsideStandard) -> Unit:
    """The lowest unit under which everything lies that was certified with a standard of another body.

    Raises:
        NotFound: nothing was.
    """
    below, new = {outside.pk}, {outside.pk}
    while new:
        lower = OutsideStandard.objects.filter(higher__in=new).values_list("pk", flat=True)
        new = set(lower) - below
        below |= new
    papers = StandardCertificate.objects.filter(higher_outside__in=below)
    paths = set(papers.values_list("device__unit__path", flat=True))
    if not paths:
        raise NotFound(
            _("No certificate of ours was made with %(name)s.") % {"name": outside},
            name=outside.name,
        )
    above = [one for one in Unit.objects.all() if all(p.startswith(one.path) for p in paths)]
    if not above:
        raise NotFound(
            _("What was certified with %(name)s has no unit in common.") % {"name": outside}
        )
    return max(above, key=lambda one: len(one.path))


@dataclass(frozen=True)
class Node:
    """A standard in the chain: ours, or of another body."""

    key: str
    title: str
    text: str
    device: Device | None = None
    outside: OutsideStandard | None = None
    level: int = 0  # steps above the standards that were asked about

    @property
    def is_national(self) -> bool:
        return self.outside is not None and self.outside.is_national


@dataclass(frozen=True)
class Link:
    """A certificate between a standard and the one above it."""

    below: str
    above: str
    number: str
    valid_through: date | None
    certificate: StandardCertificate | None = None


@dataclass
class Chain:
    """Standards and certificates; the last ones are where nothing further is known."""

    nodes: dict[str, Node] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)

    @property
    def ends(self) -> list[Node]:
        """What has nothing above it, as far as we know."""
        below = {link.below for link in self.links}
        return [node for key, node in self.nodes.items() if key not in below]

    @property
    def is_whole(self) -> bool:
        """Every way ends at a national standard."""
        return bool(self.nodes) and all(node.is_national for node in self.ends)


def chain_of(devices: Sequence[Device], on: date | None = None) -> Chain:
    """The chain above some standards, as their certificates of today say, or those of a day.

    Of standards of other bodies we know what their last certificate told us, no earlier state.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UP, {"devices": [device.pk for device in devices], "on": on})
        found = cursor.fetchall()
    ours = {row[0] for row in found if row[0]}
    theirs = {row[1] for row in found if row[1]}
    known = Device.objects.filter(pk__in=ours).select_related("standard", "model")
    certificates = (
        StandardCertificate.objects.filter(in_force(on) if on else Q(withdrawn_on__isnull=True))
        .filter(device__in=ours)
        .order_by("device", "-valid_through", "-pk")
        .distinct("device")
    )
    chain = Chain()
    for device in known.order_by("barcode"):
        detail = getattr(device, "standard", None)
        name = detail.name if detail else str(device.model)
        chain.nodes[f"d{device.pk}"] = Node(f"d{device.pk}", device.barcode, name, device)
    for outside in OutsideStandard.objects.filter(pk__in=theirs):
        key = f"o{outside.pk}"
        chain.nodes[key] = Node(key, outside.name, outside.body, outside=outside)
        if outside.higher_id:
            chain.links.append(
                Link(key, f"o{outside.higher_id}", outside.certificate_no, outside.valid_through)
            )
    for paper in certificates:
        below = f"d{paper.device_id}"
        if paper.higher_device_id:
            above = f"d{paper.higher_device_id}"
        elif paper.higher_outside_id:
            above = f"o{paper.higher_outside_id}"
        else:  # of a body whose standard nobody named, or only in words
            above = f"n{paper.pk}"
            title = paper.higher_standard or paper.issuer
            text = paper.issuer if paper.higher_standard else ""
            chain.nodes[above] = Node(above, title, text)
        chain.links.append(Link(below, above, paper.number, paper.valid_through, paper))
    _give_levels(chain)
    return chain


def _give_levels(chain: Chain) -> None:
    """The longest way from below, so that every link leads upward; a circle of old data ends."""
    levels = dict.fromkeys(chain.nodes, 0)
    for _round in range(len(chain.nodes)):
        changed = False
        for link in chain.links:
            if link.above in levels and levels[link.above] < levels[link.below] + 1:
                levels[link.above] = levels[link.below] + 1
                changed = True
        if not changed:
            break
    for key, node in chain.nodes.items():
        chain.nodes[key] = replace(node, level=levels[key])
