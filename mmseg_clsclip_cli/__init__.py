"""What is on a command line, read before anything heavy is imported.

To import ``mmseg_clsclip``, or a module of it, registers all its classes, for
which torch and mmseg are imported, and that takes seconds. A command that shows
its help or refuses an argument needs none of it. So arguments are read here, and
files that they name are looked for, by the standard library and Pillow alone; the
package imports from here and not the other way round. Here stands, too, which
warnings of others a command keeps to itself.
"""
