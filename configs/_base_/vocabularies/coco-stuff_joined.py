# COCO-Stuff's names as SCLIP, NACLIP and ClearCLIP write them.
prompts = {
    name: name.replace(' ', '')
    for name in (
        'traffic light, fire hydrant, stop sign, parking meter, sports ball, '
        'baseball bat, baseball glove, tennis racket, wine glass, hot dog, '
        'potted plant, dining table, cell phone, teddy bear, hair drier'
    ).split(', ')
}
