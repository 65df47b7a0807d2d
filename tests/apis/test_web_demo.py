"""The page, served by the command and clicked through in a browser."""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmseg_clsclip.datasets.shapes_world import CLASSES, draw

pytest.importorskip('gradio')
webdriver = pytest.importorskip('selenium.webdriver')
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

BROWSER = shutil.which('chromium') or shutil.which('google-chrome')
DRIVER = shutil.which('chromedriver')
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BROWSER and DRIVER), reason='no chromium with its chromedriver'
    ),
]
ROOT = Path(__file__).parents[2]
TRUTH = draw(7, 'test', 0)
SHIPPED = 'clsclip-gate-presence_shapes-15-5_fold0'


@pytest.fixture
def server(tmp_path):
    """The command; its address, and its log so far."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    log = tmp_path / 'log'
    paths = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    with log.open('wb') as out:
        process = subprocess.Popen(
            [
                sys.executable,
                ROOT / 'tools/web_demo.py',
                '--device',
                'cpu',
                '--port',
                str(port),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            env=dict(
                os.environ,
                GRADIO_TEMP_DIR=str(tmp_path / 'cache'),
                PYTHONPATH=os.pathsep.join(filter(None, paths)),
            ),
        )
    try:
        end = time.monotonic() + 180
        while 'Ctrl-C' not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, 'no page in three minutes'
            time.sleep(0.2)
        yield f'http://127.0.0.1:{port}', log.read_text
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def browser(tmp_path):
    """A browser that reaches this machine alone."""
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in (
        'headless=new',
        'no-sandbox',
        'disable-dev-shm-usage',
        'window-size=1280,1100',
        f'user-data-dir={tmp_path / "profile"}',
        'host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ):
        options.add_argument(f'--{argument}')
    options.add_experimental_option(
        'prefs', {'download.default_directory': str(tmp_path / 'downloads')}
    )
    options.set_capability('goog:loggingPrefs', dict(browser='ALL', performance='ALL'))
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def iou(labels, label, name):
    ours = labels == label
    truth = TRUTH.labels == 1 + CLASSES.index(name)
    return (ours & truth).sum() / (ours | truth).sum()


def test_a_visitor_segments_a_picture(server, browser, tmp_path):
    address, log = server
    Image.fromarray(TRUTH.picture).save(tmp_path / 'scene.png')
    (tmp_path / 'broken.png').touch()

    def find(css):
        return browser.find_element('css selector', css)

    def until(condition):
        return WebDriverWait(browser, 30, ignored_exceptions=(Exception,)).until(
            lambda _: condition()
        )

    def picture(css):  # its address, once it is shown
        return until(lambda: find(f'{css} img').get_attribute('src'))

    def mask(k=0):
        """Labels, once they are shown."""
        with urllib.request.urlopen(picture(f'#mask-{k}')) as answer:
            return np.asarray(Image.open(io.BytesIO(answer.read())))

    frames = []

    def film(name):
        browser.save_screenshot(str(tmp_path / f'{name}.png'))
        frame = Image.open(tmp_path / f'{name}.png').convert('RGB')
        frame.thumbnail((800, 800))
        frames.append(frame)

    def write(text):
        box = find('#classes textarea')
        box.send_keys(Keys.CONTROL, 'a')
        box.send_keys(text)

    def segment():
        find('#segment').click()

    def drop(name):
        before = picture('#picture')
        find('#picture button[aria-label="Remove Image"]').click()
        until(lambda: find('#picture input[type=file]')).send_keys(str(tmp_path / name))
        assert until(lambda: picture('#picture') != before)

    def asked():
        """Forwards of the two models, by the log."""
        return [
            len(re.findall(rf'^{name}.*: \d+\.\d+ s', log(), re.M))
            for name in ('clsclip', 'maskclip')
        ]

    browser.get(address)
    until(lambda: 'drawn world' in find('#drawn-world').text)
    drop('scene.png')
    write('red circle\nyellow square, square in yellow')
    film('asked')
    segment()
    first = mask()
    assert iou(first, 1, 'red circle') > 0.8
    assert iou(first, 2, 'yellow square') > 0.8
    assert mask(1).shape == first.shape and asked() == [1, 1]
    until(lambda: find('#overlay-1 img').get_property('naturalWidth') == 512)
    film('first')

    # The threshold, typed as a visitor does: '0' and '0.' are none yet.
    box = find('#threshold input[type=number]')
    box.send_keys(Keys.CONTROL, 'a')
    for key in '0.95':
        box.send_keys(key)
        time.sleep(0.3)
    until(lambda: 0 < np.count_nonzero(mask()) < np.count_nonzero(first))
    assert not mask()[first == 0].any() and asked() == [1, 1]
    film('threshold')
    find('#background input').click()
    until(lambda: (mask() > 0).all())
    assert asked() == [1, 1]

    find('#background input').click()
    find('#threshold button').click()  # back to a half
    until(lambda: (mask() == first).all())
    find('#zoom-in input').click()
    segment()
    until(lambda: 'with zoom-in' in find('#said').text)
    assert asked() == [2, 2] and iou(mask(), 1, 'red circle') > 0.8
    film('zoom-in')

    first_frame, *others = frames
    first_frame.save(  # what docs/ shows
        tmp_path / 'page.webp', save_all=True, append_images=others, duration=2500
    )

    # A threshold that moves while the model is asked is that of the answer.
    box.send_keys(Keys.CONTROL, 'a')
    segment()
    box.send_keys('0.95')
    until(lambda: asked() == [3, 3])
    until(lambda: np.count_nonzero(mask()) < np.count_nonzero(first))
    find('#threshold button').click()
    until(lambda: (mask() > 0).sum() >= (first > 0).sum() * 0.9)

    # The figures of what is shown.
    find('#json-0').click()
    downloaded = tmp_path / f'downloads/scene_{SHIPPED}.json'
    until(downloaded.exists)
    figures = json.loads(downloaded.read_text())
    assert figures['picture'] == 'scene.png' and figures['threshold'] == 0.5
    assert {one['name']: one['area'] for one in figures['found']} == {
        name: (mask() == label).sum()
        for label, name in enumerate(('red circle', 'yellow square'), 1)
    }

    # What does not do is said, and the page lives on.
    write('a\nbackground')
    segment()
    until(lambda: 'where no class is' in find('body').text)
    drop('broken.png')
    segment()
    until(lambda: 'broken.png: is empty' in find('body').text)
    browser.save_screenshot(str(tmp_path / 'errors.png'))
    assert asked() == [3, 3] and 'Traceback' not in log()

    console = [e for e in browser.get_log('browser') if e['level'] == 'SEVERE']
    assert not console
    # Nothing from anywhere else; the browser's own pages do not count.
    events = [
        json.loads(e['message'])['message'] for e in browser.get_log('performance')
    ]
    urls = {
        e['params']['request']['url']
        for e in events
        if e['method'] == 'Network.requestWillBeSent'
        and e['params']['documentURL'].startswith(address)
    }
    assert len(urls) > 5
    assert not [url for url in urls if not url.startswith((address, 'data:', 'blob:'))]


def test_a_phone_shows_the_result(server, browser):
    address, _ = server
    browser.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        dict(width=420, height=860, deviceScaleFactor=1, mobile=True),
    )

    def find(css):
        return browser.find_element('css selector', css)

    def until(condition):
        WebDriverWait(browser, 30, ignored_exceptions=(Exception,)).until(
            lambda _: condition()
        )

    def box(css):  # in pixels of what is in sight
        keys = 'left', 'top', 'right', 'bottom'
        script = 'return arguments[0].getBoundingClientRect().toJSON()'
        return [browser.execute_script(script, find(css))[key] for key in keys]

    def in_sight(css):
        left, top, right, bottom = box(css)
        return 0 <= left < right <= 420 and 0 <= top < bottom <= 860

    browser.get(address)
    until(lambda: in_sight('#picture img') and in_sight('#segment'))
    find('#segment').click()
    until(lambda: in_sight('#overlay-0 img') and in_sight('#threshold'))
    until(lambda: in_sight('#background label'))
    assert browser.execute_script('return document.documentElement.scrollWidth') == 420
    # Nothing lies on the warning.
    assert box('#overlay-0 .icon-button-wrapper')[3] <= box('#overlay-0 img')[1]
    label, frame = box('#background label span'), box('#decide')
    assert label[2] <= frame[2]
