"""Many classes and large pictures, a part after the other."""
