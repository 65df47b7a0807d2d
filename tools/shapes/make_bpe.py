"""Write the byte-pair merges of the small CLIP's tokenizer.

open_clip's own tokenizer reads them; every word of the captions becomes one
token, any other word a few, so that nothing a user types is refused.
"""

import argparse
import gzip
from collections import Counter
from pathlib import Path

WORDS = (
    'a and of photo picture red green blue yellow circle square triangle ring cross'
).split()


def learn_merges(words) -> list:
    """Merge the commonest pair until every word is one piece."""
    pieces = [[*word[:-1], word[-1] + '</w>'] for word in words]
    merges = []
    while any(len(word) > 1 for word in pieces):
        pairs = Counter(pair for word in pieces for pair in zip(word, word[1:]))
        first, second = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append((first, second))
        for word in pieces:
            i = 0
            while i + 1 < len(word):
                if (word[i], word[i + 1]) == (first, second):
                    word[i : i + 2] = [first + second]
                i += 1
    return merges


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', type=Path)
    args = parser.parse_args()
    merges = learn_merges(WORDS)
    lines = ['#version: shapes'] + [' '.join(pair) for pair in merges]
    # No final newline: open_clip would take the empty line for a merge.
    args.out.write_bytes(gzip.compress('\n'.join(lines).encode(), mtime=0))
    # open_clip's vocabulary: 2 x 256 bytes, the merges, start and end.
    print(f'{len(merges)} merges, vocab_size {2 * 256 + len(merges) + 2}')


if __name__ == '__main__':
    main()
