import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
VERSION = re.search(
    r"__version__ = '(.+)'", (ROOT / 'mmseg_clsclip/version.py').read_text()
)[1]
# What tools/dataset_converters/ read COCO's and SBD's files by.
PREPARE = ['pycocotools', 'scipy']
TEST = ['pytest', 'pytest-xdist', *PREPARE]


class BuildWithMim(build_py):
    """Puts configs and tools where OpenMMLab's wheels have them."""

    def run(self):
        super().run()
        if self.editable_mode:  # they are found in the checkout
            return
        folder = Path(self.build_lib, 'mmseg_clsclip', '.mim')
        shutil.rmtree(folder, ignore_errors=True)
        for name in ('configs', 'tools'):
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns('__pycache__')
            )
        # The assets are in another place, as seen from a config.
        for path in (folder / 'configs').rglob('*.py'):
            text = path.read_text(encoding='utf-8')
            path.write_text(
                text.replace('../../mmseg_clsclip/assets', '../../../assets'),
                encoding='utf-8',
            )
        shutil.copy(ROOT / 'model-index.yml', folder)


setup(
    name='mmseg_clsclip',
    version=VERSION,
    description='ClsCLIP for MMSegmentation: zero-shot semantic segmentation '
    "navigated by the text's [CLS] token",
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    classifiers=[
        'Intended Audience :: Science/Research',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
    packages=find_packages(include=['mmseg_clsclip*']),
    package_data={'mmseg_clsclip': ['assets/*', 'comparison/*.jinja', 'py.typed']},
    cmdclass=dict(build_py=BuildWithMim),
    entry_points=dict(console_scripts=['clsclip = mmseg_clsclip_cli.command:main']),
    python_requires='>=3.10',
    # No OpenMMLab package: two families share the import names mmcv, mmengine
    # and mmseg, and which one is there is the user's choice, an extra below.
    install_requires=[
        # Older ones unpickle whatever a checkpoint holds.
        'torch>=2.6',
        'torchvision',
        'numpy',
        'matplotlib',
        'opencv-python',
        'rich',
        'open_clip_torch>=3.0,<4',
        'huggingface_hub',
        'ftfy',
        'regex',
        'pillow',
        'jinja2',
        'prettytable>=3.12',
        'safetensors',
        'psutil; sys_platform == "win32"',
    ],
    extras_require={
        'official': [
            'mmcv>=2.0.0rc4,<2.2.0',
            'mmengine>=0.7.1,<1.0.0',
            'mmsegmentation==1.2.*',
            'setuptools<82',
        ],
        'lite': [
            'mmcv-lite>=2.0.0rc4,<2.2.0',
            'mmengine>=0.7.1,<1.0.0',
            'mmsegmentation==1.2.*',
            'setuptools<82',
        ],
        'onedl': [
            'onedl-mmcv>=2.3.6',
            'onedl-mmengine>=0.10.12',
            'onedl-mmsegmentation>=1.4.2',
        ],
        'prepare': PREPARE,
        # CLIPSeg and others beside ClsCLIP; SAM 3 needs 5.0.
        'transformers': ['transformers>=4.57.6'],
        # What tools/web_demo.py shows a page with.
        'web': ['gradio>=6.31,<7'],
        # What tools/export.py writes ONNX by, and what runs it.
        'export': ['onnx', 'onnxscript>=0.7.2', 'onnxruntime>=1.17'],
        # What make docs makes the site by.
        'docs': ['sphinx>=9', 'myst-parser>=5', 'furo'],
        'test': TEST,
        'dev': TEST + ['ruff'],
    },
)
