"""The transformer room of the story: what passed, what failed, what waits."""

from collections import Counter

import pytest
from django.test import override_settings
from django.utils.translation import override

from dianheng.demo import company, things, transformers
from dianheng.documents.models import IssuedDocument
from dianheng.verification.models import TestResult, VerificationTask

pytestmark = [pytest.mark.django_db]
PASSWORD = "Dianheng-2026-story"


def test_the_transformer_room_has_a_past_and_work_for_today(tmp_path):
    with override_settings(DATA=tmp_path, MEDIA_ROOT=tmp_path / "files"), override("zh-hans"):
        company.found_company(PASSWORD)
        things.catalogue_and_places()
        things.laboratory()
        transformers.the_transformer_room(password=PASSWORD)
    lot, client, today, later = VerificationTask.objects.order_by("pk")
    assert Counter(lot.devices.values_list("outcome", flat=True)) == {"passed": 28, "failed": 2}
    assert Counter(client.devices.values_list("outcome", flat=True)) == {"passed": 5, "failed": 1}
    assert Counter(IssuedDocument.objects.values_list("kind", flat=True)) == {
        "verification_certificate": 5,
        "result_notice": 1,
    }
    assert Counter(today.devices.values_list("outcome", flat=True)) == {
        "passed": 4, "failed": 1, "": 3
    }  # fmt: skip
    assert TestResult.objects.get(item="demagnetising").reason == "demagnetised"
    assert set(later.devices.values_list("step", flat=True)) == {"waiting"}
