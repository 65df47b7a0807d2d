# Tested as HSNet tests: its list (data/splits of its code, laid in data/hsnet), a
# thousand episodes of its drawing, masks scored at 400 x 400. LSeg, the same but
# for --cfg-options test_dataloader.dataset.episodes=lseg test_evaluator.score_side=480.
_base_ = './clsclip_vit-b16_coco-20i-480x480_fold0.py'
test_dataloader = dict(
    dataset=dict(
        episodes='hsnet', list_file='data/hsnet/splits/coco/val/fold{fold}.pkl'
    )
)
test_evaluator = dict(score_side=400)
