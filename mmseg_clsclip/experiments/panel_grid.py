"""A grid of pictures with words, every pixel of them kept: small as a PNG."""

from PIL import Image, ImageDraw

from ..visualization.fonts import load_font

SIDE = 256  # of a panel, in pixels
TEXT, GAP = 19, 8


def compose(
    rows: list[str], columns: dict[str, list[tuple[Image.Image, str]]]
) -> Image.Image:
    """Put panels into a grid.

    Args:
        rows (list[str]): Words beside the rows.
        columns (dict[str, list[tuple[Image, str]]]): By the title of a column its
            panels, one a row, each with the words below it.

    Returns:
        Image: RGB.
    """
    font, line = load_font(TEXT), TEXT + GAP
    # A row without words below takes no room for them.
    heights = [
        SIDE + (line if any(column[k][1] for column in columns.values()) else GAP)
        for k in range(len(rows))
    ]
    size = line + len(columns) * (SIDE + GAP), line + sum(heights)
    canvas = Image.new('RGB', size, 'white')
    draw = ImageDraw.Draw(canvas)
    y = line
    for k, (words, height) in enumerate(zip(rows, heights)):
        label = Image.new('RGB', (SIDE, line), 'white')
        middle = SIDE / 2, line / 2
        ImageDraw.Draw(label).text(middle, words, 'black', font, anchor='mm')
        canvas.paste(label.transpose(Image.Transpose.ROTATE_90), (0, y))
        for column, (title, panels) in enumerate(columns.items()):
            x = line + column * (SIDE + GAP)
            center, (panel, below) = x + SIDE / 2, panels[k]
            if k == 0:
                draw.text((center, line / 2), title, 'black', font, anchor='mm')
            canvas.paste(panel, (x, y))
            draw.text((center, y + SIDE + line / 2), below, 'black', font, anchor='mm')
        y += height
    return canvas
