"""Reading files of weights: without running them, within the memory."""

import copy
import zipfile

import pytest
import safetensors.torch
import torch
from torch import nn

from mmseg_clsclip.models.clip import weights
from mmseg_clsclip.models.clip.loading import load_clip
from mmseg_clsclip.models.clip.weights import (
    WeightsError,
    read_openais_digests,
    read_weights,
)

pytestmark = [
    pytest.mark.filterwarnings('ignore::torch.jit.TracerWarning'),
    pytest.mark.filterwarnings('ignore:.torch.jit:DeprecationWarning'),
]


@pytest.fixture(scope='module')
def model(tiny_clip_json):
    return load_clip(tiny_clip_json).model


@pytest.fixture(scope='module')
def archive(model, tmp_path_factory):
    path = tmp_path_factory.mktemp('archive') / 'clip.pt'
    jit('trace', model).half().save(str(path))
    return path


@pytest.fixture(scope='module')
def plain(model, tmp_path_factory):
    path = tmp_path_factory.mktemp('plain') / 'clip.pt'
    torch.save(model.state_dict(), path)
    return path


def jit(how, model):
    inputs = torch.zeros(1, 3, 32, 32), torch.zeros(1, 20).long()
    model = copy.deepcopy(model)
    return (
        torch.jit.trace(model, inputs, check_trace=False)
        if how == 'trace'
        else torch.jit.script(model)
    )


def rezip(source, path, change=lambda name, content: content, extra=()):
    """The same archive, deflated, with other contents."""
    with (
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, content in extra:
            new.writestr(name, content)
    return path


class Writes(nn.Module):
    """Writes a file when TorchScript loads it."""

    path: str

    def __init__(self, path):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.path = path

    @torch.jit.export
    def __getstate__(self):
        return self.weight, self.path, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, str, bool]):
        self.weight = state[0]
        self.path = state[1]
        self.training = state[2]
        torch.save(self.weight, self.path)

    def forward(self, x):
        return x


