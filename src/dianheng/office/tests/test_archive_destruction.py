"""What has run out is destroyed by approval, with its list and two witnesses."""

import pytest
from django.urls import reverse

from dianheng.common.errors import Refused
from dianheng.documents.services import file_path
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.office import services
from dianheng.office.models import ArchivePiece
from dianheng.office.selectors import current_files
from dianheng.workflow.models import FormDraft
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.selectors import form_of
from dianheng.workflow.services import pack_load, task_complete
from dianheng.workflow.tests.factories import RIGHTS, holder
from dianheng.workflow.tests.test_shipped import answer

from .factories import filed

pytestmark = pytest.mark.django_db
POSTS = {
    "OFFICE": ("hanxue", "韩雪", metering_centre), "TECHNICAL": ("sunli", "孙丽", metering_centre),
    "OFFICE_HEAD": ("qian", "钱文", metering_centre), "HEAD": ("liu", "刘静", city_company),
    "METROLOGIST": ("gao", "高岩", metering_centre), "AUDITOR": ("tang", "唐慧", city_company),
}  # fmt: skip


def who(post):
    login, name, unit = POSTS[post]
    rights = [*RIGHTS, "archives.view", "archives.file"] if post == "OFFICE" else RIGHTS
    return actor_for_person(holder(login, name, post, unit(), rights))


@pytest.fixture
def due(settings):
    """Two pieces whose ten years are over, and the pack in force."""
    folder = next(path for path in shipped_folders() if path.name == "archive_destruction")
    pack_load(folder=folder, actor=system_actor())
    who("OFFICE")
    return [
        filed("第一件内容", title="甲", year=2010, retention="D10"),
        filed("第二件内容", title="乙", year=2011, retention="D10"),
    ]


def walk(instance, until="", witness="AUDITOR"):
    """Everybody does the step of the post, up to a step."""
    posts = {
        "apply": "OFFICE", "appraise": "TECHNICAL", "review": "OFFICE_HEAD", "approve": "HEAD", "carry": "OFFICE",
        "witness_1": "METROLOGIST", "witness_2": witness,
    }  # fmt: skip
    for name, post in posts.items():
        if name == until:
            return
        task = instance.tasks.latest("pk")
        assert task.task == name
        draft = FormDraft.objects.filter(task=task).first()
        data = draft.data | {"reason": "到期"} if draft else answer(form_of(task, instance.pack))
        task_complete(task=task, data=data, actor=who(post))
    instance.refresh_from_db()


def test_a_list_is_approved_witnessed_and_then_destroyed(due, django_capture_on_commit_callbacks):
    (file,) = current_files(due[0])
    path = file_path(file.file.digest)
    instance = services.destruction_apply(pieces=due, actor=who("OFFICE"))
    walk(instance)
    assert instance.state == "done" and path.exists()
    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            services.destruction_carry(instance=instance, actor=who("OFFICE"))
    assert set(ArchivePiece.objects.values_list("state", "destruction")) == {
        ("destroyed", instance.number)
    }
    assert not path.exists(), "the content is erased"
    with pytest.raises(Refused) as refused:
        services.piece_take(number=due[0].number, key=file.pk, actor=who("OFFICE"))
    assert refused.value.refusal.code == "destroyed"


def test_a_content_that_a_kept_piece_has_too_stays(due, django_capture_on_commit_callbacks):
    kept = filed("第一件内容", title="丙")
    (file,) = current_files(kept)
    instance = services.destruction_apply(pieces=due, actor=who("OFFICE"))
    walk(instance)
    with django_capture_on_commit_callbacks(execute=True):
        services.destruction_carry(instance=instance, actor=who("OFFICE"))
    assert file_path(file.file.digest).exists()


def test_what_has_not_run_out_or_is_permanent_is_named(due):
    others = [filed(title="丁"), filed(title="戊", retention="Y", year=1990)]
    with pytest.raises(Refused) as refused:
        services.destruction_apply(pieces=[*due, *others], actor=who("OFFICE"))
    assert [one.code for one in refused.value.refusals] == ["not_due", "permanent"]


@pytest.mark.parametrize("until", ["approve", "witness_1", "witness_2"])
def test_nothing_is_destroyed_before_the_last_witness(due, until):
    instance = services.destruction_apply(pieces=due, actor=who("OFFICE"))
    walk(instance, until)
    with pytest.raises(Refused) as refused:
        services.destruction_carry(instance=instance, actor=who("OFFICE"))
    assert refused.value.refusal.code == "not_witnessed"
    assert set(ArchivePiece.objects.values_list("state", flat=True)) == {"kept"}


def test_a_witness_who_was_not_there_is_no_witness(due):
    instance = services.destruction_apply(pieces=due, actor=who("OFFICE"))
    walk(instance, "witness_2")
    task_complete(task=instance.tasks.latest("pk"), data={"witnessed": "no"}, actor=who("AUDITOR"))
    instance.refresh_from_db()
    assert instance.state == "done"
    with pytest.raises(Refused) as refused:
        services.destruction_carry(instance=instance, actor=who("OFFICE"))
    assert refused.value.refusal.code == "not_witnessed"
    assert set(ArchivePiece.objects.values_list("state", flat=True)) == {"kept"}


def test_the_list_of_pieces_begins_the_process_and_its_page_ends_it(client, due):
    filed(title="丁")
    client.force_login(Person.objects.get(pk=who("OFFICE").person_id))
    ids = ",".join(str(one.pk) for one in ArchivePiece.objects.all())
    shown = client.post(reverse("archive"), {"bulk": "destroy", "ids": ids}).content.decode()
    assert "丁" in shown and "2056-12-31" in shown
    form = {"bulk": "destroy", "ids": ids, "step": "confirm"}
    digest = shown.split('name="digest" value="')[1].split('"')[0]
    shown = client.post(reverse("archive"), form | {"digest": digest}).content.decode()
    assert "XH2026-000001" in shown or "/processes/XH" in shown
    from dianheng.workflow.models import ProcessInstance

    instance = ProcessInstance.objects.get()
    walk(instance)
    page = client.get(reverse("process", args=[instance.number])).content.decode()
    assert reverse("archive_destroy", args=[instance.number]) in page
    client.post(reverse("archive_destroy", args=[instance.number]))
    assert ArchivePiece.objects.filter(state="destroyed").count() == 2
    page = client.get(reverse("archive_piece", args=[due[0].number])).content.decode()
    assert instance.number in page and "已按审批销毁" in page
