# COCO-Stuff's names as MaskCLIP writes them: 'brick wall' for 'wall-brick'.
prompts = {
    f'{thing}-{kind}': thing if kind in ('other', 'stuff') else f'{kind} {thing}'
    for thing, kinds in dict(
        building='other',
        ceiling='other tile',
        desk='stuff',
        door='stuff',
        floor='marble other stone tile wood',
        food='other',
        furniture='other',
        ground='other',
        mirror='stuff',
        plant='other',
        sky='other',
        solid='other',
        structural='other',
        textile='other',
        wall='brick concrete other panel stone tile wood',
        water='other',
        window='blind other',
    ).items()
    for kind in kinds.split()
}
