"""The tutorial, walked by a browser: docs/tutorials/from-arrival-to-certificate.md.

A small order in CI; `DIANHENG_JOURNEY=full` takes the files that ship with the tutorial.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dianheng.demo import files
from dianheng.testing.browser import WIDE, sign_in

from .conftest import PASSWORD, Program, quantity

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHIPPED = Path(__file__).parents[2] / "docs" / "tutorials" / "files"
PICTURES = os.environ.get("DIANHENG_PICTURES")  # a folder: keep what was seen
BOXFUL = 12


class Walker:
    """A person at a browser of their own: clicks what is written, types, scans."""

    def __init__(self, browser: Any, program: Program, login: str):
        self.context = browser.new_context(viewport=WIDE, accept_downloads=True, locale="zh-CN")
        self.context.set_default_timeout(60_000)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.url = program.url
        self.page.goto(program.url)
        sign_in(self.page, login, PASSWORD)
        self.page.wait_for_load_state()
        self.seen = 0

    def menu(self, word: str) -> "Walker":
        self.page.locator("aside, nav").get_by_role("link", name=word, exact=True).first.click()
        return self

    def open(self, word: str) -> "Walker":
        self.page.locator("main").get_by_role("link", name=word).first.click()
        return self

    def press(self, word: str) -> "Walker":
        """The button or link of the page that says so."""
        main = self.page.locator("main")
        found = main.get_by_role("button", name=word, exact=True).or_(
            main.get_by_role("link", name=word, exact=True)
        )
        found.first.click()
        self.page.wait_for_load_state()
        return self

    def scan(self, codes: list[str]) -> "Walker":
        """As a scanner does: it types and ends each code with Enter."""
        for code in codes:
            self.page.keyboard.type(code)
            self.page.keyboard.press("Enter")
        return self

    def paste(self, codes: list[str]) -> "Walker":
        """A column from a spreadsheet, into the scan field."""
        self.page.locator("[data-scan-field]").evaluate(
            """(field, text) => {
              const data = new DataTransfer();
              data.setData("text", text);
              field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
            }""",
            "\n".join(codes),
        )
        return self

    def counted(self, count: int) -> "Walker":
        """The count beside the scan field has come so far."""
        self.page.wait_for_function(
            "count => document.querySelector('[data-scan-count]').textContent.trim() === count",
            arg=str(count),
            timeout=300_000,
        )
        return self

    @property
    def text(self) -> str:
        return str(self.page.locator("main").inner_text())

    @property
    def number(self) -> str:
        """The number that the address ends in."""
        return str(self.page.url.split("?")[0].rstrip("/").rpartition("/")[2])

    def state(self) -> str:
        return str(self.page.locator(".head-state").first.inner_text()).strip()

    def download(self, word: str, folder: Path) -> Path:
        with self.page.expect_download() as waiting:
            self.press(word)
        path = folder / str(waiting.value.suggested_filename)
        waiting.value.save_as(path)
        return path

    def keep(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


@pytest.fixture
def people(chromium: Any, program: Program) -> Iterator[Callable[[str], Walker]]:
    """`people("zhaolei")` -> that person at a browser, logged in once."""
    known: dict[str, Walker] = {}

    def person(login: str) -> Walker:
        if login not in known:
            known[login] = Walker(chromium, program, login)
        return known[login]

    yield person
    for walker in known.values():
        assert walker.faults == []
        walker.context.close()


def test_from_the_makers_file_to_certificates_and_stock(people, program, tmp_path):
    count = quantity()
    wrong, right = delivery_files(tmp_path, count)
    # -- the maker's file ---------------------------------------------------------------------
    buyer = people("zhaolei").menu("订单").open(files.ORDER_NO).press("上传发货文件")
    buyer.page.set_input_files("input[type=file]", wrong)
    buyer.press("上传并检查")
    assert buyer.state() == "有错误"
    mistakes = int(re.search(r"错误\s+(\d+)", buyer.text).group(1))
    assert mistakes >= count // 200
    marked = buyer.download("标注副本", tmp_path)
    assert red_rows(marked) >= mistakes - 5  # a few faults share a row
    buyer.page.fill("textarea[name=reason]", "条码、型号有误，请更正后重发")
    buyer.press("退回文件")
    assert buyer.state() == "已退回"
    buyer.open(files.ORDER_NO).press("上传发货文件")
    buyer.page.set_input_files("input[type=file]", right)
    buyer.press("上传并检查")
    assert f"{count} 台设备，没有错误" in buyer.text.replace(",", "") or buyer.state() == "已检查"
    buyer.press("接收文件")
    assert buyer.state() == "已接收"
    # -- arrival by box -----------------------------------------------------------------------
    keeper = people("zhoumin").menu("到货")
    keeper.page.locator("main tbody a").first.click()
    arrival = keeper.number
    keeper.press("开始收货")
    keeper.page.select_option("#id_place", label=option(keeper.page, "#id_place", "待检区"))
    keeper.page.fill("#id_delivery_note_no", "SH-20261129-01")
    keeper.press("开始扫码")
    boxes = [f"ZX2603{n:06d}" for n in range(1, -(-count // BOXFUL) + 1)]
    keeper.scan(boxes).counted(count)
    keeper.press("确认收货")
    assert keeper.state() == "已收货"


    # -- the sample ---------------------------------------------------------------------------
    metrologist = people("gaoyan").menu("到货").open(arrival).press("检验该批").press("声明分批")
    inspection = metrologist.number
    metrologist.press("公布种子摘要")
    digest = re.search(r"\b[0-9a-f]{64}\b", metrologist.text).group()
    metrologist.press("封批并抽样")
    devices = metrologist.download("设备清单", tmp_path)
    assert len(devices.read_text().split()) == count
    sample = drawn_again(program, metrologist.text, devices, digest, tmp_path)
    metrologist.press("上台检测").press("建立任务")
    sampling = re.search(r"JD\d{4}-\d{4}", metrologist.text).group()
    on_benches(people, program, sampling, ["BZ0001"], len(sample))
    decide(people, sampling, len(sample))
    metrologist.menu("抽样检验").open(inspection).press("读取检定结论").press("判定样品")
    for login, department in (("sunli", "技术部门"), ("zhaolei", "资产部门")):
        people(login).menu("抽样检验").open(inspection).press(department).press("签署")
    assert people("zhaolei").state() == "已接收"
    # -- the rest -----------------------------------------------------------------------------
    metrologist.menu("检定任务").press("新建任务")
    page = metrologist.page
    page.select_option("#id_lot", label=option(page, "#id_lot", files.GOODS.tender_batch))
    metrologist.press("建立任务")
    task = metrologist.number
    on_benches(people, program, task, ["BZ0001", "BZ0002"], count - len(sample))
    outcomes = decide(people, task, count - len(sample))
    assert sum(outcomes.values()) == count - len(sample)
    assert outcomes["合格"] >= 0.95 * (count - len(sample))
    # -- what failed --------------------------------------------------------------------------
    # -- a certificate ------------------------------------------------------------------------
    signatory = people("chenqiang").menu("检定任务").open(task).press("证书与通知书")
    signatory.page.locator("main input[name=line]").first.check()
    signatory.press("出具所选设备的")
    number = signatory.page.locator("main .lines a.code").first.inner_text()
    signatory.open(number)
    pdf = signatory.download("已签名的 PDF", tmp_path)
    checked = program.run("certificate", "check", str(pdf))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    if shutil.which("pdfsig"):
        told = subprocess.run(["pdfsig", str(pdf)], capture_output=True, text=True, check=False)
        assert "Signature is Valid" in told.stdout
    # -- stock --------------------------------------------------------------------------------
    qualified = outcomes["合格"] + len(sample)
    codes = qualified_codes(program)
    assert len(codes) == qualified
    keeper.menu("扫码出入库")
    keeper.page.select_option("#id_purpose", "stock_in")
    keeper.page.fill("#id_to_place", "KF1-A02")
    keeper.press("开始扫码")
    keeper.paste(codes).counted(qualified)
    keeper.press("记账")
    keeper.menu("库存")
    assert adds_up(keeper.text, count, outcomes, qualified)
    # -- proof --------------------------------------------------------------------------------
    verified = program.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def on_benches(people, program, task, benches, count):
    """The verifier fills the loads; the benches fetch them and send their results."""
    walker = people("zhangwei").menu("检定任务").open(task).press("按序批量挂表")
    for code in benches:
        walker.page.locator("main label", has_text=code).click()
    walker.press("生成挂表单")
    told = program.run("simulate", "--url", program.url)
    assert told.returncode == 0, told.stdout + told.stderr
    tested = sum(int(n) for n in re.findall(r"(\d+) (?:passed|failed|outside_control|unfit)", told.stdout))
    assert tested == count


def decide(people, task, count):
    """王芳 reviews, 陈强 approves with the password; how many of each outcome."""
    checker = people("wangfang").menu("检定任务").open(task).press("核验").press("去签署")
    checker.press("签署核验")
    signatory = people("chenqiang").menu("检定任务").open(task).press("批准")
    signatory.press("去签署")
    assert f"{count}" in signatory.text
    signatory.page.fill("#password", PASSWORD)
    signatory.press("签署批准")
    tags = signatory.page.locator("main .tags li").all_inner_texts()
    return {word: int(n) for word, n in (tag.rsplit(None, 1) for tag in tags)}


def drawn_again(program, text, devices, digest, folder):
    """`dianheng sampling redraw` gives the sample of the page from seed and list."""
    command = re.search(r"redraw --seed ([0-9a-f]{64}) .*--count (\d+)", text)
    seed, size = command.group(1), command.group(2)
    told = program.run(
        "sampling", "redraw", "--seed", seed, "--list", str(devices), "--count", size,
        "--seed-digest", digest,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    sample = told.stdout.split()
    assert all(code in text for code in sample)
    return sample


def option(page: Any, field: str, piece: str) -> str:
    """The label of the choice that holds the piece."""
    labels: list[str] = page.locator(f"{field} option").all_inner_texts()
    return next(label for label in labels if piece in label)


def delivery_files(folder: Path, count: int) -> tuple[Path, Path]:
    """The shipped files, or the same for a smaller order."""
    if count == files.QUANTITY:
        return SHIPPED / files.WITH_MISTAKES, SHIPPED / files.CORRECTED
    wrong, right = files.write_files(folder, count)
    return wrong, right
