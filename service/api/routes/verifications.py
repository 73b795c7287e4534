"""Whether a run comes out again, to the last bit."""

from __future__ import annotations

from fastapi import APIRouter, Response

from service.api.context import Asking, Here
from service.api.parameters import RunId, VerificationId
from service.api.problems import documented
from service.api.schemas.verification import Verification
from service.lifecycle.verify import verify_run
from service.store.verification_queries import find_verification

router = APIRouter(tags=["runs"])

LOCATION = {"Location": {"description": "Of the verification.", "schema": {"type": "string"}}}


@router.post(
    "/runs/{run_id}:verify",
    status_code=202,
    summary="Train a run again and compare",
    responses={202: {"headers": LOCATION}, **documented(404, 409)},
)
def verify(here: Here, caller: Asking, run_id: RunId, response: Response) -> Verification:
    """Queue the run to be trained again from its beginning, alone, and its weights and losses to be compared.

    A worker of the run's environment class does it; one of another class only if none of that class is alive,
    and then says so. A run that completed or diverged can be verified, as often as one likes.
    """
    public_id = here.database.run(lambda session: verify_run(session, caller.owner_id, run_id))
    here.ring(1)
    response.headers["Location"] = f"/api/v1/verifications/{public_id}"
    with here.database.read() as session:
        return Verification.of(find_verification(session, caller.owner_id, public_id))


@router.get("/verifications/{verification_id}", summary="Get a verification", responses=documented(404))
def get_verification(here: Here, caller: Asking, verification_id: VerificationId) -> Verification:
    """Return how a verification stands, and once it has ended what it found."""
    with here.database.read() as session:
        return Verification.of(find_verification(session, caller.owner_id, verification_id))
