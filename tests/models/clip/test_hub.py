"""A hub that does not answer is not asked again and again."""

import logging
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter

import pytest
from huggingface_hub import constants

from mmseg_clsclip import load_clip
from mmseg_clsclip.models.clip.hub import cache_alone_if_offline
from mmseg_clsclip.models.clip.pretrained import WEIGHTS_FILES, find_weights

REPOSITORY = 'timm/vit_base_patch16_clip_224.openai'


@pytest.fixture
def hub(monkeypatch):
    """A server on this machine that knows no page; it is not there yet."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_error(404)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler, bind_and_activate=False)
    server.server_bind()
    address = f'http://127.0.0.1:{server.server_address[1]}'
    monkeypatch.setattr(constants, 'ENDPOINT', address)
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', False)
    yield server
    server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    'name, tag, message',
    [
        ('ViT-B-16-quickgelu', 'openai', r"--clip '/path/to/that file'"),
        ('roberta-ViT-B-32', None, 'hf download roberta-base .*--local-dir FOLDER'),
    ],
)
def test_without_a_hub_an_error_comes_soon(hub, cache, caplog, name, tag, message):
    if tag is None:
        pytest.importorskip('transformers')
    start = perf_counter()
    with caplog.at_level(logging.WARNING, 'huggingface_hub'):
        with pytest.raises(ConnectionError, match=message):
            load_clip(name, tag)
    assert perf_counter() - start < 10
    assert not [one for one in caplog.records if 'Retrying' in one.getMessage()]
    assert not constants.HF_HUB_OFFLINE


def test_without_a_hub_what_is_in_the_cache_is_taken(hub, cache):
    folder = cache / f'models--{REPOSITORY.replace("/", "--")}'
    file = folder / 'snapshots' / ('a' * 40) / WEIGHTS_FILES[-1]
    file.parent.mkdir(parents=True)
    file.touch()
    (folder / 'refs').mkdir()
    (folder / 'refs/main').write_text('a' * 40)
    start = perf_counter()
    assert find_weights('ViT-B-16-quickgelu', 'openai')[0] == file
    assert perf_counter() - start < 10


def test_a_hub_that_answers_is_asked(hub):
    hub.server_activate()
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    with cache_alone_if_offline():
        assert not constants.HF_HUB_OFFLINE
    hub.shutdown()


def test_who_wants_no_network_has_none(hub, monkeypatch):
    hub.server_activate()
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', True)
    with pytest.raises(RuntimeError, match='mine'):
        with cache_alone_if_offline():
            assert constants.HF_HUB_OFFLINE
            raise RuntimeError('mine')
    assert constants.HF_HUB_OFFLINE


def test_two_threads_that_find_no_hub_leave_none_offline(hub):
    first, second = ExitStack(), ExitStack()
    for thread in first, second:
        thread.enter_context(cache_alone_if_offline())
        assert constants.HF_HUB_OFFLINE
    first.close()
    second.close()
    assert not constants.HF_HUB_OFFLINE
