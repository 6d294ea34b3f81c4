"""The tutorial, walked by a browser: docs/tutorials/from-arrival-to-certificate.md.

A small order in CI; `DIANHENG_JOURNEY=full` takes the files that ship with the tutorial.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dianheng.common.files.xlsx import XlsxTable
from dianheng.demo import files

from .conftest import PASSWORD, Program, Walker, quantity

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHIPPED = Path(__file__).parents[2] / "docs" / "tutorials" / "files"
BOXFUL = 12
People = Callable[[str], Walker]


@pytest.fixture
def people(chromium: Any, program: Program) -> Iterator[People]:
    """`people("zhaolei")` -> that person at a browser, logged in once."""
    known: dict[str, Walker] = {}

    def person(login: str) -> Walker:
        if login not in known:
            known[login] = Walker(chromium, program.url, login)
        return known[login]

    yield person
    for walker in known.values():
        walker.context.close()
        assert walker.faults == []


def test_from_the_makers_file_to_certificates_and_stock(people, program, tmp_path):
    count = quantity()
    take_delivery(people, tmp_path, count)
    arrival = receive_by_box(people, count)
    sampled = accept_by_sample(people, program, tmp_path, arrival, count)
    task, outcomes = verify_the_rest(people, program, count - sampled)
    qualified = sampled + outcomes["合格"]
    assert sum(outcomes.values()) == count - sampled
    assert qualified >= 0.95 * count
    return_what_failed(people, outcomes.get("不合格", 0))
    certify(people, program, tmp_path, task)
    put_in_stock(people, program, tmp_path, arrival, qualified)
    verified = program.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


# -- the maker's file -----------------------------------------------------------------------------


def take_delivery(people, folder, count):
    """All mistakes at once and a marked copy; the corrected file is taken."""
    wrong, right = delivery_files(folder, count)
    buyer = people("zhaolei").menu("订单").open(files.ORDER_NO).press("上传发货文件")
    buyer.page.set_input_files("input[type=file]", wrong)
    buyer.press("上传并检查").becomes("有错误")
    mistakes = int(buyer.fact("错误"))
    assert mistakes >= count // 200
    marked = rows_of(buyer.download("标注副本", folder))
    assert sum(len(row[0].splitlines()) for row in marked[1:] if row[0]) >= mistakes
    buyer.page.fill("textarea[name=reason]", "条码、型号有误，请更正后重发")
    buyer.press("退回文件").becomes("已退回")
    buyer.open(files.ORDER_NO).press("上传发货文件")
    buyer.page.set_input_files("input[type=file]", right)
    buyer.press("上传并检查").becomes("已检查")
    assert (buyer.fact("行数"), buyer.fact("错误")) == (str(count), "0")
    buyer.press("导入文件").becomes("已导入")


def delivery_files(folder: Path, count: int) -> tuple[Path, Path]:
    """The shipped files, or the same for a smaller order."""
    if count == files.QUANTITY:
        return SHIPPED / files.WITH_MISTAKES, SHIPPED / files.CORRECTED
    wrong, right = files.write_files(folder, count)
    return wrong, right


def rows_of(path: Path) -> list[list[str]]:
    """All rows of a workbook."""
    return [row for _number, row in XlsxTable(path).rows()]


# -- arrival and sample ---------------------------------------------------------------------------


def receive_by_box(people, count):
    """The keeper scans box by box; number of the arrival."""
    keeper = people("zhoumin").menu("到货").open_first()
    arrival = keeper.number
    keeper.press("开始收货").choose("#id_place", "待检区")
    keeper.page.fill("#id_delivery_note_no", "SH-20261129-01")
    keeper.press("开始扫码")
    keeper.scan([f"ZX2603{n:06d}" for n in range(1, -(-count // BOXFUL) + 1)]).counted(count)
    keeper.press("确认收货").press("收货").becomes("已收货")
    return arrival


def accept_by_sample(people, program, folder, arrival, count):
    """Digest, closed lot, seed, sample on the bench, two departments; size of the sample."""
    metrologist = people("gaoyan").menu("到货").open(arrival).press("检验该批").press("声明分批")
    inspection = metrologist.number
    metrologist.press("公布种子摘要")
    digest = metrologist.find(r"\b[0-9a-f]{64}\b")
    metrologist.press("封批并抽样")
    devices = metrologist.download("设备清单", folder)
    assert len(devices.read_text().split()) == count
    sample = drawn_again(program, metrologist, devices, digest)
    metrologist.press("上台检测").press("建立任务")
    task = metrologist.find(r"JD\d+-\d{4}-\d+")
    on_benches(people, program, task, ["BZ0001"], len(sample))
    assert decide(people, task) == {"合格": len(sample)}
    metrologist.menu("抽样检验").open(inspection).press("读取检定结论").press("判定样品")
    for login, department in (("sunli", "技术部门"), ("zhaolei", "资产部门")):
        people(login).menu("抽样检验").open(inspection).press(department).press("签署")
    people("zhaolei").becomes("接收")
    return len(sample)


def drawn_again(program, walker, devices, digest):
    """`dianheng sampling redraw` gives the sample of the page from seed and list."""
    seed = walker.find(r"(?<=--seed )[0-9a-f]{64}")
    told = program.run(
        "sampling", "redraw", "--seed", seed, "--list", str(devices),
        "--count", walker.find(r"(?<=--count )\d+"), "--seed-digest", digest,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    sample = told.stdout.split()
    assert all(code in walker.text for code in sample)
    return sample


# -- benches, review, approval --------------------------------------------------------------------


def verify_the_rest(people, program, count):
    """A task for the lot, over two benches; its number and how many of each outcome."""
    metrologist = people("gaoyan").menu("检定任务").press("新建任务")
    metrologist.choose("#id_lot", files.GOODS.tender_batch).press("建立任务")
    task = metrologist.number
    on_benches(people, program, task, ["BZ0001", "BZ0002"], count)
    return task, decide(people, task)


def on_benches(people, program, task, benches, count):
    """The verifier fills the loads; the benches fetch them and send their results."""
    walker = people("zhangwei").menu("检定任务").open(task).press("按序批量挂表")
    for code in benches:
        walker.page.locator("main label", has_text=code).click()
    walker.press("生成挂表单")
    told = program.run("simulate", "--task", task)
    assert told.returncode == 0, told.stdout + told.stderr
    assert sum(map(int, re.findall(r"(\d+) (?!loads)[a-z_]+", told.stdout))) == count, told.stdout


def decide(people, task):
    """王芳 reviews, 陈强 approves with the password; how many of each outcome."""
    people("wangfang").menu("检定任务").open(task).press("核验").press("去签署").press("签署核验")
    signatory = people("chenqiang").menu("检定任务").open(task).press("批准").press("去签署")
    tags = signatory.page.locator("main .tags li").all_inner_texts()
    signatory.page.fill("#password", PASSWORD)
    signatory.press("签署批准").told()
    return {word: int(n) for word, n in (tag.rsplit(None, 1) for tag in tags)}


# -- what comes of it -----------------------------------------------------------------------------


def return_what_failed(people, failed):
    """The asset office draws up the return of what failed, and the maker is told."""
    buyer = people("zhaolei").menu("批次").open(f"{files.GOODS.tender_batch}-HC")
    buyer.press("退回不合格设备")
    assert buyer.page.locator("main input[name=devices]").count() == failed
    buyer.page.fill("#id_reason", "全检不合格，见不合格清单")
    buyer.press("开具退货单").becomes("已编制")
    assert buyer.number.startswith("TH")


def certify(people, program, folder, task):
    """A customer asks for a certificate: signed, checked here and by poppler's pdfsig."""
    signatory = people("chenqiang").menu("检定任务").open(task).press("证书与通知书")
    signatory.page.locator("main input[name=line]").first.check()
    signatory.press("为所选出具").told()
    signatory.page.locator("main .lines a.code").first.click()
    pdf = signatory.download("签名 PDF", folder)
    checked = program.run("certificate", "check", str(pdf))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    if shutil.which("pdfsig"):
        told = subprocess.run(["pdfsig", str(pdf)], capture_output=True, text=True, check=False)
        assert "Signature is Valid" in told.stdout


def put_in_stock(people, program, folder, arrival, qualified):
    """What is qualified goes onto the shelf, from the exported list; the stock adds up."""
    keeper = people("zhoumin")
    keeper.page.goto(f"{program.url}/devices/?state=qualified&arrival={arrival}")
    rows = rows_of(keeper.download("导出", folder))
    head = next(n for n, row in enumerate(rows) if "条形码" in row)
    place = rows[head].index("条形码")
    codes = [row[place] for row in rows[head + 1 :]]
    assert len(codes) == qualified
    keeper.menu("扫码出入库").choose("#id_purpose", "入库")
    keeper.page.fill("#id_to_place", "KF1-A02")
    keeper.press("开始扫码").paste(codes).counted(qualified)
    keeper.page.locator("#scanned .btn-primary", has_text=str(qualified)).click()
    keeper.told().menu("库存")
    row = keeper.page.locator("main tr", has_text=files.GOODS.model).first.inner_text()
    assert str(qualified) in row
