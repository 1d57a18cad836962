"""Secrets at rest are bound to their key and their place (D1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.backends.storage.sealing import WrongMasterKey, derive, seal, unseal

KEY, OTHER = b"k" * 32, b"o" * 32


@given(st.binary(max_size=100), st.text(st.characters(codec="utf-8"), max_size=30))
def test_d1_what_is_sealed_opens_with_its_key_at_its_place(plain: bytes, place: str) -> None:
    sealed = seal(KEY, plain, place)
    assert unseal(KEY, sealed, place) == plain
    assert plain not in sealed or len(plain) < 4
    assert sealed != seal(KEY, plain, place)
    for key, where in ((OTHER, place), (KEY, place + "x")):
        with pytest.raises(WrongMasterKey):
            unseal(key, sealed, where)


@given(st.integers(0, 200))
def test_d1_a_changed_or_cut_value_does_not_open(position: int) -> None:
    sealed = bytearray(seal(KEY, b"a secret of a tenant", "tenant|table|row"))
    position %= len(sealed)
    changed = bytes([*sealed[:position], sealed[position] ^ 1, *sealed[position + 1 :]])
    for broken in (changed, bytes(sealed[:position])):
        with pytest.raises(WrongMasterKey):
            unseal(KEY, broken, "tenant|table|row")


def test_d1_a_derived_key_is_of_one_purpose() -> None:
    assert len({derive(KEY, "a"), derive(KEY, "b"), derive(OTHER, "a"), KEY}) == 4
