// Owns the precompiled header of the boxes: Box.cmake.
