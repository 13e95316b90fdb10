"""The report in Chromium; skipped where Playwright or a browser is missing."""

import shutil

import pytest

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no browser: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(of_images, of_rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    of_images.report(folder / "images.html")
    of_rows.report(folder / "rows.html")
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", ["images", "rows"])
def test_it_opens_from_disk_and_fits(browser, folder, name, width, scheme):
    page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / f"{name}.html").as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [(folder / f"{name}.html").as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.evaluate("[...document.querySelectorAll('details')].every(e => (e.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("[...document.querySelectorAll('svg')].every(e => e.getBoundingClientRect().height > 50)")
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('main p, main li, main td, main figcaption')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 12
    ground, text = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert (sum(map(int, ground[4:-1].split(","))) > sum(map(int, text[4:-1].split(",")))) == (scheme == "light")
    axis = page.evaluate("getComputedStyle(document.querySelector('svg text')).fill")
    assert axis == text
    page.context.close()


def test_it_can_be_read_with_the_keyboard_alone(browser, folder):
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto((folder / "images.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
    assert {"A", "scroll", "SUMMARY"} <= reached
    page.close()


def test_it_prints(browser, folder):
    page = browser.new_page(viewport={"width": 700, "height": 1000})
    page.goto((folder / "rows.html").as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth <= 700")
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"
    assert page.pdf().startswith(b"%PDF")
    page.close()
