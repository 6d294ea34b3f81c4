"""The scan field: nothing scanned is lost, nothing is scanned twice, whatever happens in between."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from dianheng.testing.browser import PHONE, sign_in

from .factories import PASSWORD, person_with
from .list_urls import inbox

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("dianheng.identity.tests.list_urls"),
]


@pytest.fixture
def keeper(live_server):
    inbox.clear()
    return person_with("*", login="keeper", name="库管员")


@pytest.fixture
def page(visit, keeper):
    page = visit(keeper, "/test-scan/", language="en")
    page.evaluate(
        """() => {
          window.sounds = [];
          const start = OscillatorNode.prototype.start;
          OscillatorNode.prototype.start = function (at) { window.sounds.push(this.frequency.value); start.call(this, at); };
        }"""
    )
    return page


def scan(page, *codes, end="Enter"):
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press(end)


def waits(page):
    """Scans still in the browser."""
    return page.evaluate(
        "Object.entries(localStorage).filter(([k]) => k.startsWith('scan:') && k.endsWith(':S1')).flatMap(([, v]) => JSON.parse(v)).length"
    )


def counted(page, number):
    expect(page.locator("[data-scan-count]")).to_have_text(str(number), timeout=15_000)


def board(page):
    return (
        page.locator("[data-scan-last]").get_attribute("data-outcome"),
        page.locator(".scan-title").inner_text(),
        page.locator("[data-scan-count]").inner_text(),
    )


def test_a_scan_needs_no_mouse_and_gives_its_sound(page):
    assert page.evaluate("document.activeElement.id") == "scan-field"
    scan(page, "]C1413001")
    page.locator("[data-scan-last][data-outcome=good]").wait_for()
    assert board(page) == ("good", "413001", "1")
    scan(page, "413001", end="Tab")
    page.locator("[data-scan-last][data-outcome=repeat]").wait_for()
    scan(page, "X9")
    page.locator("[data-scan-last][data-outcome=refused]").wait_for()
    assert page.locator(".scan-exceptions li").text_content() == "X9 belongs to another lot"
    assert page.locator(".scan-next a").get_attribute("href") == "/x/"
    scan(page, "413002")
    page.locator("[data-scan-last][data-outcome=good]").wait_for()
    assert (inbox.codes, board(page)[2]) == (["413001", "413002"], "2")
    assert page.locator("[data-scan-expected]").inner_text() == "3"
    assert [round(pitch) for pitch in page.evaluate("sounds")] == [1320, 880, 880, 196, 165, 1320]
    assert page.faults == []


def test_the_focus_comes_back_and_a_button_takes_no_code(page):
    page.locator("h1").click()
    assert page.evaluate("document.activeElement.id") == "scan-field"
    page.locator("[data-scan-undo]").focus()
    scan(page, "413001")
    counted(page, 1)
    assert inbox.codes == ["413001"]


def test_the_last_one_is_taken_back(page):
    scan(page, "413001", "413002")
    counted(page, 2)
    page.locator("[data-scan-undo]").click()
    page.locator("[data-scan-last][data-outcome=undone]").wait_for()
    assert inbox.codes == ["413001"]
    page.locator("[data-scan-undo]").click()
    counted(page, 0)
    page.locator("[data-scan-undo]").click()
    page.get_by_text("There is nothing to take back.").wait_for()
    assert inbox.codes == []


def test_a_lost_connection_loses_nothing_and_keeps_the_order(page):
    scan(page, "A1")
    page.locator("[data-scan-last][data-outcome=good]").wait_for()
    page.context.set_offline(True)
    codes = [f"B{n}" for n in range(60)]
    scan(page, *codes)
    page.get_by_text("60 waiting to be sent").wait_for()
    page.get_by_text("No connection.").wait_for()
    assert waits(page) == 60
    page.context.set_offline(False)
    counted(page, 61)
    assert inbox.codes == ["A1", *codes]
    assert max(map(len, inbox.requests)) <= 200
    assert waits(page) == 0
    assert not page.locator("[data-scan-state]").is_visible()


def test_an_answer_that_got_lost_has_no_effect_twice(page):
    """The server wrote, the line broke before the answer: the same keys come once more."""
    lost = []

    def swallow(route):
        if not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route("**/test-scan/in/", swallow)
    scan(page, "413001")
    counted(page, 1)
    assert inbox.codes == ["413001"]
    assert inbox.requests[0] == inbox.requests[1]
    assert board(page)[0] == "good"


def test_an_expired_login_keeps_the_scans_until_one_is_back(page, keeper):
    scan(page, "A1")
    page.locator("[data-scan-last][data-outcome=good]").wait_for()
    Session.objects.all().delete()
    scan(page, "A2", "A3")
    page.get_by_text("The login has run out.").wait_for()
    page.get_by_text("2 waiting to be sent").wait_for()
    page.reload()  # even so
    assert page.url.endswith("/login/?next=/test-scan/")
    sign_in(page, "keeper", PASSWORD)
    page.wait_for_url("**/test-scan/")
    counted(page, 3)
    assert inbox.codes == ["A1", "A2", "A3"]


def test_a_login_in_another_window_is_enough(page, keeper):
    Session.objects.all().delete()
    scan(page, "A1")
    with page.context.expect_page() as opened:
        page.locator("[data-scan-login]").click()
    sign_in(opened.value, "keeper", PASSWORD)
    opened.value.wait_for_url("**/")
    opened.value.close()
    page.bring_to_front()
    counted(page, 1)
    assert inbox.codes == ["A1"]
    scan(page, "A2")
    counted(page, 2)


def test_nobody_sends_anothers_scans(page, visit, keeper):
    page.context.set_offline(True)
    scan(page, "A1")
    page.get_by_text("1 waiting to be sent").wait_for()
    page.route("**/test-scan/in/", lambda route: route.abort())
    page.context.set_offline(False)
    person_with("*", login="other")
    Session.objects.all().delete()
    page.goto(page.url)
    page.unroute("**/test-scan/in/")
    sign_in(page, "other", PASSWORD)
    page.wait_for_url("**/test-scan/")
    scan(page, "B1")
    page.locator("[data-scan-last][data-outcome=good]").wait_for()
    assert inbox.codes == ["B1"]
    assert waits(page) == 1


def test_a_refusal_of_all_stops_the_queue_and_throws_nothing_away(page):
    inbox.refusal = "The session is closed."
    scan(page, "A1", "A2")
    page.locator("[data-scan-state]").get_by_text("The session is closed.").wait_for()
    assert waits(page) == 2
    inbox.refusal = None
    page.get_by_role("button", name="Send again").click()
    counted(page, 2)
    assert inbox.codes == ["A1", "A2"]


def test_what_is_thrown_away_is_asked_for(page):
    inbox.refusal = "The session is closed."
    scan(page, "A1")
    page.locator("[data-scan-discard]").wait_for()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator("[data-scan-discard]").click()
    assert waits(page) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("[data-scan-discard]").click()
    assert waits(page) == 0


def test_a_pasted_list_is_many_scans(page):
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text", "A1\\r\\nA2\\tA3\\n");
          document.querySelector("#scan-field").dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }"""
    )
    counted(page, 3)
    assert inbox.codes == ["A1", "A2", "A3"]