class Around(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.visual = inner

    def forward(self, x):
        return self.visual(x)


@pytest.mark.parametrize('wrap', [lambda m: m, Around, nn.Sequential])
def test_no_code_of_an_archive_is_run(tiny_clip_json, tmp_path, wrap):
    mark, file = tmp_path / 'written', str(tmp_path / 'a.pt')
    torch.jit.script(wrap(Writes(str(mark)))).save(file)
    torch.jit.load(file)
    mark.unlink()  # it was there: TorchScript itself does run it
    with pytest.raises(
        WeightsError,
        match='a.pt could not be read.*convert '
        r'it once, .*save_file.*torch.jit.load\(FILE',
    ):
        load_clip(tiny_clip_json, file)
    assert not mark.exists()


@pytest.mark.parametrize('half', [False, True])
@pytest.mark.parametrize('how', ['trace', 'script'])
@pytest.mark.parametrize('custom_text', [False, True])
def test_an_archives_tensors_are_torchscripts(
    tmp_path, model, tiny_clip_json, how, half, custom_text
):
    if custom_text:
        text = nn.Module()
        text.attn_mask = nn.Buffer(torch.zeros(2))
        model = copy.deepcopy(model)
        model.other = text
    scripted = jit(how, model)
    scripted = scripted.half() if half else scripted
    scripted.save(str(tmp_path / 'a.pt'))
    expected = {
        k: v for k, v in scripted.state_dict().items() if not k.endswith('attn_mask')
    }
    state = read_weights(tmp_path / 'a.pt', 10**6)
    assert set(state) == set(expected) == set(model.state_dict()) - {'other.attn_mask'}
    for key, value in expected.items():
        assert state[key].dtype == value.dtype
        assert torch.equal(state[key], value)


def test_views_of_one_storage_are_read(tmp_path):
    whole = torch.arange(12.0)
    model = nn.Module()
    for name, part in dict(
        a=whole[2:8].view(2, 3), b=whole.view(3, 4).T, c=torch.tensor(7).short()
    ).items():
        model.register_buffer(name, part)
    torch.jit.script(model).save(str(tmp_path / 'a.pt'))
    state = read_weights(tmp_path / 'a.pt', 0)
    assert state['a'].tolist() == [[2, 3, 4], [5, 6, 7]]
    assert torch.equal(state['b'], whole.view(3, 4).T)
    assert state['c'].item() == 7 and state['c'].dtype == torch.int16


def test_only_openais_own_files_are_loaded_by_torchscript(archive, model, monkeypatch):
    calls = []
    load = torch.jit.load

    def spy(path, **kwargs):
        calls.append(path)
        return load(path, **kwargs)

    monkeypatch.setattr(torch.jit, 'load', spy)
    others = read_weights(archive, 10**6)
    assert not calls
    digest = weights.hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(weights, 'read_openais_digests', lambda: {digest})
    own = read_weights(archive, 10**6)
    assert calls == [str(archive)]
    assert all(torch.equal(own[key], others[key]) for key in others)


def test_openais_files_are_known_by_their_digests():
    assert len(read_openais_digests()) == 9
    assert all(len(bytes.fromhex(text)) == 32 for text in read_openais_digests())
    # ViT-B-16.pt
    assert (
        '5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f'
        in read_openais_digests()
    )


def called(function, *args):
    """A pickle that calls a function with texts."""
    return b'c%s\n(%stR.' % (
        function.replace('.', '\n').encode(),
        b''.join(b'X%s%s' % (len(a).to_bytes(4, 'little'), a.encode()) for a in args),
    )


@pytest.mark.parametrize(
    'pickled',
    [
        lambda path: called('os.system', f'touch {path}'),
        lambda path: called('os.mkdir', str(path)),
        lambda path: called('builtins.exec', f'open({str(path)!r}, "w")'),
        # Sets an attribute of what stands for everything.
        lambda path: b'ca\nb\n}X\x01\x00\x00\x00aK\x01sb.',
        lambda path: (
            b'ctorch._utils\n_rebuild_tensor_v2\nN}X\x01\x00\x00\x00aK\x01s\x86b.'
        ),
        # A module that is its own part, and one with 2^60 parts.
        lambda path: b'ca\nb\n)\x81q\x00}X\x01\x00\x00\x00ah\x00sb.',
        lambda path: (
            b'ca\nb\nq\x00)\x81q\x01}b'
            + b''.join(
                b'0h\x00)\x81q%c}(X\x01\x00\x00\x00ah%cX\x01\x00\x00\x00bh%cub'
                % (i + 1, i, i)
                for i in range(1, 61)
            )
            + b'.'
        ),
        # Room for 2^32 objects.
        lambda path: b'Nr\xff\xff\xff\xff.',
        lambda path: b'].',
        lambda path: b'',
    ],
)
def test_an_archives_pickle_does_nothing(archive, tmp_path, pickled):
    mark = tmp_path / 'ran'
    path = rezip(
        archive,
        tmp_path / 'a.pt',
        lambda name, old: pickled(mark) if name.endswith('/data.pkl') else old,
    )
    with pytest.raises(WeightsError, match='a.pt could not be read'):
        read_weights(path, 10**6)
    assert not mark.exists()
    assert not hasattr(weights._Inert, 'a')
    assert not hasattr(weights._Tensor, 'a')


@pytest.mark.parametrize(
    'change',
    [lambda content: b'', lambda content: content[:-2], lambda content: content[:-1]],
)
def test_a_damaged_archive(archive, tmp_path, change):
    path = rezip(
        archive,
        tmp_path / 'a.pt',
        lambda name, old: change(old) if name.endswith('/data/3') else old,
    )
    with pytest.raises(WeightsError, match='a.pt could not be read'):
        read_weights(path, 10**6)


def test_a_file_may_be_deflated(archive, plain, model, tmp_path):
    size = 4 * sum(value.numel() for value in model.state_dict().values())
    for source in (archive, plain):
        state = read_weights(rezip(source, tmp_path / 'a.pt'), size)
        assert set(state) == set(model.state_dict())


MANY = bytes(80 << 20)


@pytest.mark.parametrize('source', ['archive', 'plain'])
@pytest.mark.parametrize(
    'file, content',
    [('data/0', MANY), ('data.pkl', MANY[: 20 << 20]), ('code/a.py', MANY)],
)
def test_what_would_fill_the_memory_is_not_read(
    request, tmp_path, tiny_clip_json, source, file, content, monkeypatch
):
    source = request.getfixturevalue(source)
    path = rezip(
        source,
        tmp_path / 'a.pt',
        lambda name, old: content if name.endswith(f'/{file}') else old,
        [(f'clip/{file}', content)] if 'code' in file else (),
    )
    assert path.stat().st_size < 10**6
    read = weights._read_file

    def spy(zipped, part):
        assert part.file_size < 10**6
        return read(zipped, part)

    monkeypatch.setattr(weights, '_read_file', spy)
    monkeypatch.setattr(torch, 'load', None)
    with pytest.raises(
        WeightsError,
        match=rf'a.pt would take up .*{file}; '
        r'\d+ MB are enough',
    ):
        load_clip(tiny_clip_json, str(path))


def test_no_more_is_inflated_than_is_declared(archive, tmp_path):
    path = rezip(
        archive,
        tmp_path / 'a.pt',
        lambda name, old: MANY if name.endswith('/data/0') else old,
    )
    content = bytearray(path.read_bytes())
    at = content.find(b'PK\x01\x02')  # the table's first entry
    while not content[at + 46 :].split(b'/data/')[1].startswith(b'0'):
        at = content.find(b'PK\x01\x02', at + 4)
    content[at + 24 : at + 28] = (640).to_bytes(4, 'little')
    path.write_bytes(content)
    with pytest.raises(WeightsError, match='could not be read.*BadZipFile'):
        read_weights(path, 10**6)


def test_what_is_converted_by_the_advice_is_loaded(archive, tmp_path, tiny_clip_json):
    file = str(tmp_path / 'clip.safetensors')
    safetensors.torch.save_file(torch.jit.load(str(archive), 'cpu').state_dict(), file)
    assert (
        load_clip(tiny_clip_json, file).name
        == load_clip(tiny_clip_json, str(archive)).name
    )


@pytest.mark.parametrize(
    'save, file', [(torch.save, 'a.pt'), (safetensors.torch.save_file, 'a.safetensors')]
)
@pytest.mark.parametrize('key', ['visual.proj', 'token_embedding.weight'])
@pytest.mark.parametrize(
    'change, match',
    [
        (lambda x: x.fill_(torch.nan), 'has .* not finite'),
        (lambda x: x.index_fill_(0, torch.tensor(3), torch.inf), 'has 16 values'),
        (lambda x: x.double().fill_(1e300), 'has .* not finite in float32'),
        (lambda x: x.half().fill_(-torch.inf), 'has .* not finite'),
        (lambda x: x.to(torch.complex64), 'is torch.complex64'),
        (lambda x: x.long(), 'is torch.int64'),
        (lambda x: x.bool(), 'is torch.bool'),
    ],
)
def test_weights_that_are_no_numbers(
    model, tiny_clip_json, tmp_path, save, file, key, change, match
):
    state = {k: v.clone() for k, v in model.state_dict().items()}
    state[key] = change(state[key])
    save(state, tmp_path / file)
    with pytest.raises(ValueError, match=f'{file}: {key} {match}'):
        load_clip(tiny_clip_json, str(tmp_path / file))


@pytest.mark.filterwarnings('ignore:Sparse invariant checks')
def test_weights_that_hold_no_values(model, tiny_clip_json, tmp_path):
    for change in (torch.Tensor.to_sparse, lambda x: x.to('meta')):
        state = dict(model.state_dict())
        state['visual.proj'] = change(state['visual.proj'])
        torch.save(state, tmp_path / 'a.pt')
        with pytest.raises(ValueError, match='a.pt: visual.proj is torch.fl'):
            load_clip(tiny_clip_json, str(tmp_path / 'a.pt'))


@pytest.mark.parametrize('name', ['a.bin', 'a.pt', 'a.SAFETENSORS'])
@pytest.mark.parametrize('quick_gelu', ['true', 'false'])
def test_safetensors_by_another_name(model, tiny_clip_json, tmp_path, name, quick_gelu):
    path = tmp_path / name
    safetensors.torch.save_file(model.state_dict(), path, dict(quick_gelu=quick_gelu))
    if quick_gelu == 'false':
        state = load_clip(tiny_clip_json, str(path)).model.state_dict()
        for key, value in model.state_dict().items():
            assert torch.equal(state[key], value)
    else:
        with pytest.raises(ValueError, match=f'{name} was trained with QuickGELU'):
            load_clip(tiny_clip_json, str(path))
