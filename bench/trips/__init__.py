"""The trips that are measured, one file each: seed, requests, check."""

from __future__ import annotations

from bench.trips import (
    authorization_code,
    authorize,
    client_credentials,
    login_password,
    management,
    refresh,
    userinfo,
    well_known,
)
from bench.trips.trip import Trip

TRIPS: dict[str, Trip] = {
    trip.name: trip
    for trip in (
        client_credentials.RS256,
        client_credentials.HS256,
        authorization_code.TRIP,
        refresh.WITH_OPENID,
        refresh.WITHOUT_OPENID,
        userinfo.OPAQUE,
        userinfo.JWT,
        userinfo.JWT_AGAIN,
        authorize.TRIP,
        login_password.TRIP,
        management.GET_CLIENT,
        management.LIST_CLIENTS,
        management.PATCH_CLIENT,
        well_known.KEYS,
        well_known.METADATA,
    )
}
