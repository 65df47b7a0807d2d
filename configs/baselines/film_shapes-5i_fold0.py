_base_ = [
    '../_base_/models/film_shapes-clip.py',
    '../_base_/datasets/shapes-5i.py',
    '../_base_/schedules/schedule_shapes.py',
]
