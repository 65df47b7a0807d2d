# Cityscapes' names as SCLIP, NACLIP and ClearCLIP write them.
prompts = {name: name.replace(' ', '') for name in ('traffic light', 'traffic sign')}