def test_thousands_are_taken_as_fast_as_a_scanner_types(page):
    page.evaluate(
        """async () => {
          const field = document.querySelector("#scan-field");
          for (let n = 0; n < 2000; n += 1) {
            field.value = `C${n}`;
            field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
            if (n % 100 === 0) await new Promise((r) => setTimeout(r));
          }
        }"""
    )
    counted(page, 2000)
    assert inbox.codes == [f"C{n}" for n in range(2000)]


def test_the_camera_reads_a_code(chromium, live_server, keeper, client, tmp_path):
    """Chromium plays a drawn Code 128 as its camera; the self-hosted decoder reads it."""
    import zxingcpp

    from dianheng.testing.browser import CHROMIUM, FLAGS

    image = zxingcpp.create_barcode(
        "4130001234567890123456", zxingcpp.BarcodeFormat.Code128
    ).to_image(scale=3)
    pixels = memoryview(image)
    height, width = pixels.shape
    frame = bytearray(b"\xff" * (1280 * 720))
    for y in range(200):
        for x in range(min(width, 1200)):
            frame[(260 + y) * 1280 + 40 + x] = pixels[min(height - 1, y * height // 200), x]
    video = tmp_path / "camera.y4m"
    with video.open("wb") as file:
        file.write(b"YUV4MPEG2 W1280 H720 F10:1 Ip A1:1 C420jpeg\n")
        for _frame in range(5):
            file.write(b"FRAME\n" + bytes(frame) + b"\x80" * (1280 * 720 // 2))
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=[
            *FLAGS,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        ],
    )
    try:
        client.force_login(keeper)
        context = browser.new_context(viewport=PHONE, permissions=["camera"])
        context.add_cookies(
            [{"name": "sessionid", "value": client.session.session_key, "url": live_server.url}]
        )
        page = context.new_page()
        page.goto(live_server.url + "/test-scan/")
        page.locator("[data-scan-camera]").click()
        counted(page, 1)
        assert inbox.codes == ["4130001234567890123456"]
    finally:
        browser.close()
