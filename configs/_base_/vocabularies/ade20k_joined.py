# ADE20K's names as SCLIP, NACLIP and ClearCLIP write them.
prompts = {
    name: name.replace(' ', '')
    for name in (
        'chest of drawers, pool table, screen door, coffee table, kitchen island, '
        'swivel chair, arcade machine, television receiver, dirt track, '
        'conveyer belt, swimming pool, trade name, traffic light, crt screen, '
        'bulletin board'
    ).split(', ')
}
