"""The Authentication API: one module per endpoint, each a thin translation to ``oauth``."""
