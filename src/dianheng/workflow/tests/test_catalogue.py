"""The utility's own catalogue: checked as a whole, taken as a whole, twice harmless."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.common.errors import Refused
from dianheng.common.excel import write_workbook
from dianheng.common.files import Unreadable, open_table
from dianheng.identity.models import AccessEvent, AuditBatch
from dianheng.identity.services import post_define, system_actor, token_make
from dianheng.identity.tests.factories import actor_with, person_with
from dianheng.workflow import services
from dianheng.workflow.models import CatalogueFile, CatalogueItem
from dianheng.workflow.selectors.catalogue import catalogue_counts

from .factories import head, work_order

pytestmark = pytest.mark.django_db
HEADS = "应用模块,业务类,业务项,业务子项,业务编码,责任岗位,流程包"
GOOD = [
    "资产管理,资产处置,报废,报废申请,ZC-01-01,HEAD,",
    "资产管理,资产处置,报废,报废审批,ZC-01-02,HEAD岗,",
    "计量服务,现场工单,派工,工单办理,JL-01-01,,work-order",
]


def written(folder, *rows, heads=HEADS, name="目录.csv", encoding="utf-8"):
    path = folder / name
    path.write_text("\n".join([heads, *rows]) + "\n", encoding)
    return path


def sent(path, actor=None):
    return services.catalogue_receive(path=path, name=path.name, actor=actor or system_actor())


@pytest.fixture(autouse=True)
def company():
    """A post and a pack that the catalogue may name."""
    work_order()
    head()


def test_a_good_file_is_checked_and_only_then_taken(tmp_path):
    found = sent(written(tmp_path, *GOOD))
    assert (found.row_count, found.faults) == (3, []) and not CatalogueItem.objects.exists()
    services.catalogue_take(file=found, actor=system_actor())
    assert catalogue_counts() == {
        "modules": 2, "classes": 2, "items": 2, "sub_items": 3, "in_force": 1,
    }  # fmt: skip
    assert list(CatalogueItem.objects.values_list("code", "owner_post", "pack")) == [
        ("ZC-01-01", "HEAD", ""), ("ZC-01-02", "HEAD", ""), ("JL-01-01", "", "work-order"),
    ]  # fmt: skip


def test_the_same_file_twice_changes_nothing(tmp_path):
    path = written(tmp_path, *GOOD)
    first = services.catalogue_take(file=sent(path), actor=system_actor())
    before = list(CatalogueItem.objects.values())
    again = services.catalogue_take(file=sent(path), actor=system_actor())
    assert again == first and CatalogueFile.objects.count() == 1
    assert again.taken_at == first.taken_at and list(CatalogueItem.objects.values()) == before


def test_a_later_file_is_the_whole_catalogue(tmp_path):
    services.catalogue_take(file=sent(written(tmp_path, *GOOD)), actor=system_actor())
    kept = CatalogueItem.objects.get(code="ZC-01-01").pk
    rows = ["资产管理,资产处置,报废,报废申请（新）,ZC-01-01,HEAD,"]
    services.catalogue_take(file=sent(written(tmp_path, *rows)), actor=system_actor())
    assert list(CatalogueItem.objects.values_list("pk", "sub_item")) == [(kept, "报废申请（新）")]


def test_all_faults_are_named_at_once_with_their_rows_and_nothing_is_taken(tmp_path):
    rows = [
        GOOD[0], ",资产处置,报废,报废审批,ZC-01-02,HEAD,", "资产管理,资产处置,报废,再次,ZC-01-01,NOBODY,gone",
        f"资产管理,资产处置,{'长' * 121},登记,ZC-01-04,,",
    ]  # fmt: skip
    found = sent(written(tmp_path, *rows))
    assert [(row, field) for row, field, _text in found.faults] == [
        (3, "module"), (4, "code"), (4, "owner_post"), (4, "pack"), (5, "item"),
    ]  # fmt: skip
    with pytest.raises(Refused) as caught:
        services.catalogue_take(file=found, actor=system_actor())
    assert [error["row"] for error in caught.value.refusal.errors] == [3, 4, 4, 4, 5]
    assert not CatalogueItem.objects.exists()
    marked = tmp_path / "marked.xlsx"
    with services.marked_catalogue(found) as copy:
        marked.write_bytes(copy.read())
    marks = [row[0] for _no, row in open_table(marked).rows()]
    assert marks[1] == "" and "未填写" in marks[2] and "与第 2 行重复" in marks[3]


def test_a_post_that_came_meanwhile_mends_the_file(tmp_path):
    found = sent(written(tmp_path, "资产管理,资产处置,报废,报废申请,ZC-01-01,NEW,"))
    assert len(found.faults) == 1
    post_define(code="NEW", name="新岗", rights=[], actor=system_actor())
    assert services.catalogue_take(file=found, actor=system_actor()).taken_at is not None


@pytest.mark.parametrize(
    "heads", ["应用模块,业务类,业务项,业务子项", "a,b,c", ""], ids=["no-code", "other", "empty"]
)
def test_what_is_no_catalogue_is_refused_and_not_kept(tmp_path, heads):
    with pytest.raises(Unreadable):
        sent(written(tmp_path, *GOOD, heads=heads))
    assert not CatalogueFile.objects.exists()


def test_a_file_as_excel_saves_it_in_chinese_is_read(tmp_path):
    assert sent(written(tmp_path, *GOOD, encoding="gb18030")).faults == []


def test_only_who_keeps_packs_imports(tmp_path):
    with pytest.raises(Refused):
        sent(written(tmp_path, *GOOD), actor=actor_with("workflow.view", login="reader"))
    sent(written(tmp_path, *GOOD), actor=actor_with("workflow.packs", login="keeper"))
    assert AuditBatch.objects.latest("id").action == "catalogue.check"


def bearer(*rights, login="machine", scopes=()):
    person = person_with(*rights, login=login)
    token = token_make(person=person, label="t", actor=system_actor(), scopes=list(scopes))
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def posted(client, who, *rows, heads=HEADS, **more):
    body = "\n".join([heads, *rows]).encode()
    sent = {"file": SimpleUploadedFile("目录.csv", body), **more}
    return client.post("/api/v1/processes/catalogue", sent, **who)


def test_a_machine_imports_the_catalogue_and_reads_it(client):
    keeper = bearer("workflow.view", "workflow.packs")
    checked = posted(client, keeper, *GOOD, only_check="true").json()
    assert (checked["rows"], checked["faults"], checked["taken_at"]) == (3, [], None)
    assert not CatalogueItem.objects.exists()
    taken = posted(client, keeper, *GOOD)
    assert taken.status_code == 200 and taken.json()["taken_at"] is not None
    assert posted(client, keeper, *GOOD).json() == taken.json(), "twice is once"
    address = "/api/v1/processes/catalogue"
    found = client.get(address, **keeper).json()
    assert [(one["code"], one["owner_post"], one["is_in_force"]) for one in found] == [
        ("JL-01-01", "", True), ("ZC-01-01", "HEAD", False), ("ZC-01-02", "HEAD", False),
    ]  # fmt: skip
    for asked, codes in {
        "module=计量服务": ["JL-01-01"], "is_in_force=true": ["JL-01-01"],
        "business_class=资产处置&is_in_force=false": ["ZC-01-01", "ZC-01-02"],
        "limit=1": ["JL-01-01"], "after=JL-01-01&limit=1": ["ZC-01-01"], "after=ZC-01-02": [],
    }.items():  # fmt: skip
        rows = client.get(f"{address}?{asked}", **keeper).json()
        assert [one["code"] for one in rows] == codes, asked


def test_a_faulty_catalogue_is_refused_by_rest_with_every_row(client):
    keeper = bearer("workflow.packs")
    rows = [GOOD[0], "资产管理,资产处置,报废,再次,ZC-01-01,NOBODY,gone"]
    answer = posted(client, keeper, *rows)
    assert (answer.status_code, answer.json()["code"]) == (409, "faulty")
    assert [(one["row"], one["field"]) for one in answer.json()["errors"]] == [
        (3, "code"), (3, "owner_post"), (3, "pack"),
    ]  # fmt: skip
    checked = posted(client, keeper, *rows, only_check="true")
    assert (checked.status_code, len(checked.json()["faults"])) == (200, 3)
    assert not CatalogueItem.objects.exists()
    other = posted(client, keeper, "1,2", heads="a,b")
    assert (other.status_code, other.json()["code"]) == (422, "bad_input")
    assert client.post("/api/v1/processes/catalogue", {}, **keeper).status_code == 422


def test_rest_asks_for_the_rights_that_pages_ask_for(client):
    address = "/api/v1/processes/catalogue"
    reader, nobody = bearer("workflow.view", login="reader"), bearer(login="nobody")
    narrow = bearer("workflow.packs", "workflow.view", login="narrow", scopes=["workflow.view"])
    assert client.get(address, **reader).status_code == 200
    assert client.get(address, **nobody).status_code == 403
    assert client.get(address).status_code == 401
    for who in (reader, nobody, narrow):
        assert posted(client, who, *GOOD).status_code == 403
    assert not CatalogueFile.objects.exists()
    noted = AccessEvent.objects.filter(kind="refused").values_list("what", flat=True)
    assert sorted(noted) == ["workflow.packs"] * 3 + ["workflow.view"]


def test_the_schema_describes_the_catalogue(client):
    calls = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/processes/catalogue"]
    assert set(calls) == {"get", "post"}
    assert all(call["summary"] and call["description"] for call in calls.values())
    assert "multipart/form-data" in calls["post"]["requestBody"]["content"]
    asked = {each["name"] for each in calls["get"]["parameters"]}
    assert asked == {"module", "business_class", "is_in_force", "after", "limit"}


def test_the_template_comes_back_as_a_catalogue_and_pages_show_it(tmp_path, client):
    client.force_login(person_with("workflow.view", "workflow.packs", login="keeper"))
    assert "尚无业务目录" in client.get(reverse("catalogue")).content.decode()
    body = b"".join(client.get(reverse("catalogue_template")).streaming_content)
    blank = tmp_path / "blank.xlsx"
    blank.write_bytes(body)
    ((_no, heads),) = open_table(blank).rows()
    row = ["资产管理", "资产处置", "报废", "报废申请", "ZC-01-01", "HEAD", "work-order"]
    out = io.BytesIO()
    write_workbook(out, "目录", heads, [row])
    file = SimpleUploadedFile("目录.xlsx", out.getvalue())
    answer = client.post(reverse("catalogue_new"), {"file": file}, follow=True)
    found = CatalogueFile.objects.get()
    assert "导入目录" in answer.content.decode() and found.faults == []
    client.post(reverse("catalogue_take", args=[found.digest]))
    assert "已有流程" in client.get(reverse("catalogue")).content.decode()
    assert "1 个业务子项，其中 1 个已有流程" in client.get(reverse("packs")).content.decode()
    wrong = SimpleUploadedFile("x.csv", b"a,b\n1,2\n")
    assert "缺少列" in client.post(reverse("catalogue_new"), {"file": wrong}).content.decode()
    client.force_login(person_with("workflow.view", login="reader"))
    assert client.get(reverse("catalogue")).status_code == 200
    for name in ("catalogue_file", "catalogue_marked"):
        assert client.get(reverse(name, args=[found.digest])).status_code == 403
