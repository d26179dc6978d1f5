"""What the benches must get right to be believed; none of their times is looked at."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import websockets
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.page_viewer import Viewer
from bench.viewers import attempt, moved
from bench.written import write


def test_a_viewer_whose_connection_is_lost_counts_it_and_comes_back():
    whole = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY).SerializeToString()
    visits = []

    async def serve(socket):
        visits.append(0)
        async for _ in socket:
            visits[-1] += 1
            if visits == [2]:
                return  # the first visitor's first move is never answered
            await socket.send(whole)

    async def watch():
        async with websockets.serve(serve, "localhost", 0, subprotocols=["streamlit"]) as server:
            port = server.sockets[0].getsockname()[1]
            viewer = Viewer(f"http://localhost:{port}", seed=0)
            viewer.widgets = {key: (key, ["1", "2", "3"]) for key in ("n_maps", "patch_size", "image")}
            answers = [await attempt(viewer.open()), await moved(viewer), await moved(viewer)]
            await viewer.close()
        nobody = await attempt(Viewer(f"http://localhost:{port}", seed=0).open())
        return [answer.good for answer in (*answers, nobody)]

    with ThreadPoolExecutor(1) as apart:  # Playwright's loop runs in this thread where browser tests came before
        answered = apart.submit(lambda: asyncio.run(watch())).result()
    assert answered == [True, False, True, False]
    assert visits == [2, 2]


def test_what_is_written_names_the_machine(tmp_path):
    write(tmp_path / "results" / "some.json", rows=[1, 2])
    found = json.loads((tmp_path / "results" / "some.json").read_text())
    assert found["rows"] == [1, 2] and found["machine"]["cores"] >= 1
