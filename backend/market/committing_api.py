"""A resident's commitments for benefits, over HTTP."""

from typing import Annotated, Any

from litestar import delete, put
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_204_NO_CONTENT

from backend.market import service
from backend.market.messages import BENEFIT_ID, MakeCommitment
from backend.market.problems import NO_COMMITMENT
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission

BenefitInPath = Annotated[str, Parameter(description="权益编号 benefit id", pattern=BENEFIT_ID, max_length=64)]


@put(
    "/v1/me/benefits/{benefit_id:str}/commitment",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SELF_COMMIT,
        "作出承诺 Commit",
        "为一项权益作出承诺，即可享受以承诺开启的档次，不看分数；承诺只约束本项，不承诺不受任何影响，可随时撤回。"
        "Makes the commitment that opens a tier of one benefit, whatever the score; it binds for that benefit alone, is taken back at any time, "
        "and declining costs nothing. Two database round trips.",
        raises=(NOT_FOUND, NO_COMMITMENT, STATE_CONFLICT),
        example={"version": 1},
    ),
)
async def commit(
    platform: ThePlatform, caller: TheCaller, benefit_id: FromPath[BenefitInPath], data: JSONBody[MakeCommitment]
) -> None:
    await service.commit(platform, caller, benefit_id, data.version)


@delete(
    "/v1/me/benefits/{benefit_id:str}/commitment",
    **operation(
        Permission.SELF_COMMIT,
        "撤回承诺 Take a commitment back",
        "撤回后，以承诺开启的档次关闭，其他一切照旧。What it opened closes, and everything else stays as it is. One database round trip.",
        raises=(NOT_FOUND,),
    ),
)
async def uncommit(platform: ThePlatform, caller: TheCaller, benefit_id: FromPath[BenefitInPath]) -> None:
    await service.uncommit(platform, caller, benefit_id)


HANDLERS: tuple[Any, ...] = (commit, uncommit)
