"""Results of benches come in: kept as received, recomputed, judged, stored; all in one batch.

The one way in for REST, files, middle tables and the page: each door translates its format
into the neutral envelope and calls `upload_receive`.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.common.access import SIGNATURE
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.selectors import system_person
from dianheng.identity.services import require, write_batch

from ..choices import Source
from ..envelope import Envelope, read_envelope, read_json
from ..models import BenchKey, Upload
from .sorting import Sorting
from .upload_run import Came, Received, Run, bench_named

MOST_BYTES = 8 * 1024 * 1024  # a full load of 60 three-phase meters has 2 MB


def bench_secret(bench: Device, generation: int) -> str:
    """The key with which a bench signs, as hexadecimal text; derived, kept nowhere."""
    value = f"{bench.pk}:{generation}"
    return salted_hmac("dianheng.bench", value, algorithm="sha256").hexdigest()


def bench_key_make(*, bench: Device, actor: Actor) -> str:
    """Give a bench a new key; from now on its uploads are refused without its signature."""
    if bench.kind != DeviceKind.BENCH:
        raise BadInput(_("%(barcode)s is no bench.") % {"barcode": bench.barcode})
    actor = require(actor, "verification.laboratory", bench.unit_id)
    with write_batch(actor=actor, action="bench.key") as batch:
        key, is_new = BenchKey.objects.get_or_create(bench=bench, defaults={"made_at": batch.at})
        if not is_new:
            key.generation += 1
            key.made_at = batch.at
            key.save(update_fields=["generation", "made_at"])
    return bench_secret(bench, key.generation)


def upload_receive(
    *,
    body: bytes,
    actor: Actor,
    source: str = Source.REST,
    envelope: Mapping[str, Any] | None = None,
    content_type: str = "application/json",
    source_name: str = "",
    bench_no: str = "",
    is_rewrite: bool = False,
) -> Received:
    """Take in one envelope of results: each device by itself, the rest refused with reasons.

    Args:
        body: the bytes as they came in; kept as they are.
        actor: who sends it; needs `verification.upload` (by hand: `verification.test`) over the
            unit of each task. The program itself sends what it found in folders and tables.
        source: the door.
        envelope: the neutral envelope that an adapter made of the body; absent: the body is
            the envelope, as JSON.
        content_type: of the body.
        source_name: name of the file.
        bench_no: of the bench in whose folder it lay, or for which it was sent, for one that is
            refused unread.
        is_rewrite: the bench wrote its results again (middle tables): a new attempt on the same
            position is then no retest, and is marked for the reviewer.

    Raises:
        BadInput: the envelope is not readable; kept as evidence nevertheless.
        Refused: `upload_id_used` when the number was used for another content.
    """
    right = "verification.test" if source == Source.HAND else "verification.upload"
    is_program = actor.person_id == system_person().pk
    if not is_program:
        require(actor, right)
    came = Came(body, source, source_name, content_type, actor)
    try:
        if len(body) > MOST_BYTES:
            text = _("The upload has %(size)s bytes; at most %(most)s are taken.")
            raise BadInput(text % {"size": len(body), "most": MOST_BYTES})
        read = read_envelope(envelope if envelope is not None else read_json(body))
        bench, signature = _check_signature(body, read, source)
    except BadInput as error:
        came.keep_refused(error, bench_no or str((envelope or {}).get("bench_no") or "")[:64])
        raise
    with write_batch(actor=actor, action="upload.receive") as batch:
        with connection.cursor() as cursor:
            # The same envelope twice at once: the second waits for the first.
            lock = "select pg_advisory_xact_lock(hashtextextended(%s, 3))"
            cursor.execute(lock, [read.upload_id])
        earlier = Upload.objects.filter(upload_id=read.upload_id, taken__gt=0).first()
        if earlier is not None:
            return _repeat(earlier, came.sha256)
        sorting = Sorting(bench, actor, None if is_program else right, is_rewrite)
        return Run(read, came, signature, batch.at, sorting).receive()


def upload_keep_refused(
    *,
    body: bytes,
    actor: Actor,
    source: str,
    error: Refused,
    content_type: str = "",
    source_name: str = "",
    bench_no: str = "",
) -> None:
    """Keep what an adapter could not translate, so that the list of uploads shows it and why.

    Args are those of `upload_receive`.
    """
    Came(body, source, source_name, content_type, actor).keep_refused(error, bench_no)


def _repeat(earlier: Upload, sha256: str) -> Received:
    if earlier.sha256 == sha256:
        return Received(200, {**earlier.answer, "is_repeat": True}, earlier)
    raise Refused(
        Refusal(
            "upload_id_used",
            _("This upload number was used for another content. Send it with a new one."),
            {"upload_id": earlier.upload_id},
        )
    )


def _check_signature(body: bytes, read: Envelope, source: str) -> tuple[Device | None, str]:
    """The bench of the envelope, and what its signature is worth.

    The signature is HMAC-SHA256 over the body with the signature's own value left empty. What a
    person types is signed by no bench: the person stands for it.
    """
    bench = bench_named(read.bench_no)
    key = BenchKey.objects.filter(bench=bench).first() if bench else None
    if key is None or bench is None or source == Source.HAND:
        return bench, "unchecked" if read.signature else "none"
    signed = body.replace(read.signature.encode(), b"", 1) if read.signature else body
    secret = bench_secret(bench, key.generation).encode()
    right = hmac.new(secret, signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), read.signature.lower().encode()):
        raise BadInput(
            _("The upload does not carry the signature of bench %(no)s.") % {"no": read.bench_no},
            [{"field": "signature", "code": SIGNATURE, "text": _("is missing or wrong")}],
        )
    return bench, "valid"
