"""Text-prompted models of Hugging Face's transformers: how to load and ask.

What transformers does in one call is here done in three steps, so that texts
and pictures are encoded once, however many are asked of each other.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...utils.json_files import read_json
from ...utils.log import warn
from .hugging_face_architectures import ARCHITECTURES, write_architecture

Tensors = tuple[Tensor, ...]


class Family(NamedTuple):
    """One kind of model: how texts, pictures and pairs of them go through it.

    Attributes:
        model (str): Its class in transformers.
        encode_texts (Callable): Of the model, token ids and mask (T, L): what
            it keeps of T texts, tensors (T, ...).
        encode_images (Callable): Of the model and pictures (N, 3, h, w): what
            it keeps of them, whatever the text, tensors (N, ...).
        decode (Callable): Of the model and P of each, pair by pair:
            foreground logits (P, h', w').
    """

    model: str
    encode_texts: Callable[[nn.Module, Tensor, Tensor], Tensors]
    encode_images: Callable[[nn.Module, Tensor], Tensors]
    decode: Callable[[nn.Module, Tensors, Tensors], Tensor]


def _encode_clipseg_texts(model: nn.Module, ids: Tensor, mask: Tensor) -> Tensors:
    return (model.get_conditional_embeddings(len(ids), ids, mask),)


def _encode_clipseg_images(model: nn.Module, images: Tensor) -> Tensors:
    states = model.clip.vision_model(
        images, output_hidden_states=True, interpolate_pos_encoding=True
    ).hidden_states
    # The first state is what enters the first layer.
    return tuple(states[i + 1] for i in model.extract_layers)


def _decode_clipseg(model: nn.Module, features: Tensors, texts: Tensors) -> Tensor:
    return model.decoder(features, *texts).logits


def _encode_sam3_texts(model: nn.Module, ids: Tensor, mask: Tensor) -> Tensors:
    # In what form features are handed on differs between versions, and to
    # read again costs little beside the rest.
    return ids, mask


def _encode_sam3_images(model: nn.Module, images: Tensor) -> Tensors:
    features = model.get_vision_features(images)
    return (*features.fpn_hidden_states, *features.fpn_position_encoding)


def _decode_sam3(model: nn.Module, features: Tensors, texts: Tensors) -> Tensor:
    from transformers.models.sam3.modeling_sam3 import Sam3VisionEncoderOutput

    levels = len(features) // 2
    output = model(
        vision_embeds=Sam3VisionEncoderOutput(
            fpn_hidden_states=features[:levels], fpn_position_encoding=features[levels:]
        ),
        input_ids=texts[0],
        attention_mask=texts[1],
    )
    score = output.pred_logits.float().sigmoid()  # (P, instances)
    score = score * output.presence_logits.float().sigmoid()
    # The smaller of the two is positive where both are: on the pixels that
    # the model's post-processing keeps of the instances that it keeps.
    return torch.minimum(
        output.pred_masks.float(), score.logit(1e-6)[..., None, None]
    ).amax(1)  # (P, instances, h', w') to (P, h', w')


SAM3 = Family('Sam3Model', _encode_sam3_texts, _encode_sam3_images, _decode_sam3)
# By the model_type in config.json; the published SAM 3 is stored as a part of
# the model for videos.
FAMILIES = dict(
    clipseg=Family(
        'CLIPSegForImageSegmentation',
        _encode_clipseg_texts,
        _encode_clipseg_images,
        _decode_clipseg,
    ),
    sam3=SAM3,
    sam3_video=SAM3,
)


class LoadedModel(NamedTuple):
    """A model of transformers and what is needed to ask it.

    Attributes:
        model (nn.Module): In float32.
        family (Family): How it is asked.
        tokenizer (Callable): Its own.
        size (tuple[int, int]): Height and width of the pictures it sees.
        mean (list[float]): By which they are normalised, R, G and B from 0 to
            255.
        std (list[float]): Likewise.
    """

    model: nn.Module
    family: Family
    tokenizer: Callable
    size: tuple[int, int]
    mean: list[float]
    std: list[float]


def _read_first(folder: Path, *names: str) -> dict:
    """Read the first of these files that is there."""
    for name in names:
        if (folder / name).is_file():
            return read_json(folder / name)
    raise FileNotFoundError(
        f'{folder} has no {" and no ".join(names)}. Give a whole model, as '
        '`hf download` or `save_pretrained` leaves it: config.json, '
        '*.safetensors, and the files of its tokenizer and preprocessor.'
    )


def load_folder(folder: str, random_weights: bool = False) -> LoadedModel:
    """Load a model of transformers; nothing is downloaded, no code is run.

    Args:
        folder (str): With config.json, safetensors, tokenizer, preprocessor.
        random_weights (bool): Draw the weights instead of reading them. Then no
            folder is needed where its name ends with one of ``ARCHITECTURES``.

    Raises:
        ImportError: If transformers is absent, or too old for the model.
        FileNotFoundError: If the folder or a file in it does not exist.
        ValueError: If the model is of an unknown kind, or weights are lacking.
    """
    try:
        import transformers
    except ImportError as error:
        raise ImportError(
            'HuggingFaceSegmentor needs transformers: pip '
            "install 'mmseg_clsclip[transformers]'"
        ) from error
    path = Path(os.path.expanduser(folder))
    if random_weights and not path.exists() and path.name in ARCHITECTURES:
        with tempfile.TemporaryDirectory() as made:
            written = write_architecture(path.name, Path(made))
            return _load(transformers, Path(written), folder, random_weights)
    if not path.is_dir():
        raise FileNotFoundError(
            f'folder={folder!r} is no folder here, and a name of the hub is '
            'not downloaded. Fetch the model once, where there is a network, '
            "and give its folder: hf download NAME --exclude '*.bin' "
            '--local-dir FOLDER, with a NAME such as '
            'CIDAS/clipseg-rd64-refined or facebook/sam3.'
        )
    return _load(transformers, path, folder, random_weights)


def _load(
    transformers: ModuleType, path: Path, folder: str, random_weights: bool
) -> LoadedModel:
    """Load what lies in a folder, which errors call by the name that was given."""
    kind = _read_first(path, 'config.json').get('model_type')
    if kind not in FAMILIES:
        raise ValueError(
            f'{folder} has a model of the type {kind!r}; known are '
            f'{", ".join(FAMILIES)}. Another one needs a Family in '
            f'{Path(__file__).name}.'
        )
    family = FAMILIES[kind]
    if not hasattr(transformers, family.model):
        raise ImportError(
            f'transformers {transformers.__version__} has no '
            f'{family.model}: pip install -U transformers'
        )
    model_class = getattr(transformers, family.model)
    preprocessor = _read_preprocessor(path)
    _read_first(path, 'tokenizer_config.json')
    tokenizer = transformers.AutoTokenizer.from_pretrained(
        path, local_files_only=True, trust_remote_code=False
    )
    if random_weights:
        warn(
            f'The {model_class.__name__} of {folder} has random weights: it '
            'runs, but its predictions and every score of them mean nothing.'
        )
    build = _draw_weights if random_weights else _read_weights
    return LoadedModel(build(model_class, path), family, tokenizer, **preprocessor)


def _read_preprocessor(folder: Path) -> dict:
    """Read size, mean and deviation of the pictures that the model sees."""
    config = _read_first(folder, 'preprocessor_config.json', 'processor_config.json')
    config = config.get('image_processor', config)
    try:
        size = config['size']
        if isinstance(size, int):
            size = dict(height=size, width=size)
        return dict(
            size=(size['height'], size['width']),
            mean=[255 * value for value in config['image_mean']],
            std=[255 * value for value in config['image_std']],
        )
    except KeyError as error:
        raise ValueError(
            f'The preprocessor of {folder} does not say its {error}. It needs '
            'a size with height and width, image_mean and image_std.'
        ) from error


def _draw_weights(model_class: type, folder: Path) -> nn.Module:
    """Return the model with random weights."""
    config = model_class.config_class.from_pretrained(folder, local_files_only=True)
    # As in load_clip: always the same, and no one else's draw changes.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return model_class(config)


def _read_weights(model_class: type, folder: Path) -> nn.Module:
    """Return the model with the weights in the folder."""
    if not any(folder.glob('*.safetensors')):
        raise FileNotFoundError(
            f'{folder} has no weights in *.safetensors. Other formats are not '
            'read: a pickle can run code. The hub often has them in another '
            'revision: hf download NAME --revision refs/pr/1 --exclude '
            f"'*.bin' --local-dir FOLDER. Or convert them: transformers."
            f"{model_class.__name__}.from_pretrained('OLD')"
            ".save_pretrained('NEW')."
        )
    model, info = model_class.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, output_loading_info=True
    )
    missing = sorted(info['missing_keys'])
    if missing:  # transformers draws them at random
        raise ValueError(
            f'The weights in {folder} lack {len(missing)} tensors of a '
            f'{model_class.__name__}, such as {missing[0]}. Take the '
            'config.json that belongs to them.'
        )
    # Some are stored in half precision; pictures come in float32.
    return model.float()
