"""A viewer without a browser: speaks Streamlit's own protocol over a WebSocket, as its frontend does.

The frontend sends a `BackMsg` with the state of the widgets, and the hashes of large messages of the last two runs,
which the server then names instead of sending again. The run's end is a `ForwardMsg` of its own.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

KEPT_RUNS = 2  # global.maxCachedMessageAge of Streamlit


@dataclass(frozen=True)
class Answer:
    """What one run cost the viewer."""

    at: float  # time.monotonic() of the request
    seconds: float  # until the run was finished
    bytes: int
    messages: int
    good: bool


class Viewer:
    """One connection. `open`, then `move` as often as wanted; `visit` does both every few seconds."""

    def __init__(self, address: str, seed: int) -> None:
        self.address = address
        self.random = random.Random(seed)
        self.widgets: dict[str, tuple[str, list[str]]] = {}  # key -> id, options
        self.states: dict[str, str] = {}  # key -> the chosen option
        self.kept: dict[str, int] = {}  # hash of a large message -> runs since it was last used
        self.page = ""

    async def open(self) -> Answer:
        """Connects, and waits for the first page to be whole."""
        self.socket = await websockets.connect(
            self.address.replace("http", "ws") + "/_stcore/stream", subprotocols=["streamlit"], max_size=None,
            origin=self.address,
        )  # fmt: skip
        return await self._run()

    async def move(self) -> Answer:
        """One step of a slider, or now and then another picture."""
        key = self.random.choices(("n_maps", "patch_size", "image"), (5, 3, 2))[0]
        _, options = self.widgets[key]
        now = options.index(self.states[key]) if self.states.get(key) in options else 0
        if key == "image":
            now = self.random.randrange(len(options))
        elif len(options) > 1:
            now += self.random.choice([step for step in (-1, 1) if 0 <= now + step < len(options)])
        self.states[key] = options[now]
        return await self._run()

    async def close(self) -> None:
        """Leaves."""
        await self.socket.close()

    async def _run(self) -> Answer:
        message = BackMsg()
        client = message.rerun_script
        client.page_script_hash = self.page
        client.cached_message_hashes.extend(self.kept)
        client.context_info.url = self.address + "/"
        client.context_info.timezone = "UTC"
        client.context_info.locale = "en-US"
        client.context_info.color_scheme = "light"
        for key, chosen in self.states.items():
            state = client.widget_states.widgets.add(id=self.widgets[key][0])
            if key == "image":
                state.string_value = chosen
            else:
                state.string_array_value.data.append(chosen)
        start = time.monotonic()
        await self.socket.send(message.SerializeToString())
        size = count = 0
        while True:
            content = await asyncio.wait_for(self.socket.recv(), 120)
            size, count = size + len(content), count + 1
            answer = ForwardMsg.FromString(content)
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.page = answer.new_session.page_script_hash
            elif kind == "ref_hash":
                self.kept[answer.ref_hash] = 0
            elif kind == "delta":
                if answer.metadata.cacheable:
                    self.kept[answer.hash] = 0
                self._note(answer.delta.new_element)
            elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self.kept = {key: age + 1 for key, age in self.kept.items() if age < KEPT_RUNS}
                good = answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
                return Answer(start, time.monotonic() - start, size, count, good)

    def _note(self, element) -> None:
        """Remembers the widgets that the viewer moves, and what the page set them to."""
        kind = element.WhichOneof("type")
        if kind not in ("slider", "selectbox"):
            return
        widget = getattr(element, kind)
        key = widget.id.rsplit("-", 1)[-1]
        if key not in ("patch_size", "n_maps", "image"):
            return
        options = list(widget.options)
        self.widgets[key] = (widget.id, options)
        if widget.set_value:  # by the page, which says so in words
            self.states[key] = widget.raw_value if kind == "selectbox" else widget.raw_value[0]
        elif self.states.get(key) not in options:
            self.states[key] = options[widget.default if kind == "selectbox" else int(widget.default[0])]
