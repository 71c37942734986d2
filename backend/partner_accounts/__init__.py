"""Partners 合作商户: who honours benefits, in which stores, with which clerks and keys, and in which state."""
