"""The sandbox 沙箱: partners try everything out with test keys, on personas who are nobody."""
