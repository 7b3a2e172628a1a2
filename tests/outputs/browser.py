"""A real Chromium without a window, driven over a pipe by the DevTools protocol; no network, no extra package."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
SOFTWARE_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
NO_WEBGL = ("--disable-gpu", "--disable-3d-apis", "--disable-software-rasterizer")


class Page:
    """One open page: what it asked for, what it complained about, what scripts in it answer."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to_browser = to_browser
        self._from_browser = from_browser
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self._target: str | None = None
        self._scheme = "light"
        self.shown: Path | None = None
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def open(
        self, path: Path, *, width: int = 1280, height: int = 1100, scripts: bool = True, phone: bool = False
    ) -> None:
        """Load a file in a new tab, in place of the one before, and wait until the page has loaded."""
        previous, self._session = self._target, None
        self._target = self._call("Target.createTarget", url="about:blank")["targetId"]
        if previous is not None:
            self._call("Target.closeTarget", targetId=previous)
        attached = self._call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")
        self.resize(width, height, phone=phone)
        self.prefer(self._scheme)
        self._call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._call("Page.navigate", url=path.as_uri())
        self._wait_for("Page.loadEventFired")
        self.shown = path if scripts and not phone else None

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def evaluate(self, expression: str) -> Any:
        """The JSON value of a JavaScript expression, promises awaited."""
        answer = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def settle(self) -> dict[str, Any]:
        """Wait until the map says that it is drawn; what it says."""
        self.evaluate(
            "new Promise(done => { const look = () => "
            "window.topodesignReport.ready ? done() : setTimeout(look, 50); look(); })"
        )
        state: dict[str, Any] = json.loads(
            self.evaluate("JSON.stringify({...window.topodesignReport, map: undefined})")
        )
        return state

    def prefer(self, scheme: str) -> None:
        """The reader's choice of ground: ``light`` or ``dark``."""
        self._scheme = scheme
        if self._session is not None:
            self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def idle(self) -> dict[str, Any]:
        """Wait until the map has drawn what was changed last; what it says."""
        # a change of the media reaches the page's listeners with a frame: the map does not know of it before
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => null)")
        self.evaluate(
            "new Promise(done => { const map = topodesignReport.map; map.once('idle', done); map.triggerRepaint(); })"
            ".then(() => null)"
        )
        return self.settle()

    def press(self, key: str) -> None:
        """A key as on a keyboard: a name such as ``Tab``, ``Enter``, ``Escape``, ``ArrowDown``, or a letter."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else None)
        code = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        number = code.get(key, ord(key[0].upper()))
        parameters = {"key": key, "code": key, "windowsVirtualKeyCode": number, **({"text": text} if text else {})}
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, **parameters)

    def pdf(self) -> bytes:
        """The page as it is printed, with backgrounds."""
        return base64.b64decode(self._call("Page.printToPDF", printBackground=True)["data"])

    def hover(self, x: float, y: float) -> None:
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def choose(self, element_id: str, value: str) -> dict[str, Any]:
        """Pick an option as a reader would; what the map says when it has drawn it."""
        chosen = self.evaluate(
            f"(() => {{ const select = document.getElementById({json.dumps(element_id)}); "
            f"select.value = {json.dumps(value)}; select.dispatchEvent(new Event('change', {{bubbles: true}})); "
            "return select.value })()"
        )
        assert chosen == value, f"{element_id} has no option {value!r}"
        return self.idle()

    def text(self, selector: str) -> str:
        """What a reader sees of an element; empty where it is hidden."""
        found: str = self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return found

    def focused(self) -> str:
        """What a keyboard would act on: the element's id, else its label, else its text."""
        found: str = self.evaluate(
            "(it => it.id || it.getAttribute('aria-label') || it.textContent)(document.activeElement)"
        )
        return found

    def click(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        image = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(image))

    def close_browser(self) -> None:
        self._session = None
        self._call("Browser.close")

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next_message()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result

    def _wait_for(self, event: str) -> None:
        while self._next_message().get("method") != event:
            pass

    def _next_message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._from_browser, 1 << 20)
            assert chunk, "the browser closed its pipe"
            self._buffer += chunk
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"]["exception"].get("description", "exception"))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            self.complaints.append(str(parameters["args"]))


@contextmanager
def browser_page(*flags: str) -> Iterator[Page]:
    """A browser with a fresh profile; it is closed at the end."""
    assert CHROMIUM is not None
    to_child, to_browser = os.pipe()
    from_browser, from_child = os.pipe()
    with tempfile.TemporaryDirectory(prefix="chromium-profile-", ignore_cleanup_errors=True) as profile:
        # the protocol's pipe is file descriptors 3 and 4 of the browser
        command = f'exec "$@" 3<&{to_child} 4>&{from_child}'
        process = subprocess.Popen(
            ["bash", "-c", command, "bash", CHROMIUM, *FLAGS, *flags, f"--user-data-dir={profile}"],
            pass_fds=(to_child, from_child),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_child)
        os.close(from_child)
        try:
            page = Page(to_browser, from_browser)
            yield page
            page.close_browser()
            process.wait(timeout=20)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            os.close(to_browser)
            os.close(from_browser)
