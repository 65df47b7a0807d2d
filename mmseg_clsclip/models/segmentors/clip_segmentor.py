"""PromptedSegmentor: what all segmentors on CLIP have in common."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList, add_prefix
from torch import Tensor, nn

from ..clip.loading import load_clip
from ..inference.class_batches import Chunks
from ..inference.running_argmax import NEVER, RunningArgmax
from ..inference.sliding_windows import WHOLE, sliding_windows
from ..inference.test_cfg import PromptedCfg, check_test_cfg
from .text_prompted import NamedSegmentor, build


class PromptedSegmentor(NamedSegmentor):
    """A segmentor on CLIP that answers a class name with a mask.

    1. ``loss``: every sample asks for the one class in its metainfo, see
       :class:`mmseg_clsclip.MakeEpisode`::

        loss(): extract_feat() -> decode_head.loss()

    2. ``predict``: whole or sliding-window inference, as mmseg has them::

        predict(): inference() -> whole_inference/slide_inference()
        whole_inference()/slide_inference(): encode_decode()
        encode_decode(): encode() once, then answer() for each chunk of classes

    Subclasses say what is done once a picture (:meth:`encode`), what is done
    for a class (:meth:`answer`), and, if they are trained, what the head's
    loss is of (:meth:`extract_feat`).

    A picture whose metainfo has ``class_name`` is an episode: it is asked for
    that class alone and the answer is 0 or 1. Other pictures are asked for
    the whole vocabulary. With a background its logit is the constant 0 at
    index 0, and a class's that of its foreground, so that a class must be
    likelier than not to beat the background.

    Args:
        backbone (dict): :class:`ClsCLIPVisionTransformer` or a relative;
            its ``architecture`` and ``pretrained`` are those of both towers.
        text_encoder (dict): :class:`OpenCLIPTextEncoder`.
        decode_head (dict): A head of the subclass's kind.
        with_background (bool): Whether index 0 is the background. False for
            data sets in which every pixel has a class.
        data_preprocessor (dict, optional): mmseg's ``SegDataPreProcessor``.
        train_cfg (dict, optional): Unused; there for mmseg's tools.
        test_cfg (dict, optional): mmseg's ``mode``, ``crop_size`` and
            ``stride``, and

            - ``class_batch_size``: how many classes go through the tower at
              once. Defaults to what suits the device, see
              :class:`~mmseg_clsclip.models.inference.class_batches.Chunks`.
              If memory runs out there are fewer.
            - ``labels_only``: for a whole vocabulary give ``pred_sem_seg``
              without ``seg_logits``, so that memory does not grow with it.
              mmseg's ``SegTTAModel`` and :class:`ZoomIn` need the logits.
            - ``dtype``: of autocast, ``'bfloat16'`` or ``'float16'``, or
              ``'float32'`` for none whatever surrounds.
            - ``keep_classes``: ask only for so many classes of the
              vocabulary, the most like the picture, or the window, by CLIP
              itself. It changes results.
            - ``compile``: True lets ``torch.compile`` loose on what runs for
              each class, a dict has its options, too.
        pretrained (None): Unused; there for mmseg's tools.
        init_cfg (dict, optional): As mmengine has it.

    Raises:
        ValueError: If the head's widths are not CLIP's, or ``test_cfg`` says
            what cannot be done; see also :func:`mmseg_clsclip.load_clip`.
    """

    def __init__(
        self,
        backbone: dict,
        text_encoder: dict,
        decode_head: dict,
        with_background: bool = True,
        data_preprocessor: dict | nn.Module | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        pretrained: None = None,
        init_cfg: dict | Sequence[dict] | None = None,
    ):
        test_cfg = ConfigDict({'mode': 'whole', **(test_cfg or {})})
        check_test_cfg(type(self).__name__, test_cfg, PromptedCfg)
        towers = {
            key: backbone[key]
            for key in ('architecture', 'pretrained')
            if key in backbone
        }
        clip = load_clip(**towers)
        super().__init__(
            backbone=dict(backbone, clip=clip),
            decode_head=decode_head,
            data_preprocessor=build(data_preprocessor),
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            init_cfg=init_cfg,
        )
        for key, width in (
            ('in_channels', self.backbone.out_channels),
            ('text_channels', self.backbone.text_dim),
        ):
            if decode_head.get(key, width) != width:
                raise ValueError(
                    f'decode_head: {key}={decode_head[key]}, and the CLIP '
                    f'{clip.name} has {width}: write that.'
                )
        self.text_encoder = MODELS.build(dict(text_encoder, clip=clip))
        self.with_background = with_background
        self.has_random_weights = clip.random
        self.chunks = Chunks()
        self._run_answer = type(self).answer
        if self.test_cfg.get('compile'):
            # Sizes and numbers of classes change from picture to picture.
            options = self.test_cfg.compile
            options = options if isinstance(options, dict) else {}
            # Not the bound method: a copy of the model would call this one's.
            self._run_answer = torch.compile(
                type(self).answer, **{'dynamic': True, **options}
            )
        # The CLIP that a checkpoint belongs to, as ASCII: a tensor, so that
        # it travels wherever weights do.
        self.register_buffer(
            'clip_name',
            torch.tensor(list(clip.name.encode('ascii')), dtype=torch.uint8),
        )

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """Refuse a checkpoint that was trained on another CLIP, or on none.

        Raises:
            ValueError: If the checkpoint names another CLIP, or does not fit.
        """
        key = prefix + 'clip_name'
        ours = bytes(self.clip_name.tolist()).decode('ascii')
        if key in state_dict:
            theirs = bytes(state_dict[key].tolist()).decode('ascii')
            if theirs != ours:
                raise ValueError(
                    f'The checkpoint was trained on the CLIP {theirs}, the '
                    f'config builds {ours}. Set architecture and pretrained '
                    'of the backbone to the former (the part after @ is a '
                    'fingerprint of the weights).'
                )
        elif self.loads_a_part or len(self.state_dict()) == 1:
            # Where there is nothing to train an empty checkpoint does.
            state_dict[key] = self.clip_name
        super()._load_from_state_dict(state_dict, prefix, *args)

    def extract_feat(self, inputs: Tensor, text: Tensor) -> list[Tensor]:
        """What the head's loss is of, if the model is trained.

        Args:
            inputs (Tensor): (N, 3, H, W).
            text (Tensor): Text tokens (N, K, D).
        """
        raise NotImplementedError

    def encode(self, inputs: Tensor) -> Any:
        """What all classes share of a batch of pictures (N, 3, H, W).

        Returns:
            Any: Whatever :meth:`answer` and :meth:`similarity` read.
        """
        raise NotImplementedError

    def answer(self, shared: Any, text: Tensor, grid: tuple[int, int]) -> Tensor:
        """Foreground logits of some classes.

        Args:
            shared: What :meth:`encode` gave.
            text (Tensor): Text tokens (N, K, D).
            grid (tuple[int]): Rows h and columns w of patches.

        Returns:
            Tensor: (N, K, s * h, s * w), s whatever the model likes.
        """
        raise NotImplementedError

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Losses of a batch, every sample asked for its own class.

        Args:
            inputs (Tensor): (N, 3, H, W).
            data_samples (list[SegDataSample]): With ``class_name`` and a mask
                of 0, 1 and the ignored 255.

        Returns:
            dict[str, Tensor]: As mmseg's heads give them.

        Raises:
            ValueError: If a sample does not say which class it asks for.
        """
        names = self._episode_names([s.metainfo for s in data_samples])
        if names is None:
            raise ValueError(
                'A training sample has no class_name. Wrap the data set in '
                'EpisodeDataset, end its pipeline with MakeEpisode and '
                "PackSegInputs, and list 'class_name' in the latter's "
                'meta_keys.'
            )
        text = self.text_encoder(names, inputs.device)[:, None]
        feats = self.extract_feat(inputs, text)
        samples = self._on_whole_patches(data_samples, inputs.shape[2:])
        return add_prefix(
            self.decode_head.loss(feats, samples, self.train_cfg), 'decode'
        )

    def _on_whole_patches(
        self, data_samples: SampleList, size: tuple[int, int]
    ) -> SampleList:
        """Samples with masks as large as what the backbone pads to.

        The added pixels are ignored, so that the loss compares a logit with
        the pixel that it is the logit of, see :meth:`_answer`.

        Args:
            data_samples (list[SegDataSample]): With masks (1, H, W).
            size (tuple[int]): H and W.
        """
        below, right = (
            padded - side
            for padded, side in zip(self.backbone.padded_size(*size), size)
        )
        if not (below or right):
            return data_samples
        return [
            SegDataSample(
                metainfo=sample.metainfo,
                gt_sem_seg=PixelData(
                    data=F.pad(
                        sample.gt_sem_seg.data,
                        (0, right, 0, below),
                        value=self.decode_head.ignore_index,
                    )
                ),
            )
            for sample in data_samples
        ]

    def similarity(self, shared: Any, text: Tensor) -> Tensor:
        """How much of each class is in each picture, for ``keep_classes``.

        Args:
            shared: What :meth:`encode` gave.
            text (Tensor): Text tokens (N, K, D).

        Returns:
            Tensor: (N, K), any scale.

        Raises:
            NotImplementedError: Unless a subclass has an answer.
        """
        raise NotImplementedError(
            f'{type(self).__name__} cannot tell which classes are likely: '
            'take keep_classes out of its test_cfg.'
        )

    def _answers(
        self, inputs: Tensor, metas: list[dict] | None, windows: list[tuple]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Foreground logits, a chunk of classes after the other.

        Yields:
            tuple: Indices (N, k) of the classes in the vocabulary, and their
            logits (N, k, H, W), the mean over the windows.
        """
        names = self._episode_names(metas)
        if names is None:
            text = self.text_encoder(device=inputs.device)
            text = text.expand(len(inputs), -1, -1)
        else:
            text = self.text_encoder(names, inputs.device)[:, None]
        views = [inputs[(..., *window)] for window in windows]
        with self._precision(inputs):
            shared = [self.encode(view) for view in views]
            which = torch.arange(text.shape[1], device=inputs.device)
            which = which.expand(len(inputs), -1)
            keep = self.test_cfg.get('keep_classes')
            if names is None and keep and keep < text.shape[1]:
                likely = torch.stack(
                    [self.similarity(one, text) for one in shared]
                ).amax(0)
                which = likely.topk(keep).indices.sort().values
                text = text.gather(1, which[..., None].expand(-1, -1, text.shape[-1]))

        def ask(part: Tensor) -> Tensor:
            total = count = None
            for view, one, at in zip(views, shared, windows):
                logits = self._answer(one, part, view.shape[2:])
                if len(views) == 1:
                    return logits
                if total is None:
                    size = inputs.shape[2:]
                    total = logits.new_zeros(*logits.shape[:2], *size)
                    count = logits.new_zeros(size)
                total[(..., *at)] += logits
                count[at] += 1
            return total / count

        grid = self.backbone.grid_size(*views[0].shape[2:])
        tokens = len(inputs) * prod(grid)
        for chunk, logits in self.chunks(
            ask, text, self.test_cfg.get('class_batch_size'), tokens
        ):
            yield which[:, chunk], logits

    def _answer(self, shared: Any, text: Tensor, size: tuple[int, int]) -> Tensor:
        """Logits (N, k, H, W) of a view of this height and width."""
        height, width = size
        grid = self.backbone.grid_size(height, width)
        with self._precision(text):
            seg_logits = self._run_answer(self, shared, text, grid)
        # The backbone padded to whole patches at the right and the bottom.
        return resize(
            seg_logits.float(),
            size=self.backbone.padded_size(height, width),
            mode='bilinear',
            align_corners=self.align_corners,
        )[..., :height, :width]

    def _precision(self, like: Tensor) -> AbstractContextManager:
        """The test_cfg's dtype; otherwise what surrounds stands."""
        dtype = self.test_cfg.get('dtype')
        if dtype is None:
            return nullcontext()
        return torch.autocast(
            like.device.type, getattr(torch, dtype), dtype != 'float32'
        )

    def _all_logits(
        self, inputs: Tensor, metas: list[dict] | None, windows: list[tuple]
    ) -> Tensor:
        """Logits (N, K [+1], H, W) of the whole vocabulary, or of episodes."""
        episodes = self._episode_names(metas) is not None
        channels = self.with_background + (
            1 if episodes else len(self.text_encoder.names)
        )
        logits = None
        for which, part in self._answers(inputs, metas, windows):
            if logits is None:
                # Room for all: to join chunks later would take it twice.
                n, _, *size = part.shape
                logits = part.new_full((n, channels, *size), NEVER)
                if self.with_background:
                    logits[:, 0] = 0
            for i, (classes, own) in enumerate(zip(which, part)):
                logits[i].index_copy_(0, classes + self.with_background, own)
        return logits

    def encode_decode(
        self, inputs: Tensor, batch_img_metas: list[dict] | None
    ) -> Tensor:
        """Logits of pictures at their own size.

        Args:
            inputs (Tensor): (N, 3, H, W).
            batch_img_metas (list[dict]): ``class_name`` makes an episode.

        Returns:
            Tensor: (N, K [+1], H, W), K the size of the vocabulary, or 1.
        """
        return self._all_logits(inputs, batch_img_metas, [WHOLE])

    def slide_inference(self, inputs: Tensor, batch_img_metas: list[dict]) -> Tensor:
        """The same from overlapping windows, each encoded once."""
        return self._all_logits(inputs, batch_img_metas, self._windows(inputs))

    def _windows(self, inputs: Tensor) -> list[tuple]:
        if self.test_cfg.mode != 'slide':
            return [WHOLE]
        return sliding_windows(
            inputs.shape[2:], self.test_cfg.crop_size, self.test_cfg.stride
        )

    def predict(
        self, inputs: Tensor, data_samples: SampleList | None = None
    ) -> SampleList:
        """As mmseg has it; with ``labels_only`` there are no ``seg_logits``.

        Args:
            inputs (Tensor): (N, 3, H, W).
            data_samples (list[SegDataSample], optional): Of the pictures.

        Returns:
            list[SegDataSample]: With ``pred_sem_seg`` (1, H, W).
        """
        samples = data_samples or [
            SegDataSample(metainfo=dict(ori_shape=tuple(inputs.shape[2:])))
            for _ in inputs
        ]
        metas = [sample.metainfo for sample in samples]
        # mmseg has a threshold for a channel that is alone.
        alone = self.with_background + len(self.text_encoder.names) == 1
        if not self.test_cfg.get('labels_only') or alone or self._episode_names(metas):
            return super().predict(inputs, data_samples)
        found = [RunningArgmax(self.with_background) for _ in samples]
        for which, logits in self._answers(inputs, metas, self._windows(inputs)):
            # mmseg takes a lone channel for a probability; so never one.
            parts = self.postprocess_result(
                F.pad(logits, (0, 0, 0, 0, 1, 0)),
                [SegDataSample(metainfo=meta) for meta in metas],
            )
            for argmax, part, classes in zip(found, parts, which):
                argmax.add(part.seg_logits.data[1:], classes)
        for sample, argmax in zip(samples, found):
            sample.pred_sem_seg = PixelData(data=argmax.labels)
        return samples
