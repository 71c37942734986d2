"""Operations 运行: health, metrics, the public key set, the problem types and the published contract."""
