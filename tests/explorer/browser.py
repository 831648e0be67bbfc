"""A real Chromium for tests, and a server for it in this process."""

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from docgen.explorer.viewable import Viewable
from docgen.explorer.web.app import make_app
from docgen.explorer.web.server import bind, hosts_of, name_views

__all__ = ["Browser", "open_browser", "served", "why_no_browser"]

AXE = """
const done = arguments[arguments.length - 1], rules = arguments[0];
axe.run(document, {resultTypes: ["violations"], ...(rules.length ? {runOnly: rules} : {})}).then(function (result) {
  done(result.violations.map(function (v) {
    return v.id + ": " + v.nodes.map(function (n) { return n.target; }).join(" ");
  }));
});
"""


def why_no_browser() -> str:
    """Why there can be no tests in a browser here; "" if there can."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    for name in ("selenium", "axe_core_python"):
        try:
            __import__(name)
        except ImportError:
            missing.append(name)
    return f"browser tests need {', '.join(missing)}: apt-get install chromium chromium-driver" if missing else ""


class Browser:
    """Chromium without a window."""

    def __init__(self, driver: Any) -> None:
        import axe_core_python

        self.driver = driver
        self.base = ""
        self.axe = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")

    def open(self, path: str) -> None:
        """Open an address below the corpus, or a whole one."""
        self.driver.get(path if "://" in path else self.base + path)

    def look(self, width: int, height: int, dark: bool = False) -> None:
        """Set the size of the page and the system's theme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme, still]})

    def run(self, script: str, *values: object) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *values)

    def find(self, selector: str) -> Any:
        """The first element that matches."""
        return self.driver.find_element("css selector", selector)

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def wait(self, script: str, *values: object) -> Any:
        """Until a script returns something true, for half a minute; between two pages a script may fail."""
        from selenium.common.exceptions import JavascriptException

        for _ in range(1200):
            try:
                value = self.run(f"return {script}", *values)
            except JavascriptException:
                value = None
            if value:
                return value
            time.sleep(0.025)
        raise AssertionError(f"waited in vain for {script} at {self.driver.current_url}")

    def violations(self, *rules: str) -> list[str]:
        """What axe-core holds against the page, by all its rules or some."""
        self.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
        if not self.run("return 'axe' in window"):  # half a megabyte, once for a page
            self.driver.execute_script(self.axe)
        found: list[str] = self.driver.execute_async_script(AXE, rules)
        return found

    def complaints(self) -> list[str]:
        """Errors that the page has logged since the last time, violations of its policy among them."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser, closed at the end."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking", "disable-dev-shm-usage"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@contextmanager
def served(views: Sequence[Viewable]) -> Iterator[str]:
    """The application on a free port of this machine; its address."""
    import uvicorn

    listening = bind()
    port = listening.getsockname()[1]
    app = make_app(name_views(views), hosts_of(port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


needs_browser = pytest.mark.skipif(bool(why_no_browser()), reason=why_no_browser() or "a browser is here")
